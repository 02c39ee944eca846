// APPEND of a literal8: NUL is kept, in a form that every literal can hold (RFC 3516 §4.4, §6).

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct BinaryAppendTests {
    private func append(_ client: IMAPTestClient, _ message: String) async throws -> IMAPReply {
        try await client.command("APPEND INBOX ~{\(message.utf8.count)+}\r\n\(message)")
    }

    @Test("RFC 3516: a message without NUL is stored as it came")
    func unchanged() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let message =
                "Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\nno NUL, \u{e9}\nlone LF\r"
            #expect(try await append(client, message).isOK)
            let items = try await client.command("FETCH 1 (BODY.PEEK[])").fetches.first?.items
            #expect(items?["BODY[]"]?.bytes == Array(message.utf8))
        }
    }

    @Test("case 100, RFC 3516: a body with NUL comes back octet by octet, and BODY tells of base64")
    func single() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let body = "a\0b\r\n\0\0" + String(repeating: "long\0", count: 100_000)
            let message = "Subject: x\r\nContent-Transfer-Encoding: binary\r\nX: y\r\n\r\n" + body
            #expect(try await append(client, message).isOK)
            let reply = try await client.command("FETCH 1 (BINARY.PEEK[1] BODY.PEEK[] BODYSTRUCTURE RFC822.SIZE)")
            let items = reply.fetches.first?.items ?? [:]
            #expect(items["BINARY[1]"]?.bytes == Array(body.utf8))
            let whole = items["BODY[]"]?.bytes ?? []
            #expect(items["RFC822.SIZE"]?.number == UInt64(whole.count))
            let text = String(decoding: whole, as: UTF8.self)
            #expect(
                text.hasPrefix(
                    "Subject: x\r\nX: y\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBi"))
            #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 76 })
            #expect(items["BODYSTRUCTURE"]?.list?[5].text?.uppercased() == "BASE64")
        }
    }

    @Test("RFC 3516: of several parts only those with NUL are encoded")
    func parts() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            func part(_ header: String, _ body: String) -> String { "--b\r\n\(header)\r\n\(body)\r\n" }
            let message =
                "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                + part("Content-Type: text/plain\r\n", "plain")
                + part("Content-Type: image/x\r\nContent-Transfer-Encoding: BINARY\r\n", "\0one\0")
                + part("", "two\0") + part("Content-Transfer-Encoding: base64\r\n", "dGhyZWU=") + "--b--\r\n"
            #expect(try await append(client, message).isOK)
            let reply = try await client.command(
                "FETCH 1 (BODY.PEEK[] BINARY.PEEK[1] BINARY.PEEK[2] BINARY.PEEK[3] BINARY.PEEK[4] BODY.PEEK[1.MIME])")
            let items = reply.fetches.first?.items ?? [:]
            let found = (1...4).map { String(decoding: items["BINARY[\($0)]"]?.bytes ?? [], as: UTF8.self) }
            #expect(found == ["plain", "\0one\0", "two\0", "three"])
            #expect(items["BODY[1.MIME]"]?.text == "Content-Type: text/plain\r\n\r\n")
            #expect(items["BODY[]"]?.bytes?.contains(0) == false)
            #expect(items["BODY[]"]?.text?.contains("\r\n\r\ndGhyZWU=\r\n--b--\r\n") == true)
        }
    }

    @Test("RFC 3516: NUL where no encoding reaches is kept as it is")
    func beyond() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let message = "Subject: a\0b\r\n\r\nbody\r\n"
            #expect(try await append(client, message).isOK)
            let items = try await client.command("FETCH 1 (BINARY.PEEK[])").fetches.first?.items
            #expect(items?["BINARY[]"]?.bytes == Array(message.utf8))
        }
    }

    @Test("case 54: a refused literal8 is swallowed")
    func refused() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let evil = "x DELETE Sent\r\n\0"
            try await client.send("P APPEND nowhere ~{\(evil.utf8.count)+}\r\n\(evil)\r\nQ NOOP\r\n")
            #expect(try await client.reply(to: "P").code == "TRYCREATE")
            #expect(try await client.reply(to: "Q").isOK)
        }
    }
}
