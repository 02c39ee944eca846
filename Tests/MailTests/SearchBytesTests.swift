// Finding needles in undecoded bytes: never where the decoded text has none.

import TestSupport
import Testing

@testable import Mail

@Suite struct SearchBytesTests {
    private static func part(_ encoding: TransferEncoding, _ charset: String?, _ subtype: String) -> PartIndex.Part {
        PartIndex.Part(
            kind: .text, parent: nil, headerStart: 0, bodyStart: 0, bodyEnd: 0, headerLines: 0, bodyLines: 0,
            type: "text", subtype: subtype, encoding: encoding, charset: charset, fileName: nil, isAttachment: false)
    }

    @Test(
        arguments: [
            ("hello world", "some HELLO World here", .identity, "us-ascii", "plain", true),
            ("hello", "say h\u{e9}llo", .identity, "utf-8", "plain", false),
            ("caf\u{e9}", "caf\u{e9}", .identity, "utf-8", "plain", false),
            ("41bc", "=41BC", .quotedPrintable, "utf-8", "plain", false),
            ("1bc", "=41BC", .quotedPrintable, "utf-8", "plain", false),
            ("bc", "=41BC", .quotedPrintable, "utf-8", "plain", true),
            ("1bc", "=41BC 1BC", .quotedPrintable, nil, "plain", true),
            ("foo bar", "foo bar  \r\n", .quotedPrintable, nil, "plain", true),
            ("foo ", "foo \r\n", .quotedPrintable, nil, "plain", false),
            ("a=b", "A=b", .identity, nil, "plain", true),
            ("a=b", "a=b", .quotedPrintable, nil, "plain", false),
            ("body", "<body>", .identity, nil, "html", false),
            ("some body", "<p>Some BODY</p>", .identity, "us-ascii", "html", true),
            ("body", "<p>bo<b>dy</b></p>", .identity, nil, "html", false),
            ("body", "<!-- body --><script>body</script><p title=body>x</p>", .identity, nil, "html", false),
            ("auml", "&auml;&auml", .identity, nil, "html", true),
            ("auml", "&auml;", .identity, nil, "html", false),
            ("body", "<p>body</p>", .quotedPrintable, nil, "html", false),
            ("aGVs", "aGVsbG8=", .base64, nil, "plain", false),
            ("abc", "abc", .identity, "gb18030", "plain", false),
            ("abc", "abc", .identity, "iso-2022-jp", "plain", false),
            ("abc", "abc", .identity, "windows-1258", "plain", false),
            ("abc", "abc", .identity, "koi8-r", "plain", true),
            ("abc", "abc", .identity, "x-unheard-of", "plain", true),
            ("abc", "abc", .unknown, nil, "plain", false),
        ] as [(String, String, TransferEncoding, String?, String, Bool)])
    func examples(
        needle: String, sent: String, encoding: TransferEncoding, charset: String?, subtype: String, expected: Bool
    ) {
        let part = Self.part(encoding, charset, subtype)
        let bytes = bytes(sent)
        var search = SentTextSearch(for: SearchNeedle(needle), in: part, size: bytes.count)
        _ = search?.take(bytes, 0..<bytes.count)
        #expect((search?.answer == .found) == expected)
    }

    @Test("what is surely found is found, what is surely absent is not, in bytes at random and in pieces")
    func sound() {
        var generator = SeededRandom()
        let pieces: [[UInt8]] = [
            "a", "b", "A", "4", "1", "=", "=\r\n", "=41", "=3D", " ", "\t", "\r\n", "\n", "<b>", "&", "\u{e9}",
            "\u{301}", "\u{212a}", "k", "\u{fb01}", "fi", "~", "\\", "+", "-", "&amp;", "&au", "ml;", "<!--", "-->",
            "<", ">", "<script>", "</script>", "<p>", ";", "a long text that is not of vectors only, ",
        ].map { bytes($0) } + [[0xff], [0xe9], [0x1b, 0x24, 0x42], [0]]
        let charsets = [
            nil, "utf-8", "us-ascii", "iso-8859-1", "iso-8859-5", "windows-1258", "koi8-r", "gb18030", "utf-7",
        ]
        var answers: [SentTextSearch.Answer: Int] = [:]
        for _ in 0..<20_000 {
            let sent = (0..<Int.random(in: 1...12, using: &generator)).flatMap { _ in
                pieces.randomElement(using: &generator) ?? []
            }
            let encodings: [TransferEncoding] = [.identity, .identity, .quotedPrintable, .base64, .unknown]
            let part = Self.part(
                encodings.randomElement(using: &generator) ?? .identity,
                charsets.randomElement(using: &generator) ?? nil, Bool.random(using: &generator) ? "plain" : "html")
            let start = Int.random(in: 0..<sent.count, using: &generator)
            let end = min(sent.count, start + Int.random(in: 1...4, using: &generator))
            let isSent = Int.random(in: 0..<4, using: &generator) > 0
            let text = isSent ? Array(sent[start..<end]) : pieces.randomElement(using: &generator) ?? []
            let needle = SearchNeedle(String(decoding: text, as: UTF8.self))
            guard var search = SentTextSearch(for: needle, in: part, size: sent.count) else { continue }
            var from = 0
            while from < sent.count {
                let to = min(sent.count, from + Int.random(in: 1...20, using: &generator))
                guard search.take(sent, from..<to) else { break }
                from = to
            }
            answers[search.answer, default: 0] += 1
            guard search.answer != .unknown else { continue }
            let isFound = needle.isFound(in: CaseFolding.fold(MessageText.text(of: part, sent)))
            #expect(isFound == (search.answer == .found), "\(sent) \(part) \(needle)")
        }
        #expect(answers[.found, default: 0] > 300)
        #expect(answers[.absent, default: 0] > 10)
    }

