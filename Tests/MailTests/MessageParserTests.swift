// One pass over messages: ENVELOPE, BODYSTRUCTURE, BODY and sections.

import Mail
import Testing

@Suite struct EnvelopeTests {
    private func envelope(_ header: String) -> String {
        text(MessageParser.parse(message(header + "\n\nbody")).envelope)
    }

    @Test func full() {
        #expect(
            envelope(
                """
                Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
                From: Terry Gray <gray@cac.washington.edu>
                Subject: IMAP4rev1 WG mtg summary and minutes
                To: imap@cac.washington.edu
                cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
                Message-Id: <B27397-0100000@cac.washington.edu>
                """)
                == #"("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" "#
                + #"(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) "#
                + #"(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) "#
                + #"((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL "#
                + #""<B27397-0100000@cac.washington.edu>")"#)
    }

    @Test(arguments: [
        ("", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"),
        ("Subject:", "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)"),
        ("From:\nTo:", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"),
        (
            "From: a@b\nSender: c@d",
            "(NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL)"
        ),
        (
            "To: g: a@b;",
            "(NIL NIL NIL NIL NIL ((NIL NIL \"g\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)) NIL NIL NIL NIL)"
        ),
        ("Subject: a\n b\n\tc", "(NIL \"a b c\" NIL NIL NIL NIL NIL NIL NIL NIL)"),
        ("Subject: 1\nSubject: 2", "(NIL \"2\" NIL NIL NIL NIL NIL NIL NIL NIL)"),
        ("To: root", "(NIL NIL NIL NIL NIL ((NIL NIL \"root\" \"MISSING_DOMAIN\")) NIL NIL NIL NIL)"),
    ])
    func forms(_ header: String, expected: String) {
        #expect(envelope(header) == expected)
    }

    @Test(
        "case 76: nothing in a header breaks out of its string",
        arguments: [
            ("\") NIL {9}", #""\") NIL {9}""#), ("a\\", #""a\\""#), ("é", "{2}\r\né"), ("a\rb", "\"ab\""),
            ("a\0b", "\"ab\""),
            (String(repeating: "a", count: 1_001), "{1001}\r\n" + String(repeating: "a", count: 1_001)),
        ])
    func strings(_ subject: String, expected: String) {
        #expect(envelope("Subject: " + subject) == "(NIL \(expected) NIL NIL NIL NIL NIL NIL NIL NIL)")
    }

    @Test func factsForTheStore() {
        let parsed = MessageParser.parse(
            message("Date: Fri, 21 Nov 1997 09:55:06 -0600\nSubject: =?utf-8?q?caf=C3=A9?=\nMessage-ID: <x@y>\n\nhi"))
        #expect(parsed.subject == "café")
        #expect(parsed.sentDate?.imapDateTime == "21-Nov-1997 09:55:06 -0600")
        #expect(parsed.messageID == bytes("<x@y>"))
        let empty = MessageParser.parse([])
        #expect(empty.size == 0)
        #expect(empty.sentDate == nil)
        #expect(empty.messageID == nil)
        #expect(empty.subject.isEmpty)
    }
}

@Suite struct BodyStructureTests {
    private func structure(_ text: String) -> String {
        String(decoding: MessageParser.parse(message(text)).bodyStructure, as: UTF8.self)
    }
    private static let plain = #""text" "plain" ("charset" "us-ascii") NIL NIL "7BIT""#

    @Test(arguments: [
        ("\nhi\n", "(\(plain) 4 1 NIL NIL NIL NIL)"), ("", "(\(plain) 0 0 NIL NIL NIL NIL)"),
        ("Subject: x", "(\(plain) 0 0 NIL NIL NIL NIL)"), ("\n\n\n", "(\(plain) 4 2 NIL NIL NIL NIL)"),
        ("Content-Type: image/png; name=a\n\nx", #"("image" "png" ("name" "a") NIL NIL "7BIT" 1 NIL NIL NIL NIL)"#),
        (
            "Content-Type: TEXT/html; charset=x\nContent-Transfer-Encoding: Base64\n\nx",
            #"("TEXT" "html" ("charset" "x") NIL NIL "Base64" 1 0 NIL NIL NIL NIL)"#
        ),
        (
            "Content-ID: <i>\nContent-Description: d e\nContent-MD5: m\nContent-Disposition: inline; filename=f\n"
                + "Content-Language: en, de\nContent-Location: l\n\nx",
            #"("text" "plain" ("charset" "us-ascii") "<i>" "d e" "7BIT" 1 0 "m" ("inline" ("filename" "f")) "#
                + #"("en" "de") "l")"#
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: text/x\n\ntwo\n\n--b--\n",
            #"(("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 3 0 NIL NIL NIL NIL)"#
                + #"("text" "x" ("charset" "us-ascii") NIL NIL "7BIT" 5 1 NIL NIL NIL NIL)"#
                + #" "mixed" ("boundary" "b") NIL NIL NIL)"#
        ),
        ("Content-Type: multipart/mixed\n\nx", #"((\#(plain) 0 0 NIL NIL NIL NIL) "mixed" NIL NIL NIL NIL)"#),
        (
            "Content-Type: message/rfc822\n\nSubject: s\n\nx\n",
            #"("message" "rfc822" NIL NIL NIL "7BIT" 17 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) "#
                + "(\(plain) 3 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)"
        ),
        (
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\nx\n--b--",
            #"(("message" "rfc822" NIL NIL NIL "7BIT" 15 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) "#
                + #"(\#(plain) 1 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) "digest" ("boundary" "b") NIL NIL NIL)"#
        ),
    ])
    func forms(_ text: String, expected: String) {
        #expect(structure(text) == expected)
    }

    @Test(arguments: [
        ("\nhi\n", "(\(plain) 4 1)"),
        ("Content-Type: image/png; name=\"a) (\"\n\nx", #"("image" "png" ("name" "a) (") NIL NIL "7BIT" 1)"#),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Description: é) \"(\n\none\n--b\n"
                + "Content-Type: message/rfc822\n"
                + "\nSubject: s \"(\n\nx\n--b--",
            "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL {6}\r\né) \"( \"7BIT\" 3 0)"
                + #"("message" "rfc822" NIL NIL NIL "7BIT" 18 (NIL "s \"(" NIL NIL NIL NIL NIL NIL NIL NIL) "#
                + #"(\#(plain) 1 0) 2) "mixed")"#
        ),
    ])
    func bodyLacksExtensions(_ text: String, expected: String) {
        let full = MessageParser.parse(message(text)).bodyStructure
        #expect(String(decoding: MessageParser.bodyWithoutExtensions(full), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        "", "(", ")", "(\"a", "((((", "({99999}\r\n)", "({1}", "NIL", "(\"text\" \"plain\")", "({999999999}\r\n",
    ])
    func bodyOfGarbageIsTheGarbage(_ garbage: String) {
        #expect(text(MessageParser.bodyWithoutExtensions(bytes(garbage))) == garbage)
    }
}

@Suite struct SectionTests {
    /// RFC 3501 §6.4.5's example: text, octet-stream, message with two parts, multipart with an image and a message.
    private static let example = message(
        """
        Subject: whole
        Content-Type: multipart/mixed; boundary=a

        preamble
        --a

        one
        --a
        Content-Type: application/octet-stream

        two
        --a
        Content-Type: message/rfc822
        X-Mime: three

        Subject: three
        Content-Type: multipart/mixed; boundary=b

        --b

        three-one
        --b
        Content-Type: application/octet-stream

        three-two
        --b--
        --a
        Content-Type: multipart/mixed; boundary=c

        --c
        Content-Type: image/gif

        four-one
        --c
        Content-Type: message/rfc822

        Subject: four-two

        four-two-one
        --c--
        --a--
        epilogue
        """)

    @Test(
        arguments: [
            ([1], nil, "one"), ([2], nil, "two"), ([2], .mime, "Content-Type: application/octet-stream\r\n\r\n"),
            ([3], .header, "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"),
            ([3], .mime, "Content-Type: message/rfc822\r\nX-Mime: three\r\n\r\n"), ([3, 1], nil, "three-one"),
            ([3, 1], .mime, "\r\n"), ([3, 2], nil, "three-two"), ([4, 1], nil, "four-one"),
            ([4, 2], .header, "Subject: four-two\r\n\r\n"), ([4, 2], .text, "four-two-one"),
            ([4, 2, 1], nil, "four-two-one"),
            ([4, 2], nil, "Subject: four-two\r\n\r\nfour-two-one"), ([4, 2, 1], .mime, "Subject: four-two\r\n\r\n"),
            ([], .header, "Subject: whole\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"),
            ([5], nil, nil), ([1, 1], nil, nil), ([1], .header, nil), ([1], .text, nil), ([4], .header, nil),
            ([3, 3], nil, nil),
            ([4, 2, 2], nil, nil), ([], .mime, nil), ([0], nil, nil), ([4_294_967_295], nil, nil),
            ([4, 2, 1, 1], nil, nil),
            ([3], .headerFields(["x"]), "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"),
        ] as [([UInt32], SectionText?, String?)])
    func ofTheExample(_ path: [UInt32], _ text: SectionText?, expected: String?) {
        #expect(section(SectionTests.example, path, text) == expected)
    }

    @Test func wholeAndText() {
        let parsed = MessageParser.parse(SectionTests.example)
        #expect(parsed.parts.range(of: .whole) == 0..<SectionTests.example.count)
        #expect(parsed.parts.range(of: Section(text: .text)) == parsed.headerSize..<parsed.size)
        #expect(parsed.parts.parts.count == 11)
        #expect(parsed.parts.children(of: 0).count == 4)
    }

    @Test func partOneOfAPlainMessageIsItsBody() {
        let plain = message("Subject: x\n\nbody")
        #expect(section(plain, [1]) == "body")
        #expect(section(plain, [1], .mime) == "Subject: x\r\n\r\n")
        #expect(section(plain, [2]) == nil)
        #expect(section(plain, [1, 1]) == nil)
    }

    @Test func aMessageThatIsAMessage() {
        let wrapped = message("Content-Type: message/rfc822\n\nSubject: in\n\nbody")
        #expect(section(wrapped, [1]) == "Subject: in\r\n\r\nbody")
        #expect(section(wrapped, [1], .header) == "Subject: in\r\n\r\n")
        #expect(section(wrapped, [1, 1]) == "body")
    }

    @Test(arguments: [
        // The line end before a boundary is the boundary's, also behind a header (RFC 2046 §5.1.1).
        ("\none\n--b--", "one"), ("\none\n\n--b--", "one\r\n"), ("\n--b--", ""), ("\n\n--b--", ""), ("--b--", ""),
        ("A: b\n--b--", ""), ("\none\n--c\n--b--", "one\r\n--c"), ("\none\n --b--\n--b--", "one\r\n --b--"),
        ("\none\n--b  \t\n", "one"), ("\none\n--bb\n", "one"), ("\none", "one"), ("\none\n--b", "one"),
        ("\none\n-", "one\r\n-"),
    ])
    func boundaries(_ rest: String, expected: String) {
        #expect(section(message("Content-Type: multipart/mixed; boundary=b\n\n--b\n" + rest), [1]) == expected)
    }

    @Test func bareLineFeedsCount() {
        let bare = bytes("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n")
        #expect(section(bare, [1]) == "one")
        #expect(section(bare, [2]) == "two")
    }

    /// Found by fuzzing: what holds a part that begins and ends right behind an empty line ended with that line, and
    /// did not count it.
    @Test("the lines of every part are the line feeds in it", arguments: ["\n", "\r\n"])
    func linesOfParts(_ lineEnd: String) {
        let head = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        for inner in ["", "A: b\n", "Content-Type: message/rfc822\n\n", "Content-Type: message/rfc822\n\na\n\n"] {
            let text = (head + inner + "--b\n\nx\n--b--\n").split(separator: "\n", omittingEmptySubsequences: false)
            let bytes = Array(text.joined(separator: lineEnd).utf8)
            for part in MessageParser.parse(bytes).parts.parts {
                #expect(part.bodyLines == bytes[part.body].count { $0 == 0x0a }, "\(inner), \(part)")
                #expect(part.headerLines == bytes[part.header].count { $0 == 0x0a }, "\(inner), \(part)")
            }
        }
    }
}
