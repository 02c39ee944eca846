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
            ("a=b", "a=b", .identity, nil, "plain", false),
            ("body", "<body>", .identity, nil, "html", false),
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
        #expect(SearchNeedle(needle).isSurelyFound(inBytes: bytes(sent), of: part) == expected)
    }

    @Test("what is surely found is found, in bytes at random")
    func sound() {
        var generator = SystemRandomNumberGenerator()
        let pieces: [[UInt8]] = [
            "a", "b", "A", "4", "1", "=", "=\r\n", "=41", "=3D", " ", "\t", "\r\n", "\n", "<b>", "&", "\u{e9}",
            "\u{301}", "\u{212a}", "k", "\u{fb01}", "fi", "~", "\\", "+", "-",
        ].map { bytes($0) } + [[0xff], [0xe9], [0x1b, 0x24, 0x42], [0]]
        let charsets = [
            nil, "utf-8", "us-ascii", "iso-8859-1", "iso-8859-5", "windows-1258", "koi8-r", "gb18030", "utf-7",
        ]
        var found = 0
        for _ in 0..<20_000 {
            let sent = (0..<Int.random(in: 1...12, using: &generator)).flatMap { _ in
                pieces.randomElement(using: &generator) ?? []
            }
            let encodings: [TransferEncoding] = [.identity, .quotedPrintable, .base64, .unknown]
            let part = Self.part(
                encodings.randomElement(using: &generator) ?? .identity,
                charsets.randomElement(using: &generator) ?? nil, Bool.random(using: &generator) ? "plain" : "html")
            let start = Int.random(in: 0..<sent.count, using: &generator)
            let end = min(sent.count, start + Int.random(in: 1...4, using: &generator))
            let needle = SearchNeedle(String(decoding: sent[start..<end], as: UTF8.self))
            guard needle.isSurelyFound(inBytes: sent, of: part) else { continue }
            found += 1
            #expect(needle.isFound(in: CaseFolding.fold(MessageText.text(of: part, sent))), "\(sent) \(part) \(needle)")
        }
        #expect(found > 300)
    }

    @Test("a text's key is that of its characters, one after the other")
    func folding() {
        var generator = SystemRandomNumberGenerator()
        let scalars: [Unicode.Scalar] = [
            "a", "z", "`", "{", "@", "A", "Z", "[", "\u{7f}", "\u{80}", "é", "ß", "ﬁ", "Ж", "한", "漢", "😀", "\0",
        ]
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                text.unicodeScalars.append(scalars.randomElement(using: &generator) ?? "a")
            }
            #expect(CaseFolding.fold(text) == text.unicodeScalars.flatMap { CaseFolding.fold(String($0)) })
        }
    }
}
