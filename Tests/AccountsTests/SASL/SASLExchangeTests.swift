// PLAIN and LOGIN: what is understood, and that everything else ends the exchange.

import Accounts
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct SASLExchangeTests {
    @Test func plain() {
        var exchange = SASLExchange(.plain)
        #expect(exchange.begin(initialResponse: nil) == .challenge([]))
        let expected = SASLCredentials(authorizationID: bytes("z"), name: bytes("alice"), password: bytes("pass word"))
        #expect(exchange.respond(to: bytes("z\0alice\0pass word")) == .attempt(expected))
        #expect(exchange.respond(to: bytes("\0alice\0pass word")) == .malformed, "once only")
    }

    @Test func login() {
        var exchange = SASLExchange(.login)
        #expect(exchange.begin(initialResponse: nil) == .challenge(bytes("Username:")))
        #expect(exchange.respond(to: bytes("alice")) == .challenge(bytes("Password:")))
        let expected = SASLCredentials(authorizationID: [], name: bytes("alice"), password: bytes("pass"))
        #expect(exchange.respond(to: bytes("pass")) == .attempt(expected))
        #expect(exchange.respond(to: bytes("pass")) == .malformed)
    }

    @Test func loginWithInitialResponse() {
        var exchange = SASLExchange(.login)
        #expect(exchange.begin(initialResponse: bytes("alice")) == .challenge(bytes("Password:")))
    }

    @Test(
        "case 109: PLAIN that is not three fields",
        arguments: [
            "", "alice", "alice\0pass", "\0alice\0pa\0ss", "\0\0\0\0", String(repeating: "a", count: 1_000_000),
            "\0a\0" + String(repeating: "p", count: 2_046),
        ])
    func malformedPlain(message: String) {
        var exchange = SASLExchange(.plain)
        #expect(exchange.begin(initialResponse: bytes(message)) == .malformed)
        #expect(exchange.respond(to: bytes("\0alice\0pass")) == .malformed)
    }

    @Test("case 109: empty fields go to the authenticator, which refuses them like wrong ones")
    func emptyFields() {
        var exchange = SASLExchange(.plain)
        let nothing = SASLCredentials(authorizationID: [], name: [], password: [])
        #expect(exchange.begin(initialResponse: bytes("\0\0")) == .attempt(nothing))
    }

    @Test("case 109: a NUL in LOGIN's name or password", arguments: [0, 1])
    func nulInLogin(step: Int) {
        var exchange = SASLExchange(.login)
        _ = exchange.begin(initialResponse: nil)
        if step == 1 { _ = exchange.respond(to: bytes("alice")) }
        #expect(exchange.respond(to: [0x61, 0]) == .malformed)
    }

    @Test(
        arguments: [
            ("PLAIN", SASLMechanism.plain), ("plain", .plain), ("Login", .login),
            ("scram-sha-256-plus", .scramSHA256Plus),
        ])
    func names(name: String, mechanism: SASLMechanism) {
        #expect(SASLMechanism(name: name) == mechanism)
        #expect(SASLMechanism(name: name + "X") == nil)
    }
}

@Suite struct SASLResponseTests {
    @Test(
        arguments: [
            ("", []), ("AA==", [0]), ("AAA=", [0, 0]), ("AAAA", [0, 0, 0]),
            ("AGFsaWNlAHBhc3M=", bytes("\0alice\0pass")),
            ("+/+/", [0xfb, 0xff, 0xbf]),
        ])
    func right(text: String, decoded: [UInt8]) {
        #expect(SASLResponse(line: bytes(text)) == .bytes(decoded))
        #expect(String(decoding: SASLBase64.encode(decoded), as: UTF8.self) == text)
    }

    @Test(
        "case 35: base64 that is none",
        arguments: [
            " ", "A", "AA", "AAA", "AA=", "AB==", "AAB=", "A===", "====", "=AAA", "AA==AAAA", "AAAA ", " AAAA", "AA-_",
            "AAAA\r", "**", "* ", "\0\0\0\0", "äöü=",
        ])
    func wrong(text: String) {
        #expect(SASLResponse(line: bytes(text)) == .malformed)
    }

    @Test("case 35: a megabyte of it")
    func long() {
        #expect(SASLResponse(line: [UInt8](repeating: 0x41, count: 1_048_576)) == .malformed)
    }

    @Test("case 132: `*` cancels, and `=` is an empty initial response only")
    func special() {
        #expect(SASLResponse(line: bytes("*")) == .cancelled)
        #expect(SASLResponse(initial: bytes("=")) == .bytes([]))
        #expect(SASLResponse(line: bytes("=")) == .malformed)
        #expect(SASLResponse(initial: bytes("")) == .malformed)
        #expect(SASLResponse(initial: bytes("*")) == .malformed)
    }
}
