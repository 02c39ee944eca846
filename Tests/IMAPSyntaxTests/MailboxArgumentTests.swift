// Mailbox names from the wire, and back to it.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct MailboxArgumentTests {
    private func name(_ bytes: [UInt8], utf8Accepted: Bool = false) -> String? {
        try? MailboxArgument(bytes: bytes).name(utf8Accepted: utf8Accepted).get().text
    }

    private func name(_ text: String, utf8Accepted: Bool = false) -> String? {
        name(Array(text.utf8), utf8Accepted: utf8Accepted)
    }

    @Test("names as they are meant")
    func names() {
        #expect(name("inbox") == "INBOX")
        #expect(name("iNbOx/a") == "INBOX/a")
        #expect(name("Entw&APw-rfe") == "Entwürfe")
        #expect(name("R&-D") == "R&D")
        #expect(name("&2D3eAA-") == "😀")
        #expect(name("Entwürfe") == "Entwürfe", "raw UTF-8 is what many clients send")
        #expect(name("ü & ö") == "ü & ö")
        #expect(name("e\u{301}") == "é", "normalised")
        #expect(name("R&D", utf8Accepted: true) == "R&D")
        #expect(name("Entw&APw-rfe", utf8Accepted: true) == "Entw&APw-rfe")
    }

    @Test(
        "case 71: modified UTF-7 that is not canonical is no name",
        arguments: [
            "&", "R&D", "&AGE-", "&2AA-", "&AAA-", "&APw", "&APx-", "&APwA-", "&AP*-", "&-&", "&APw=-", "a&AOkA6-b",
        ])
    func notCanonical(_ text: String) { #expect(name(text) == nil) }

    @Test(
        "case 70: names that could lead elsewhere or confuse are refused with a reason",
        arguments: [
            "../../etc/passwd", "/etc/x", "a/../../b", ".", "..", "a//b", "a/", "a\u{7f}b", "a\r\nb", "a\u{0}b", "",
            String(repeating: "x", count: 10_000), Array(repeating: "x", count: 1_000).joined(separator: "/"),
        ])
    func refused(_ text: String) {
        for utf8Accepted in [false, true] {
            guard case .failure(let invalid) = MailboxArgument(text).name(utf8Accepted: utf8Accepted) else {
                Issue.record("accepted")
                continue
            }
            #expect(!invalid.reason.isEmpty)
        }
    }

    @Test("bytes that are no UTF-8 are no name")
    func garbage() {
        for bytes: [UInt8] in [[0xff], [0xc3], [0x61, 0xe9], [0xed, 0xa0, 0x80], [0xc0, 0xaf]] {
            #expect(name(bytes) == nil)
            #expect(name(bytes, utf8Accepted: true) == nil)
        }
    }

    @Test("CREATE leaves out one trailing delimiter and no more")
    func trailing() {
        func create(_ text: String) -> String? {
            try? Create(mailbox: MailboxArgument(text)).name(utf8Accepted: false).get().text
        }
        #expect(create("a/b/") == "a/b")
        #expect(create("inbox/") == "INBOX")
        #expect(create("a//") == nil)
        #expect(create("/") == nil)
    }

    @Test(
        "every name comes back from the wire as it went out",
        arguments: [
            "INBOX", "a b", "R&D", "Entwürfe", "日本語/台北", "😀", "a\"b", "a\\b", "(x)", "{5}", "NIL", "nil", "a]b", "a+b",
            "&AOk-", "~", "x{3}", "[a]", "'", "a;b", "žluťoučký kůň", "\u{10ffff}", "-", "&",
        ])
    func roundTrip(_ text: String) throws {
        let mailbox = try MailboxName(text)
        for utf8Accepted in [false, true] {
            var writer = ResponseWriter()
            writer.acceptsUTF8 = utf8Accepted
            writer.write(mailbox: mailbox)
            var line = ByteBuffer(string: "a SELECT ")
            var written = writer.take()
            line.writeBuffer(&written)
            guard case .select(let select) = try parseCommand(line).get().command else { continue }
            #expect(try select.mailbox.name(utf8Accepted: utf8Accepted).get() == mailbox)
        }
    }
}
