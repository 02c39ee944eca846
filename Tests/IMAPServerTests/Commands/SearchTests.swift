// SEARCH: every key, charsets, text.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct SearchTests {
    static let messages = [
        "From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nCc: carol@example.org\r\nSubject: Lunch\r\n"
            + "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\nShall we eat at noon?\r\n",
        "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\nTo: alice@example.org\r\nBcc: dave@example.org\r\n"
            + "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\nX-Empty:\r\nDate: Tue, 8 Feb 1994 09:00:00 +0000\r\n"
            + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + "w4RwZmVsIHVuZCBCaXJuZW4K\r\n",
        "From: eve@example.org\r\nSubject: none\r\n\r\n" + String(repeating: "long\r\n", count: 500),
    ]

    @Test(
        arguments: [
            ("ALL", [1, 2, 3]), ("1:2", [1, 2]), ("2,*", [2, 3]), ("UID 3:*", [3]), ("UID 99", []),
            ("9", []), ("2:9", [2, 3]),
            ("SEEN", [2]), ("UNSEEN", [1, 3]), ("FLAGGED", []), ("KEYWORD $Work", [2]), ("UNKEYWORD $Work", [1, 3]),
            ("RECENT", [1, 2, 3]), ("NEW", [1, 3]), ("OLD", []), ("DELETED", []), ("UNDELETED", [1, 2, 3]),
            ("LARGER 1000", [3]), ("SMALLER 1000", [1, 2]),
            ("SINCE 8-Sep-2001", [1, 2, 3]), ("BEFORE 9-Sep-2001", []), ("ON 9-Sep-2001", [1, 2, 3]),
            ("SENTON 7-Feb-1994", [1]), ("SENTBEFORE 8-Feb-1994", [1]), ("SENTSINCE 8-Feb-1994", [2]),
            ("FROM bob", [1]), ("FROM joerg", [2]), ("TO ALICE", [1, 2]), ("CC carol", [1]), ("BCC dave", [2]),
            ("SUBJECT lunch", [1]), ("HEADER X-Empty \"\"", [2]), ("HEADER Subject \"\"", [1, 2, 3]),
            ("HEADER Date 1994", [1, 2]), ("BODY noon", [1]), ("BODY Lunch", []), ("TEXT lunch", [1]),
            ("TEXT eve@", [3]),
            ("NOT 1", [2, 3]), ("OR FROM bob FROM eve", [1, 3]), ("FROM bob NOT SEEN SMALLER 1000", [1]),
            ("(FROM bob) (SUBJECT Lunch)", [1]), ("OR (SEEN FROM joerg) (UNSEEN LARGER 1000)", [2, 3]),
            ("NOT (OR 1 2)", [3]), ("TEXT \"\"", [1, 2, 3]),
        ] as [(String, [UInt64])])
    func keys(key: String, expected: [UInt64]) async throws {
        try await withClient { client async throws -> Void in
            let reply = try await client.command("SEARCH \(key)")
            #expect(reply.isOK)
            #expect(reply.found == expected, "\(reply)")
            #expect(try await client.command("UID SEARCH \(key)").found == expected)
        }
    }

    @Test(arguments: [
        ("SUBJECT", "grüße"), ("SUBJECT", "GRÜSSE"), ("FROM", "jörg"), ("BODY", "äpfel"), ("TEXT", "ÄPFEL UND"),
    ])
    func textOfAllLanguages(field: String, needle: String) async throws {
        try await withClient { client async throws -> Void in
            #expect(try await client.command("SEARCH CHARSET UTF-8 \(field)", literal: Array(needle.utf8)).found == [2])
            #expect(try await client.command("SEARCH \(field)", literal: Array(needle.utf8)).found == [2])
        }
    }

    @Test func otherCharsets() async throws {
        try await withClient { client async throws -> Void in
            let latin: [UInt8] = [0xe4, 0x70, 0x66, 0x65, 0x6c]
            #expect(try await client.command("SEARCH CHARSET ISO-8859-1 BODY", literal: latin).found == [2])
        }
    }

    @Test("case 62: unknown charsets get BADCHARSET, broken text BAD")
    func badCharsets() async throws {
        try await withClient { client async throws -> Void in
            #expect(try await client.command("SEARCH CHARSET X-NO ALL").code == "BADCHARSET (US-ASCII UTF-8)")
            #expect(try await client.command("SEARCH CHARSET UTF-8 BODY", literal: [0xff, 0xfe]).isBAD)
            #expect(
                try await client.command("SEARCH CHARSET ISO-2022-JP BODY", literal: [0x1b, 0x24, 0x42, 0x25]).isOK)
        }
    }

    @Test(
        arguments: [("TEXT naïve.pdf", [1]), ("BODY naïve.pdf", []), ("BODY \"Action: failed\"", [1])]
            as [(String, [UInt64])])
    func partsThatAreNoText(key: String, expected: [UInt64]) async throws {
        let report =
            "Subject: report\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
            + "--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n"
            + "--b\r\nContent-Type: application/pdf\r\n"
            + "Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.pdf\r\n\r\nx\r\n--b--\r\n"
        try await TestServer.with { server in
            try await server.deliver([report])
            let client = try await server.select()
            let (field, needle) = (key.prefix(4), key.dropFirst(5).replacing("\"", with: ""))
            #expect(try await client.command("SEARCH \(field)", literal: Array(needle.utf8)).found == expected)
        }
    }

    @Test("pitfall 4: a search that finds nothing says so")
    func nothing() async throws {
        try await withClient { client async throws -> Void in
            let reply = try await client.command("SEARCH SUBJECT nonsense")
            #expect(reply.data("SEARCH").count == 1 && reply.found == [])
        }
    }

    @Test("case 60: nesting is bounded", arguments: ["NOT ", "OR ALL ", "("])
    func nesting(piece: String) async throws {
        try await withClient { client async throws -> Void in
            let deep =
                String(repeating: piece, count: 5_000) + "ALL"
                + String(repeating: piece == "(" ? ")" : "", count: 5_000)
            #expect(try await client.command("SEARCH \(deep)").isBAD)
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test(
        "case 63: characters that mean something elsewhere mean themselves",
        arguments: [
            "\" OR 1=1 --", "NEAR(a b)", "col:x", "-x", "*", "^", "%",
        ])
    func literally(needle: String) async throws {
        try await withClient { client async throws -> Void in
            #expect(try await client.command("SEARCH TEXT", literal: Array(needle.utf8)).isOK)
        }
    }

    @Test("case 64: searches end with their client")
    func cancelled() async throws {
        try await TestServer.with { server in
            let text = String(repeating: "All work and no play makes Jack a dull boy.\r\n", count: 200)
            try await server.deliver((0..<300).map { "Subject: \($0)\r\n\r\n\(text)" })
            let client = try await server.select()
            let clock = ContinuousClock()
            var one = Duration.seconds(60)
            for _ in 0..<3 {
                one = min(one, try await clock.measure { try await client.command("SEARCH BODY nowhere") })
            }
            let count = 1_000
            for number in 0..<count { client.sendWithoutWaiting(Array("S\(number) SEARCH BODY nowhere\r\n".utf8)) }
            try await client.send("X NOOP\r\n")
            await client.close()
            let took = try await clock.measure {
                try await waitUntil("the session's end") { server.service.sessionCount == 0 }
            }
            print("case 64: one search \(one), the end of \(count) after \(took)")
            #expect(took < one * (count / 2), "no longer than half of them")
        }
    }

    private func withClient(_ test: @Sendable (IMAPTestClient) async throws -> Void) async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.messages[0]])
            try await server.deliver([Self.messages[1]], flags: Flags(.seen, keywords: [Keyword("$Work")!]))
            try await server.deliver([Self.messages[2]])
            try await test(try await server.select())
        }
    }
}
