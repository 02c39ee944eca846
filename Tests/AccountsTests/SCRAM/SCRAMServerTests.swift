// SCRAM's server: the RFCs' examples, the rules of channel binding, and what is no message.

import MailCrypto
import Testing

@testable import Accounts

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private let serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

@Suite struct SCRAMServerTests {
    @Test("RFC 7677 §3: the example, message by message")
    func example() throws {
        var server = SCRAMServer(isPlus: false, binding: nil)
        let named = try server.clientFirst(bytes("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))
        #expect(named == .init(name: bytes("user"), authorizationID: []))
        let salt = try #require(SASLBase64.decode(bytes("W22ZaJ0SNY7soEsUEjb6gQ==")))
        let challenge = try server.challenge(salt: salt, iterations: 4_096, nonce: bytes(serverNonce))
        #expect(
            challenge
                == bytes("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))
        let evidence = try server.clientFinal(
            bytes(
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
        let keys = try SCRAMKeys.make(password: bytes("pencil"), salt: salt)
        #expect(try keys.accept(proof: evidence.proof, authMessage: evidence.authMessage))
        let signature = try keys.serverSignature(authMessage: evidence.authMessage)
        #expect(SASLBase64.encode(signature) == bytes("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))
        let others = try SCRAMKeys.make(password: bytes("Pencil"), salt: salt)
        #expect(try !others.accept(proof: evidence.proof, authMessage: evidence.authMessage))
    }

    @Test("RFC 5802 §5: the example's messages, and what of them is signed")
    func messages() throws {
        let first = try SCRAMClientFirst(bytes("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"))
        #expect(first.bare == bytes("n=user,r=fyko+d2lbbFgONRv9qkxdawL"))
        #expect(first.header == bytes("n,,"))
        let text = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
        let final = try SCRAMClientFinal(bytes(text))
        #expect(final.withoutProof == bytes("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"))
        #expect(final.binding == bytes("n,,"))
        #expect(final.proof.count == 20)
    }

    @Test("names with commas and equals signs, an authorization identity, extensions that mean nothing here")
    func names() throws {
        let first = try SCRAMClientFirst(bytes("y,a=a=2Cb,n=x=3D=2C=3Dy,r=abc,z=1"))
        #expect(first.name == bytes("x=,=y"))
        #expect(first.authorizationID == bytes("a,b"))
        #expect(first.flag == .unasked)
        #expect(first.header == bytes("y,a=a=2Cb,"))
    }

    @Test(
        "RFC 5802 §6: a binding is used with -PLUS and only there",
        arguments: [
            ("n,,", false, false, nil), ("n,,", false, true, nil), ("y,,", false, false, nil),
            ("y,,", false, true, SCRAMProblem.downgrade), ("p=tls-exporter,,", true, true, nil),
            ("p=tls-exporter,,", false, true, .channelBindingUse), ("n,,", true, true, .channelBindingUse),
            ("y,,", true, true, .channelBindingUse), ("p=tls-unique,,", true, true, .channelBindingType),
            ("p=tls-server-end-point,,", true, true, .channelBindingType),
            ("p=tls-exporter,,", true, false, .channelBindingType),
        ] as [(String, Bool, Bool, SCRAMProblem?)])
    func binding(header: String, isPlus: Bool, hasBinding: Bool, problem: SCRAMProblem?) {
        var server = SCRAMServer(isPlus: isPlus, binding: hasBinding ? [1, 2, 3] : nil)
        var found: SCRAMProblem?
        do throws(SCRAMProblem) { _ = try server.clientFirst(bytes("\(header)n=user,r=abc")) } catch { found = error }
        #expect(found == problem)
    }

    @Test("case 133: the final message must name this exchange's nonce, header and binding, and come once")
    func finals() throws {
        func server() throws -> SCRAMServer {
            var server = SCRAMServer(isPlus: true, binding: [7, 8, 9])
            _ = try server.clientFirst(bytes("p=tls-exporter,,n=user,r=abc"))
            _ = try server.challenge(salt: [1], iterations: 4_096, nonce: bytes("def"))
            return server
        }
        func channel(_ header: String, _ binding: [UInt8]) -> String {
            String(decoding: SASLBase64.encode(bytes(header) + binding), as: UTF8.self)
        }
        let good = "c=\(channel("p=tls-exporter,,", [7, 8, 9])),r=abcdef,p=AAAA"
        var first = try server()
        #expect(try first.clientFinal(bytes(good)).proof == [0, 0, 0])
        #expect(throws: SCRAMProblem.order) { try first.clientFinal(bytes(good)) }
        let wrong: [(String, SCRAMProblem)] = [
            ("c=\(channel("p=tls-exporter,,", [7, 8, 8])),r=abcdef,p=AAAA", .channelBinding),
            ("c=\(channel("p=tls-exporter,,", [])),r=abcdef,p=AAAA", .channelBinding),
            ("c=\(channel("n,,", [7, 8, 9])),r=abcdef,p=AAAA", .channelBinding),
            (good.replacing("r=abcdef", with: "r=abc"), .nonce), (good.replacing("r=abcdef", with: "r=abcdeg"), .nonce),
        ]
        for (message, problem) in wrong {
            var server = try server()
            #expect(throws: problem) { try server.clientFinal(bytes(message)) }
            #expect(throws: SCRAMProblem.order, "after an error too") { try server.clientFinal(bytes(good)) }
        }
    }

    @Test(
        "case 133: first messages that are none",
        arguments: [
            "", ",", ",,", "n,,", "n,n=user,r=abc", "n,,n=user", "n,,n=,r=abc", "n,,n=user,r=", "x,,n=user,r=abc",
            "p=,,n=user,r=abc", "p,,n=user,r=abc", "N,,n=user,r=abc", "n,,r=abc,n=user", "n,user,n=user,r=abc",
            "n,a=,n=user,r=abc", "n,,n=us=er,r=abc", "n,,n=us=2cer,r=abc", "n,,n=user=,r=abc", "n,,n=user,r=a b",
            "n,,n=user,r=abc,", "n,,n=user,r=abc,1=x", "n,,n=user,r=abc,x=", "n,,n=us\0er,r=abc",
            "n,,n=user,r=\(String(repeating: "a", count: 257))", "p=\(String(repeating: "t", count: 65)),,n=user,r=abc",
        ])
    func malformedFirst(text: String) {
        #expect(throws: SCRAMProblem.malformed) { try SCRAMClientFirst(bytes(text)) }
    }

    @Test("a mandatory extension is refused as such")
    func mandatory() {
        #expect(throws: SCRAMProblem.extension_) { try SCRAMClientFirst(bytes("n,,m=x,n=user,r=abc")) }
    }

    @Test(
        "case 133: final messages that are none",
        arguments: [
            "", "c=biws", "c=biws,r=abc", "r=abc,c=biws,p=AAAA", "c=biws,r=abc,p=AAA", "c=b!ws,r=abc,p=AAAA",
            "c=biws,r=abc,p=AAAA,", "c=biws,r=abc,p=AAAA,x=1", "c=biws,r=abc,x,p=AAAA", "c=,p=AAAA",
        ])
    func malformedFinal(text: String) {
        #expect(throws: SCRAMProblem.malformed) { try SCRAMClientFinal(bytes(text)) }
    }
}

@Suite struct SCRAMKeysTests {
    @Test("what is written is read again, and shows no key when it is described")
    func text() throws {
        let one = try SCRAMKeys.make(password: bytes("pencil"), salt: bytes("0123456789abcdef"))
        let two = try SCRAMKeys.make(password: bytes("other"), salt: bytes("0123456789abcdef"), iterations: 5_000)
        #expect(SCRAMKeys(text: one.text) == one)
        #expect(one.text.hasPrefix("SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$"))
        #expect(SCRAMKeys.list(SCRAMKeys.text(of: [one, two])) == [one, two])
        #expect("\(one)" == "SCRAMKeys(4096 iterations)")
    }

    @Test("what is no key lets nobody in")
    func garbage() throws {
        let good = try SCRAMKeys.make(password: bytes("pencil"), salt: [1]).text
        #expect(SCRAMKeys(text: good) != nil)
        let wrong = [
            "", "$$", good + "$", good + ":", String(good.dropLast()), good.replacing("SHA-256", with: "SHA-1"),
            good.replacing("4096", with: "0"), good.replacing("4096", with: "99999999"),
            good.replacing("4096", with: "x"), good.replacing("AQ==", with: ""),
        ]
        for text in wrong { #expect(SCRAMKeys(text: text) == nil, "\(text)") }
        #expect(SCRAMKeys.list(wrong.joined(separator: " ")).isEmpty)
        let keys = try #require(SCRAMKeys(text: good))
        #expect(try !keys.accept(proof: [], authMessage: []))
        #expect(try !keys.accept(proof: [UInt8](repeating: 0, count: 32), authMessage: []))
    }
}
