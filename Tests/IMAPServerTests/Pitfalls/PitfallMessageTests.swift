// What other servers got wrong in what they say of a message: sizes, structures, envelopes.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct PitfallMessageTests {
    /// Raw UTF-8 and Latin-1 where only ASCII should stand: names, subject, file name.
    static let eightBit = """
        From: =?utf-8?q?B=C3=A4r?= <b@example.org>, Jürgen Müller <j@example.org>\r
        Subject: Grüße 日本\r
        MIME-Version: 1.0\r
        Content-Type: multipart/mixed; boundary="b"\r
        \r
        --b\r
        Content-Type: application/pdf; name="Übersicht.pdf"\r
        Content-Disposition: attachment; filename="Übersicht.pdf"\r
        Content-Description: Übersicht\r
        Content-ID: <é@example.org>\r
        \r
        x\r
        --b--\r

        """

    static let structures: [(String, [String])] = [
        ("plain, without any MIME field", ["Subject: x\r\n\r\nbody\r\n"]),
        ("no header at all", ["\r\nbody\r\n"]),
        ("only a header", ["Subject: x\r\n\r\n"]),
        ("an encoding without a name", ["Content-Transfer-Encoding:\r\n\r\nbody\r\n"]),
        ("an encoding of its own", ["Content-Transfer-Encoding: x-none\r\n\r\nbody\r\n"]),
        ("a type that cannot be read", ["Content-Type: ///\r\n\r\nbody\r\n"]),
        ("a multipart without a boundary", ["Content-Type: multipart/mixed\r\n\r\nbody\r\n"]),
        ("a multipart without parts", ["Content-Type: multipart/mixed; boundary=b\r\n\r\nbody\r\n"]),
        ("an empty part", ["Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b--\r\n"]),
        ("a message of nothing", ["Content-Type: message/rfc822\r\n\r\n"]),
    ]

    @Test("pitfall 12: 8-bit bytes of a header come in literals, and never in quoted strings")
    func eightBitHeaders() async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.eightBit])
            let client = try await server.select()
            // The reader takes no 8-bit byte but in a literal.
            let row = try await client.command("FETCH 1 (ENVELOPE BODYSTRUCTURE BODY)").fetches.first
            let envelope = try #require(row?.items["ENVELOPE"]?.list)
            #expect(envelope[1].text == "Grüße 日本")
            #expect(envelope[2].list?.first?.list?[0].text == "=?utf-8?q?B=C3=A4r?=")
            #expect(row?.items["BODYSTRUCTURE"]?.list?.first?.list?[2].list?[1].text == "Übersicht.pdf")
        }
    }

    @Test(
        "pitfall 20: RFC822.SIZE is the number of bytes sent, whatever the line ends were",
        arguments: [
            "Subject: x\n\nline\nline\n", "Subject: x\r\n\r\nline\r\nline", "Subject: x\r\rline\r",
            "Subject: x\n\r\nmixed\r\n\n",
            "\n", "Subject: x\r\n\r\nno end", String(repeating: "a line\n", count: 100_000),
        ])
    func sizes(message: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.append("INBOX", message).isOK)
            try await server.deliver([message])
            try await client.command("SELECT INBOX")
            for number in 1...2 {
                let items = try #require(
                    try await client.command(
                        "FETCH \(number) (RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT])"
                    )
                    .fetches.first?.items)
                let whole = try #require(items["BODY[]"]?.bytes)
                #expect(items["RFC822.SIZE"]?.number == UInt64(whole.count))
                #expect((items["BODY[HEADER]"]?.bytes ?? []) + (items["BODY[TEXT]"]?.bytes ?? []) == whole)
                let status = try await client.command("STATUS INBOX (SIZE)").data("STATUS").first?.values[2].list?[1]
                    .number
                #expect(status == UInt64(whole.count) * 2)
            }
        }
    }

    @Test("pitfall 21: a structure has its encoding and its sizes, never NIL", arguments: structures)
    func structure(what: String, message: [String]) async throws {
        try await TestServer.with { server in
            try await server.deliver(message)
            let client = try await server.select()
            let items = try #require(try await client.command("FETCH 1 (BODY BODYSTRUCTURE)").fetches.first?.items)
            for item in ["BODY", "BODYSTRUCTURE"] { try Self.check(try #require(items[item]), what) }
        }
    }

    /// RFC 3501 §9, body-type-1part: type, subtype, encoding are strings, size and lines are numbers.
    private static func check(_ structure: IMAPValue, _ what: String) throws {
        let fields = try #require(structure.list, "\(what)")
        if case .list = fields[0] {
            for part in fields.prefix(while: { $0.list != nil }) { try check(part, what) }
            return
        }
        #expect(fields.count >= 7, "\(what): \(structure)")
        #expect(fields[0].bytes != nil && fields[1].bytes != nil, "\(what): \(structure)")
        #expect(fields[5].bytes?.isEmpty == false, "\(what): the encoding is \(fields[5])")
        #expect(fields[6].number != nil, "\(what): the size is \(fields[6])")
        if fields[0].text?.uppercased() == "TEXT" { #expect(fields[7].number != nil, "\(what): \(structure)") }
        if fields[0].text?.uppercased() == "MESSAGE", fields[1].text?.uppercased() == "RFC822" {
            try check(fields[8], what)
            #expect(fields[9].number != nil, "\(what): \(structure)")
        }
    }

    @Test(
        "pitfall 21: a multipart tells its boundary, its parts how they are shown and their MIME fields"
    )
    func multipart() async throws {
        let message = """
            Content-Type: multipart/mixed; boundary="b =1"\r
            \r
            --b =1\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Disposition: attachment; filename=a.txt\r
            \r
            x\r
            --b =1\r
            Content-Type: message/rfc822\r
            Content-Disposition: inline\r
            \r
            Subject: y\r
            \r
            z\r
            --b =1--\r

            """
        try await TestServer.with { server in
            try await server.deliver([message])
            let client = try await server.select()
            let items = try #require(
                try await client.command("FETCH 1 (BODYSTRUCTURE BODY.PEEK[1.MIME] BODY.PEEK[2.MIME])").fetches.first?
                    .items)
            let fields = try #require(items["BODYSTRUCTURE"]?.list)
            #expect(fields[3] == .list([.string(Array("boundary".utf8)), .string(Array("b =1".utf8))]))
            let first = try #require(fields[0].list)
            #expect(first[9].description.lowercased() == "(\"attachment\" (\"filename\" \"a.txt\"))", "\(first)")
            #expect(
                items["BODY[2.MIME]"]?.text
                    == "Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n")
        }
    }

    @Test(
        "pitfall 22: an envelope is well formed whatever is missing or broken",
        arguments: [
            "Subject: x\r\n\r\n", "\r\n", "From:\r\nTo: \r\nSender: <>\r\n\r\n", "From: undisclosed:;\r\n\r\n",
            "From: \"a\r\n\r\n", "From: a@\r\nReply-To: @b\r\nCc: ,,,\r\n\r\n", "Sender: c@example.org\r\n\r\n",
            "From: J\u{fc}rgen <j@example.org>\r\nDate: never\r\nMessage-ID: x\r\nIn-Reply-To: \u{e9}\r\n\r\n",
        ])
    func envelope(message: String) async throws {
        try await TestServer.with { server in
            try await server.deliver([message])
            let client = try await server.select()
            let fields = try #require(
                try await client.command("FETCH 1 ENVELOPE").fetches.first?.items["ENVELOPE"]?.list)
            #expect(fields.count == 10)
            for text in [0, 1, 8, 9] { #expect(fields[text] == .none || fields[text].bytes != nil, "\(fields[text])") }
            for addresses in 2...7 {
                guard fields[addresses] != .none else { continue }
                let list = try #require(fields[addresses].list)
                #expect(!list.isEmpty && list.allSatisfy { $0.list?.count == 4 }, "\(fields[addresses])")
            }
            // Where From is there, Sender and Reply-To are not NIL: they default to it (RFC 3501 §7.4.2).
            if fields[2] != .none { #expect(fields[3] != .none && fields[4] != .none) }
        }
    }

    @Test("pitfall 22: bytes that are no UTF-8 in a header come back as they are")
    func otherCharsets() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let subject: [UInt8] = [0x47, 0x72, 0xfc, 0xdf, 0x65]
            let message = Array("Subject: ".utf8) + subject + Array("\r\n\r\nx\r\n".utf8)
            #expect(try await client.command("APPEND INBOX", literal: message).isOK)
            try await client.command("SELECT INBOX")
            let fields = try await client.command("FETCH 1 ENVELOPE").fetches.first?.items["ENVELOPE"]?.list
            #expect(fields?[1].bytes == subject)
        }
    }
}
