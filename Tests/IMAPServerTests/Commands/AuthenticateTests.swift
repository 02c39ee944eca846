// AUTHENTICATE by every mechanism, and the replies to everything that can be wrong.

import Accounts
import Foundation
import MailCrypto
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct AuthenticateTests {
    @Test("what is offered depends on the connection: TLS, its channel binding, the certificate shown")
    func capabilities() async throws {
        try await TestServer.withTLS { server, ports, tls in
            // With no app password there is none that SCRAM could succeed with.
            let early = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            #expect(early.greeting.code?.contains("AUTH=SCRAM") == false)
            _ = try await server.appPassword()
            try await server.authenticator.prepare()

            let plain = try await IMAPTestClient.connect(port: ports.startTLS)
            #expect(plain.greeting.code?.contains("LOGINDISABLED") == true)
            #expect(try await plain.capabilities().filter { $0.hasPrefix("AUTH=") }.isEmpty)
            #expect(try await plain.command("STARTTLS").isOK)
            try await plain.startTLS(tls)
            let secured = try await plain.capabilities()
            let expected: Set = ["AUTH=PLAIN", "AUTH=LOGIN", "AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-256-PLUS"]
            #expect(Set(secured.filter { $0.hasPrefix("AUTH=") }) == expected)
            #expect(!secured.contains("LOGINDISABLED"))

            let implicit = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            #expect(implicit.greeting.code?.contains("AUTH=SCRAM-SHA-256-PLUS") == true)
            #expect(implicit.greeting.code?.contains("AUTH=EXTERNAL") == false)

            // A certificate that was not asked for is not shown; once somebody has one enrolled, it is.
            let certificate = try server.certificate("alice")
            let own = try TestServer.clientTLS(certificate)
            let before = try await IMAPTestClient.connect(port: ports.implicit, tls: own)
            #expect(before.greeting.code?.contains("AUTH=EXTERNAL") == false)
            try await enrol(certificate, at: server)
            try await waitUntil("that certificates are asked for") {
                let client = try await IMAPTestClient.connect(port: ports.implicit, tls: own)
                return client.greeting.code?.contains("AUTH=EXTERNAL") == true
            }
            let without = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            #expect(without.greeting.code?.contains("AUTH=EXTERNAL") == false)
        }
    }

    private func enrol(_ certificate: CertificateFiles, at server: TestServer) async throws {
        let pem = try String(contentsOfFile: certificate.certificateChain, encoding: .utf8)
        _ = try await server.administration.addCertificateLogin("alice@example.org", pem: pem)
    }

    @Test("SCRAM-SHA-256 with an app password, spelled with its dashes or without", arguments: [true, false])
    func scram(dashes: Bool) async throws {
        try await TestServer.withTLS { server, ports, tls in
            let password = try await server.appPassword().secret
            let spelled = dashes ? password : password.filter { $0 != "-" && $0 != " " }
            let client = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            let reply = try await SCRAMClient(user: "alice@example.org", password: spelled).logIn(client)
            #expect(reply.condition == "OK")
            #expect(try await client.command("SELECT INBOX").isOK)
        }
    }

    @Test("SCRAM-SHA-256-PLUS holds client and server to one TLS connection")
    func scramPlus() async throws {
        try await TestServer.withTLS { server, ports, tls in
            let password = try await server.appPassword().secret
            var scram = SCRAMClient(user: "alice@example.org", password: password, header: "p=tls-exporter,,")
            let client = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            scram.binding = try #require(try await client.channelBinding())
            #expect(try await scram.logIn(client, mechanism: "SCRAM-SHA-256-PLUS").condition == "OK")
            // The binding of another connection is somebody in the middle.
            let other = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            #expect(try await scram.logIn(other, mechanism: "SCRAM-SHA-256-PLUS").condition != "OK")
            // RFC 5802 §6: "y" means that the client saw no -PLUS, so somebody took it out of the list.
            let stripped = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            let downgraded = SCRAMClient(user: "alice@example.org", password: password, header: "y,,")
            #expect(try await downgraded.logIn(stripped).condition != "OK")
        }
    }

    @Test("a wrong proof, a wrong name and the main password get one reply by SCRAM")
    func scramFailures() async throws {
        try await TestServer.withTLS { server, ports, tls in
            let password = try await server.appPassword().secret
            var replies: Set<String> = []
            for attempt in [
                SCRAMClient(user: "alice@example.org", password: password, isLying: true),
                SCRAMClient(user: "nobody@example.org", password: password),
                SCRAMClient(user: "alice@example.org", password: "secret"),
            ] {
                let client = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
                let reply = try await attempt.logIn(client)
                #expect(reply.condition == "NO" && reply.code == "AUTHENTICATIONFAILED")
                replies.insert(reply.text)
                #expect(try await client.command("SELECT INBOX").isBAD)
            }
            #expect(replies.count == 1)
        }
    }

    @Test("case 134: EXTERNAL is for the certificate's account alone")
    func external() async throws {
        try await TestServer.withTLS { server, ports, tls in
            let certificate = try server.certificate("alice")
            try await enrol(certificate, at: server)
            let (own, strange) = try (
                TestServer.clientTLS(certificate), TestServer.clientTLS(server.certificate("mallory"))
            )
            try await waitUntil("that certificates are asked for") {
                let client = try await IMAPTestClient.connect(port: ports.implicit, tls: own)
                guard try await client.command("AUTHENTICATE EXTERNAL =").isOK else { return false }
                return try await client.command("SELECT INBOX").isOK
            }
            let named = try await IMAPTestClient.connect(port: ports.implicit, tls: own)
            #expect(try await named.command("AUTHENTICATE EXTERNAL \(base64("alice@example.org"))").isOK)

            // In a dialogue, with an empty response.
            let dialogue = try await IMAPTestClient.connect(port: ports.implicit, tls: own)
            try await dialogue.send("E AUTHENTICATE EXTERNAL\r\n")
            #expect(try await dialogue.response().tag == "+")
            try await dialogue.send("\r\n")
            #expect(try await dialogue.reply(to: "E").isOK)

            let other = try await IMAPTestClient.connect(port: ports.implicit, tls: own)
            #expect(try await other.command("AUTHENTICATE EXTERNAL \(base64("bob@example.org"))").isNO)
            #expect(try await other.command("SELECT INBOX").isBAD)
            let stranger = try await IMAPTestClient.connect(port: ports.implicit, tls: strange)
            #expect(try await stranger.command("AUTHENTICATE EXTERNAL =").isNO)
            let nobody = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            #expect(try await nobody.command("AUTHENTICATE EXTERNAL =").isNO)
        }
    }

    @Test("case 108: nobody acts for another, also with the right password")
    func authorizationIdentity() async throws {
        try await TestServer.with { server in
            _ = try await server.temporary.account("victim@example.org")
            for victim in ["victim@example.org", "nobody@example.org", "x"] {
                let client = try await server.connect()
                let reply = try await client.plain("alice@example.org", "secret", authorizationID: victim)
                #expect(reply.isNO && reply.code == "AUTHORIZATIONFAILED")
                #expect(try await client.command("SELECT INBOX").isBAD)
            }
            let client = try await server.connect()
            #expect(try await client.plain("alice@example.org", "secret", authorizationID: "alice@example.org").isOK)
        }
    }

    @Test(
        "case 109: PLAIN that is malformed logs nobody in, and every form of it gets the same reply",
        arguments: [
            "", "alice@example.org", "\0alice@example.org", "a\0b\0c\0d", "\0alice@example.org\0sec\0ret",
            "\0\0\0\0", "\0alice@example.org\0secret\0",
        ])
    func malformedPlain(message: String) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send("P AUTHENTICATE PLAIN\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("\(base64(message))\r\n")
            let reply = try await client.reply(to: "P")
            #expect(reply.isBAD && reply.tagged.text == "That is no valid response of PLAIN.")
            #expect(try await client.command("SELECT INBOX").isBAD)
            #expect(try await client.login().isOK)
        }
    }

    @Test(
        "case 109: names and passwords that are none get the reply of a wrong password",
        arguments: [("", "secret"), ("alice@example.org", ""), ("", ""), ("alice", "secret"), ("a\u{1}b", "x")])
    func strangeCredentials(name: String, password: String) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let wrong = try await client.plain("alice@example.org", "wrong")
            let reply = try await client.plain(name, password)
            #expect(reply.isNO && reply.code == "AUTHENTICATIONFAILED")
            #expect(reply.tagged.text == wrong.tagged.text)
        }
    }

    @Test("case 109: a response of 1 MB ends the connection")
    func endlessResponse() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send("P AUTHENTICATE PLAIN\r\n")
            #expect(try await client.response().tag == "+")
            client.sendWithoutWaiting([UInt8](repeating: UInt8(ascii: "A"), count: 1 << 20))
            #expect(try await client.untilClosed().contains { $0.condition == "OK" } == false)
            #expect(try await server.login().command("NOOP").isOK)
        }
    }

    @Test("case 132: SCRAM given up, cut short or spoken to in plain text ends in BAD, and nobody is logged in")
    func scramRefusals() async throws {
        try await TestServer.with { server in
            for line in ["*", "=", "", "A1 NOOP", base64("c=biws"), "%%%"] {
                let client = try await server.connect()
                try await client.send("S AUTHENTICATE SCRAM-SHA-256 \(base64("n,,n=alice@example.org,r=abcdef"))\r\n")
                #expect(try await client.response().tag == "+")
                try await client.send("\(line)\r\n")
                #expect(try await client.reply(to: "S").isBAD, "\(line)")
                #expect(try await client.command("SELECT INBOX").isBAD)
            }
            let empty = try await server.connect()
            #expect(try await empty.command("AUTHENTICATE SCRAM-SHA-256 =").isBAD)
            #expect(try await empty.command("AUTHENTICATE SCRAM-SHA-256-PLUS =").isNO)
            #expect(try await empty.command("AUTHENTICATE X").isNO)
        }
    }

    @Test("case 132: after SCRAM's last word only an empty response follows")
    func somethingAfterSCRAM() async throws {
        try await TestServer.with { server in
            let password = try await server.appPassword().secret
            let client = try await server.connect()
            // The client's last line is replaced: what it says instead of nothing.
            let relay = SCRAMClient(user: "alice@example.org", password: password)
            #expect(try await relay.logIn(client).condition == "OK")
            #expect(try await client.plain("alice@example.org", "secret").isBAD)
            #expect(try await client.command("LOGIN a b").isBAD)
        }
    }

    @Test("an app password that is needed is asked for in words, and only when the main password was right")
    func appPasswordNeeded() async throws {
        try await TestServer.with { server in
            let password = try await server.appPassword().secret
            try await server.administration.setPolicy(.never, for: "alice@example.org")
            let client = try await server.connect()
            let reply = try await client.login()
            #expect(reply.isNO && reply.code == "AUTHENTICATIONFAILED")
            let alert = reply.untagged.first { $0.code == "ALERT" }
            #expect(alert?.condition == "NO")
            #expect(alert?.text == reply.tagged.text)
            #expect(reply.tagged.text.contains("app password"))
            let wrong = try await client.login("alice@example.org", "wrong")
            #expect(wrong.isNO && wrong.untagged.isEmpty && !wrong.tagged.text.contains("app password"))
            #expect(try await client.login("alice@example.org", password).isOK)
        }
    }

    @Test("case 130: failures of every mechanism count; after the third comes BYE")
    func threeFailures() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            #expect(try await client.login("alice@example.org", "wrong").isNO)
            #expect(try await client.plain("alice@example.org", "wrong").isNO)
            let scram = SCRAMClient(user: "alice@example.org", password: "wrong")
            #expect(try await scram.logIn(client).condition == "NO")
            #expect(try await client.untilClosed().map(\.condition) == ["BYE"])
        }
    }
}
