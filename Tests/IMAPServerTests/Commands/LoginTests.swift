// LOGIN, AUTHENTICATE and what comes before: greeting, capabilities, privacy, limits.

import TestSupport
import Testing

@testable import IMAPServer

@Suite struct LoginTests {
    @Test func capabilitiesChangeWithTheState() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let before = client.greeting.code ?? ""
            #expect(before.contains("AUTH=PLAIN") && before.contains("SASL-IR") && !before.contains("LOGINDISABLED"))
            #expect(try await client.command("CAPABILITY").data("CAPABILITY").count == 1)
            let after = try await client.login().code ?? ""
            #expect(after.contains("UIDPLUS") && after.contains("MOVE") && !after.contains("AUTH="))
        }
    }

    @Test("case 6: before TLS a password is refused and LOGINDISABLED says so")
    func privacy() async throws {
        try await TestServer.with {
            $0.plaintextLogin = .never
        } _: { server in
            let client = try await server.connect()
            #expect(client.greeting.code?.contains("LOGINDISABLED") == true)
            #expect(client.greeting.code?.contains("AUTH=") == false)
            #expect(try await client.login().code == "PRIVACYREQUIRED")
            #expect(try await client.command("AUTHENTICATE PLAIN").code == "PRIVACYREQUIRED")
            #expect(try await client.command("AUTHENTICATE PLAIN AGEAYg==").code == "PRIVACYREQUIRED")
        }
    }

    @Test("case 7: a literal of a LOGIN that is not allowed is refused without +")
    func privacyOfLiterals() async throws {
        try await TestServer.with {
            $0.plaintextLogin = .never
        } _: { server in
            let client = try await server.connect()
            let reply = try await client.command("LOGIN", literal: Array("alice".utf8))
            #expect(reply.code == "PRIVACYREQUIRED")
            #expect(try await client.command("NOOP").isOK)
            try await client.send("L1 LOGIN {5+}\r\nalice {6+}\r\nsecret\r\n")
            #expect(try await client.reply(to: "L1").code == "PRIVACYREQUIRED")
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test func literalsWork() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send("L1 LOGIN {17}\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("alice@example.org {6+}\r\nsecret\r\n")
            #expect(try await client.reply(to: "L1").isOK)
        }
    }

    @Test("case 130: the third wrong password ends the connection")
    func failures() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            for _ in 1...2 {
                #expect(try await client.login("alice@example.org", "wrong").code == "AUTHENTICATIONFAILED")
            }
            #expect(try await client.login("nobody@example.org", "wrong").code == "AUTHENTICATIONFAILED")
            #expect(try await client.untilClosed().map(\.condition) == ["BYE"])
        }
    }

    @Test("case 130: the third bad command before login ends the connection")
    func badCommands() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            for _ in 1...2 { #expect(try await client.command("NONSENSE").isBAD) }
            #expect(try await client.command("SELECT INBOX").isBAD)
            #expect(try await client.untilClosed().map(\.condition) == ["BYE"])
        }
    }

    @Test func authenticate() async throws {
        // \0alice@example.org\0secret
        let plain = "AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA=="
        try await TestServer.with { server in
            let initial = try await server.connect()
            #expect(try await initial.command("AUTHENTICATE PLAIN \(plain)").isOK)
            #expect(try await initial.command("SELECT INBOX").isOK)

            let dialogue = try await server.connect()
            try await dialogue.send("P AUTHENTICATE PLAIN\r\n")
            #expect(try await dialogue.response().tag == "+")
            try await dialogue.send("\(plain)\r\n")
            #expect(try await dialogue.reply(to: "P").isOK)

            let login = try await server.connect()
            try await login.send("L AUTHENTICATE LOGIN\r\n")
            #expect(try await login.response().text == "VXNlcm5hbWU6")
            try await login.send("YWxpY2VAZXhhbXBsZS5vcmc=\r\n")
            #expect(try await login.response().text == "UGFzc3dvcmQ6")
            try await login.send("c2VjcmV0\r\n")
            #expect(try await login.reply(to: "L").isOK)
        }
    }

    @Test("case 132: SASL cancelled, malformed, unknown; LOGIN twice")
    func saslRefusals() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send("C AUTHENTICATE PLAIN\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("*\r\n")
            #expect(try await client.reply(to: "C").isBAD)
            #expect(try await client.command("AUTHENTICATE CRAM-MD5").isNO)
            try await client.send("D AUTHENTICATE PLAIN\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("D2 LOGIN alice@example.org secret\r\n")
            #expect(try await client.reply(to: "D").isBAD)
            #expect(try await client.login().isOK)
            #expect(try await client.login().isBAD)
        }
    }

    @Test("case 79: a command pipelined behind AUTHENTICATE's dialogue is carried out once")
    func pipelinedBehindSASL() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send(
                "P AUTHENTICATE PLAIN\r\nAGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==\r\nN NAMESPACE\r\nQ LOGOUT\r\nR NOOP\r\n")
            #expect(try await client.response().tag == "+")
            #expect(try await client.reply(to: "P").isOK)
            #expect(try await client.reply(to: "N").data("NAMESPACE").count == 1)
            #expect(try await client.reply(to: "Q").isOK)
            #expect(try await client.untilClosed().isEmpty)
        }
    }

    @Test func tooSlowToLogIn() async throws {
        try await TestServer.with {
            $0.limits.timeBeforeAuthentication = .milliseconds(80)
        } _: { server in
            let client = try await server.connect()
            #expect(try await client.untilClosed().map(\.condition) == ["BYE"])
        }
    }

    @Test func idAndEnable() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            #expect(try await client.command("ID (\"name\" \"test\" \"x\" NIL)").data("ID").count == 1)
            try await client.login()
            #expect(try await client.command("ENABLE NONSENSE").data("ENABLED").count == 1)
            #expect(
                try await client.command("NAMESPACE").untagged.first?.values[1]
                    == .list([.list([.string([]), .string([0x2f])])]))
        }
    }

    @Test(
        "case 77: strange tags are BAD and not echoed",
        arguments: ["+", "*", "a{3}", "a(b", String(repeating: "x", count: 10_000)])
    func tags(tag: String) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send("\(tag) NOOP\r\n")
            let response = try await client.response()
            #expect(response.tag == "*" && (response.condition == "BAD" || response.condition == "BYE"))
        }
    }
}
