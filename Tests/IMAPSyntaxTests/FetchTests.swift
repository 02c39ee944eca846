// FETCH: items, macros, sections, partials.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct FetchTests {
    private func items(_ text: String) throws -> [FetchItem] {
        guard case .fetch(let fetch) = try command("a FETCH 1 \(text)") else { return [] }
        return fetch.items
    }

    @Test("every item by itself and in a list")
    func plain() throws {
        let all: [(String, FetchItem)] = [
            ("ENVELOPE", .envelope), ("flags", .flags), ("InternalDate", .internalDate), ("RFC822.SIZE", .size),
            ("UID", .uid), ("BODY", .body), ("BODYSTRUCTURE", .bodyStructure), ("RFC822", .rfc822),
            ("RFC822.HEADER", .rfc822Header), ("RFC822.TEXT", .rfc822Text),
        ]
        for (text, item) in all {
            #expect(try items(text) == [item])
            #expect(try items("(\(text))") == [item])
        }
        #expect(try items("(" + all.map(\.0).joined(separator: " ") + ")") == all.map(\.1))
    }

    @Test("RFC 3516, RFC 8474, RFC 8514, RFC 8970: the items of the extensions")
    func extensions() throws {
        let all: [(String, FetchItem)] = [
            ("BINARY[]", .binary([], peek: false, partial: nil)),
            ("binary.peek[1.2]<0.9>", .binary([1, 2], peek: true, partial: FetchPartial(offset: 0, count: 9))),
            ("BINARY.SIZE[1]", .binarySize([1])), ("EMAILID", .emailID), ("ThreadID", .threadID),
            ("SAVEDATE", .saveDate), ("PREVIEW", .preview(lazy: false)), ("PREVIEW (LAZY)", .preview(lazy: true)),
            ("preview (lazy LAZY)", .preview(lazy: true)),
        ]
        for (text, item) in all {
            #expect(try items(text) == [item])
            #expect(try items("(UID \(text) FLAGS)") == [.uid, item, .flags])
        }
        for wrong in [
            "BINARY", "BINARY[TEXT]", "BINARY[1.MIME]", "BINARY[0]", "BINARY.SIZE", "BINARY.SIZE[1]<0.9>", "BINARY[1",
            "PREVIEW ()", "PREVIEW (FUZZY)", "PREVIEW (LAZY", "EMAILID[1]",
        ] {
            #expect(reason("a FETCH 1 (\(wrong))") != nil, "\(wrong)")
        }
    }

    @Test("RFC 8970 §6, RFC 4466 §2.4: what stands behind a PREVIEW without parentheses, its modifiers or the FETCH's")
    func previewAlone() throws {
        let cases: [(String, Bool, FetchModifiers)] = [
            ("PREVIEW (CHANGEDSINCE 7)", false, .init(changedSince: ModSeq(7))),
            ("PREVIEW (LAZY) (CHANGEDSINCE 7)", true, .init(changedSince: ModSeq(7))),
            ("(PREVIEW) (CHANGEDSINCE 7)", false, .init(changedSince: ModSeq(7))), ("PREVIEW (lazy)", true, .init()),
        ]
        for (text, isLazy, modifiers) in cases {
            let fetch = Fetch(
                messages: .sequence(sequence((1, 1))), items: [.preview(lazy: isLazy)], modifiers: modifiers)
            #expect(try command("a FETCH 1 \(text)") == .fetch(fetch), "\(text)")
        }
        for wrong in ["PREVIEW ()", "PREVIEW (FUZZY)", "PREVIEW (", "PREVIEW (LAZY) ()", "PREVIEW (LAZYX)"] {
            #expect(reason("a FETCH 1 \(wrong)") != nil, "\(wrong)")
        }
    }

    @Test("macros stand for their items")
    func macros() throws {
        #expect(try items("ALL") == [.flags, .internalDate, .size, .envelope])
        #expect(try items("fast") == [.flags, .internalDate, .size])
        #expect(try items("FULL") == [.flags, .internalDate, .size, .envelope, .body])
        #expect(reason("a FETCH 1 (ALL)") != nil)
        #expect(reason("a FETCH 1 ALL FLAGS") != nil)
    }

    static let sectionCases: [(String, Section)] = [
        ("[]", .whole), ("[TEXT]", Section(text: .text)), ("[header]", Section(text: .header)),
        ("[1]", Section(path: [1])), ("[1.2.3]", Section(path: [1, 2, 3])),
        ("[1.MIME]", Section(path: [1], text: .mime)),
        ("[4.1.HEADER]", Section(path: [4, 1], text: .header)),
        ("[4.2.2.text]", Section(path: [4, 2, 2], text: .text)),
        ("[4294967295]", Section(path: [.max])),
        ("[HEADER.FIELDS (Subject)]", Section(text: .headerFields(["Subject"]))),
        ("[HEADER.FIELDS.NOT (a \"b\" {1}\r\nc)]", Section(text: .headerFieldsNot(["a", "b", "c"]))),
        ("[1.2.Header.Fields (DATE FROM)]", Section(path: [1, 2], text: .headerFields(["DATE", "FROM"]))),
    ]

    @Test("every kind of section, peeked at or not, whole or in part", arguments: sectionCases)
    func sections(_ text: String, _ section: Section) throws {
        #expect(try items("BODY\(text)") == [.section(section, peek: false, partial: nil)])
        #expect(try items("(body.peek\(text) UID)") == [.section(section, peek: true, partial: nil), .uid])
        #expect(
            try items("BODY.PEEK\(text)<0.2048>")
                == [.section(section, peek: true, partial: FetchPartial(offset: 0, count: 2_048))])
    }

    @Test("what sets \\Seen")
    func seen() throws {
        #expect(try items("(BODY[] RFC822 RFC822.TEXT)").allSatisfy(\.setsSeen))
        #expect(try !items("(BODY.PEEK[] RFC822.HEADER BODY BODYSTRUCTURE ENVELOPE)").contains(where: \.setsSeen))
    }

    @Test("case 58: partials at the edge of the numbers: BAD, or no overflow")
    func partials() throws {
        for text in [
            "<5.0>", "<18446744073709551615>", "<5>", "<.5>", "<5.>", "<-1.5>", "<9223372036854775808.1>",
            "<1.9223372036854775808>",
            "<1.5", "<1.05>",
        ] {
            #expect(reason("a FETCH 1 BODY[]\(text)") != nil, "\(text)")
        }
        let most = UInt64(Int64.max)
        let last = FetchPartial(offset: most, count: most)
        #expect(
            try items("BODY[]<9223372036854775807.9223372036854775807>")
                == [.section(.whole, peek: false, partial: last)])
        #expect(last.range(in: 10) == 10..<10)
        #expect(last.range(in: .max) == Int.max..<Int.max)
        #expect(FetchPartial(offset: 1, count: most).range(in: .max) == 1..<Int.max)
        #expect(FetchPartial(offset: 5, count: 10).range(in: 8) == 5..<8)
        #expect(FetchPartial(offset: 0, count: 3).range(in: 8) == 0..<3)
    }

    @Test("case 59: absurd sections are BAD")
    func absurd() {
        let deep = Array(repeating: "1", count: 1_000).joined(separator: ".")
        let names = Array(repeating: "x", count: 10_000).joined(separator: " ")
        for section in [
            deep, "0", "01", "1.0", "4294967296", "1.", "1..2", ".1", "MIME", "1.FOO", "FOO", "HEADER.FIELDS",
            "HEADER.FIELDS ()", "HEADER.FIELDS (\(names))", "HEADER.FIELDS (\"\")", "HEADER.FIELDS (a:b)",
            "HEADER.FIELDS ({4}\r\na\r\nb)", "HEADER.FIELDS (\"a b\")", "HEADER.FIELDS (a", "HEADER.FIELDS a",
            "1.HEADER.FIELDS.NOT.X (a)", "TEXT.1", "1 ", " 1", "",
        ] where !section.isEmpty {
            #expect(reason("a FETCH 1 BODY[\(section)]") != nil, "\(section.prefix(60))")
        }
        #expect(reason("a FETCH 1 BODY[") != nil)
        #expect(reason("a FETCH 1 BODY[1") != nil)
    }

    @Test(
        "case 55: message sets that are none are BAD",
        arguments: [
            "0", "*:0", "0:1", "1:*:2", "4294967296", "1,", ",1", "1,,2", "", "1:", ":1", "-1", "+1", "1.5", "**", "a",
            "01",
            "18446744073709551617", "1 :2", "1,$", "$:2",
        ])
    func sets(_ set: String) {
        #expect(reason("a FETCH \(set) FLAGS") != nil)
        #expect(reason("a UID FETCH \(set) FLAGS") != nil)
        #expect(reason("a UID EXPUNGE \(set)") != nil)
        #expect(reason("a STORE \(set) FLAGS ()") != nil)
        #expect(reason("a SEARCH UID \(set)") != nil)
    }

    @Test("message sets, `*` on either side, in any order")
    func rightSets() throws {
        let line = "a UID FETCH *,5:*,*:5,7:3,4294967295 FLAGS"
        let set = uids((nil, nil), (5, nil), (nil, 5), (7, 3), (.max, .max))
        #expect(try command(line) == .fetch(Fetch(messages: .uid(set), items: [.flags])))
        guard case .fetch(let fetch) = try command("a FETCH 2:4 FLAGS") else { return }
        #expect(!fetch.messages.isUID)
    }

    @Test("case 55: a set of 100,000 elements is BAD")
    func manyElements() {
        let set = Array(repeating: "1", count: 100_000).joined(separator: ",")
        #expect(reason("a FETCH \(set) FLAGS") == "the message set has too many elements")
    }

    @Test(
        "items that are none are BAD",
        arguments: [
            "", "()", "FOO", "FLAGS UID", "(FLAGS  UID)", "(FLAGS UID", "FLAGS)", "((FLAGS))", "BODY.PEEK",
            "ENVELOPE[]",
            "BODY.PEEK.X[]", "RFC822.SIZE[]", "BODY []", "BODYSTRUCTURE[]", "RFC822.PEEK", "(FLAGS,UID)",
        ])
    func wrong(_ items: String) {
        #expect(reason("a FETCH 1 \(items)") != nil)
    }
}