    @Test("a part's folded text is its text, folded, in bytes at random")
    func foldedTexts() {
        var generator = SeededRandom()
        let pieces: [[UInt8]] = [
            "a", "Z", "<b>", "&amp;", "&auml;", "&#x1f600;", "&", "<p>", "\r\n", "\u{e9}", "=41", "QQ==", "<!-- x -->",
        ].map { bytes($0) } + [[0xe9], [0]]
        for _ in 0..<3_000 {
            let sent = (0..<Int.random(in: 0...6, using: &generator)).flatMap { _ in
                pieces.randomElement(using: &generator) ?? []
            }
            let encodings: [TransferEncoding] = [.identity, .identity, .quotedPrintable, .base64]
            let part = Self.part(
                encodings.randomElement(using: &generator) ?? .identity,
                [nil, "utf-8", "iso-8859-5", "utf-7"].randomElement(using: &generator) ?? nil,
                Bool.random(using: &generator) ? "plain" : "html")
            #expect(
                MessageText.foldedText(of: part, sent) == CaseFolding.fold(MessageText.text(of: part, sent)),
                "\(sent) \(part)")
        }
    }

    @Test("a pattern is found at its first place in any case, whatever stands around it")
    func places() {
        var generator = SeededRandom()
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...150, using: &generator)).map { _ in
                bytes("aAbB @`[{").randomElement(using: &generator) ?? 0
            }
            let key = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                bytes("AB @`[").randomElement(using: &generator) ?? 0
            }
            let start = Int.random(in: 0...text.count, using: &generator)
            let range = start..<Int.random(in: start...text.count, using: &generator)
            let expected = range.dropLast(min(range.count, key.count - 1)).first { place in
                text[place..<place + key.count].map(\.asciiUppercased) == key
            }
            let needle = SearchNeedle(String(decoding: key, as: UTF8.self))
            #expect(needle.pattern.flatMap { needle.place(in: text, range, $0) } == expected, "\(text) \(key) \(range)")
        }
    }

    @Test("a text that nearly matches everywhere takes no longer for a longer needle")
    func hard() throws {
        let needle = SearchNeedle(String(repeating: "z", count: 4_000) + "e")
        let pattern = try #require(needle.pattern)
        let text = [UInt8](repeating: UInt8(ascii: "Z"), count: 100_000) + bytes("e")
        guard case .tooHard = pattern.find(in: text.span, 0..<text.count) else {
            Issue.record("all of it was compared")
            return
        }
        #expect(needle.place(in: text, 0..<text.count, pattern) == 96_000)
        #expect(needle.place(in: text, 0..<text.count - 1, pattern) == nil)
    }

    @Test("a text's key is that of its characters, one after the other")
    func folding() {
        var generator = SeededRandom()
        let scalars: [Unicode.Scalar] = [
            "a", "z", "`", "{", "@", "A", "Z", "[", "\u{7f}", "\u{80}", "é", "ß", "ﬁ", "Ж", "한", "漢", "😀", "\0",
            // Its key is the longest: eighteen characters.
            "\u{fdfa}", "\u{390}",
        ]
        for round in 0..<500 {
            var text = ""
            // Long texts are folded in blocks.
            for _ in 0..<Int.random(in: 0...(round < 450 ? 40 : 3_000), using: &generator) {
                text.unicodeScalars.append(scalars.randomElement(using: &generator) ?? "a")
            }
            #expect(CaseFolding.fold(text) == text.unicodeScalars.flatMap { CaseFolding.fold(String($0)) })
        }
        let longest = String(repeating: "\u{fdfa}", count: 2_000)
        #expect(CaseFolding.fold(longest).count == 2_000 * CaseFolding.fold("\u{fdfa}").count)
    }
}
