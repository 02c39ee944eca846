// Charsets, case folding, searching, and messages as text.

import Mail
import TestSupport
import Testing

@Suite struct CharsetTests {
    @Test(
        arguments: [
            ([0x63, 0xc3, 0xa9], "utf-8", "cé"), ([0x63, 0xe9], "iso-8859-1", "cé"), ([0x63, 0xe9], nil, "cé"),
            ([0x63, 0xc3, 0xa9], nil, "cé"), ([0x63, 0xc3, 0xa9], "us-ascii", "cé"), ([0xc4], "KOI8-R", "д"),
            ([0xe4], "windows-1251", "д"), ([0xa4], "iso-8859-15", "€"), ([0x80], "cp1252", "€"),
            ([0x82, 0xa0], "Shift_JIS", "あ"),
            ([0xc4, 0xe3], "gb2312", "你"), ([0xa7, 0x41], "big5", "你"), ([0xb0, 0xa1], "ks_c_5601-1987", "가"),
            ([0x2b, 0x41, 0x4f, 0x6b, 0x2d], "utf-7", "é"), ([0x00, 0x41, 0x00, 0xe9], "utf-16be", "Aé"),
            ([0x63, 0xe9], "no-such-charset", "cé"), ([0x63, 0xe9], "../../etc", "cé"), ([0x63], "", "c"),
            ([0xff, 0x41], "utf-8", "\u{fffd}A"), ([0xc4], "\"koi8-r\"", "д"),
        ] as [([UInt8], String?, String)])
    func decodes(_ bytes: [UInt8], charset: String?, expected: String) {
        #expect(Charset.decode(bytes, charset: charset) == expected)
    }

    @Test func badSequencesBecomeMarksAndNothingIsLost() {
        let decoded = Charset.decode([0x82, 0xa0, 0xff, 0x41, 0x82], charset: "shift_jis")
        #expect(decoded.hasPrefix("あ\u{fffd}"))
        #expect(decoded.contains("A"))
        #expect(decoded.hasSuffix("\u{fffd}"))
    }

    @Test func longTextCrossesTheBuffer() {
        let bytes = (0..<20_000).flatMap { _ in [0x82, 0xa0, 0x41] as [UInt8] }
        #expect(Charset.decode(bytes, charset: "shift_jis") == String(repeating: "あA", count: 20_000))
    }

    @Test func garbageNeverTrapsInAnyCharset() {
        var random = SeededRandom()
        let names = [
            "utf-7", "utf-16", "utf-16le", "utf-32", "ucs-2", "iso-2022-jp", "iso-2022-jp-2", "iso-2022-jp-3",
            "iso-2022-kr",
            "euc-jp", "euc-kr", "euc-tw", "gb18030", "big5", "big5-hkscs", "shift_jis", "johab", "uhc", "viscii",
            "tcvn",
            "tis-620", "koi8-u", "hp-roman8", "ibm437", "macintosh",
        ]
        for name in names {
            #expect(Charset.isKnown(name), "\(name)")
            for _ in 0..<20 {
                let bytes = (0..<300).map { _ in
                    Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : 0x1b
                }
                _ = Charset.decode(bytes, charset: name)
            }
        }
        #expect(!Charset.isKnown("no-such-charset"))
        #expect(Charset.isKnown("US-ASCII"))
    }

    @Test(
        "case 95: bad bytes in a charset cost linear time", arguments: ["shift_jis", "utf-7", "utf-16", "iso-2022-jp"])
    func linear(_ charset: String) {
        func garbage(_ count: Int) -> [UInt8] { [UInt8](repeating: 0xff, count: count) }
        #expect(growth(to: 40_000, of: garbage) { _ = Charset.decode($0, charset: charset) } < 1.5)
    }
}

@Suite struct SearchTests {
    @Test(arguments: [
        ("école", "Une ÉCOLE", true), ("ÉCOLE", "e\u{301}cole", true), ("ecole", "école", false),
        ("cafe", "café", true),
        ("strasse", "Straße", true),
        ("STRASSE", "straße", true), ("москва", "МОСКВА", true), ("σ", "Σ", true), ("ΐ", "ΐ", true), ("a", "b", false),
        ("", "x", true), ("", "", true), ("x", "", false), ("abc", "ab", false), ("aab", "aaaab", true),
        ("µ", "μ", true),
        ("가", "\u{1100}\u{1161}", true), ("각", "가", false), ("ａ", "Ａ", true), ("ǆ", "Ǆ", true), ("😀", "x😀y", true),
        ("ﬁ", "FI", true), ("a\0b", "xA\0Bx", true),
    ])
    func finds(_ needle: String, _ hay: String, expected: Bool) {
        #expect(SearchNeedle(needle).isFound(in: hay) == expected)
    }

    @Test(
        "what RFC 5051 holds to be equal has equal keys",
        arguments: [
            ("Ǆ", "Dž"), ("ǆ", "dž"), ("Ａ", "a"), ("²", "2"), ("\u{a0}", " "), ("…", "..."), ("ª", "A"), ("Ⅷ", "viii"),
            ("㎏", "KG"), ("𝐇", "h"), ("ﷺ", "صلى الله عليه وسلم"), ("ᾳ", "α\u{345}"), ("カ", "ｶ"), ("①", "1"), ("🄰", "a"),
        ])
    func equal(_ left: String, _ right: String) {
        #expect(CaseFolding.fold(left) == CaseFolding.fold(right))
    }

    @Test func noScalarOutsideTheTablesWouldChange() {
        // What title case and decomposition change, folding changes too: the ranges of the tables hold them all.
        let scalars = (0x80...0x2ffff as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init)
        let decomposed = scalars.map { String($0) }.joined(separator: "\0").normalizedToNFKD.utf8
            .split(separator: 0, omittingEmptySubsequences: false)
        #expect(decomposed.count == scalars.count)
        for (scalar, decomposed) in zip(scalars, decomposed) {
            let own = Array(String(scalar).utf8)
            guard !decomposed.elementsEqual(own) || scalar.properties.titlecaseMapping != String(scalar) else {
                continue
            }
            #expect(CaseFolding.fold(String(scalar)) != own, "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test func foldingIsIdempotentForEveryScalar() {
        for value in stride(from: UInt32(0), through: 0x2ffff, by: 1) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let once = CaseFolding.fold(String(scalar))
            guard String(validating: once, as: UTF8.self) != nil else {
                Issue.record("U+\(String(value, radix: 16)) folds to what is no UTF-8")
                continue
            }
            if value < 0x3400 || value % 17 == 0 {
                #expect(
                    CaseFolding.fold(String(decoding: once, as: UTF8.self)) == once, "U+\(String(value, radix: 16))")
            }
        }
    }

    @Test func agreesWithAPlainSearch() {
        var random = SeededRandom()
        func word(_ count: Int) -> String {
            String((0..<count).map { _ in "ABÉ".randomElement(using: &random) ?? "A" })
        }
        for _ in 0..<3_000 {
            let hay = word(.random(in: 0...30, using: &random))
            let needle = word(.random(in: 1...5, using: &random))
            #expect(SearchNeedle(needle).isFound(in: hay.lowercased()) == hay.contains(needle))
        }
    }

    @Test func linearForEveryNeedle() {
        func hay(_ count: Int) -> [UInt8] { CaseFolding.fold(String(repeating: "A", count: count)) }
        let needle = SearchNeedle(String(repeating: "a", count: 1_000) + "b")
        #expect(growth(to: 100_000, of: hay) { _ = needle.isFound(in: $0) } < 1.5)
    }

    @Test("case 104: combining marks without end are folded in linear time")
    func combiningMarks() {
        func marks(_ count: Int) -> String { "a" + String(repeating: "\u{301}\u{323}", count: count) }
        let growth = growth(to: 80_000, of: marks) { _ = CaseFolding.fold($0) }
        #expect(growth < 1.5)
        #expect(processorTime { _ = CaseFolding.fold(marks(262_144)) } < 15)
        let subject = message("Subject: " + marks(200_000) + "\n\n")
        #expect(processorTime { _ = MessageParser.parse(subject) } < 15)
    }
}

@Suite struct MessageTextTests {
    private static let sample = message(
        """
        Subject: =?utf-8?q?caf=C3=A9?= one
        Subject: two
        X-Folded: a
         b
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/plain; charset=iso-8859-1
        Content-Transfer-Encoding: quoted-printable

        gr=FC=DF=
        e
        --b
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: base64

        PHA+SGFsbG88L3A+PHNjcmlwdD5ldmlsKCk8L3NjcmlwdD4mZXVybzs=
        --b
        Content-Type: image/png

        notext
        --b
        Content-Type: message/rfc822

        Subject: =?utf-8?q?inn=C3=A9r?=

        nested
        --b--
        """)

    @Test func headerValues() {
        let header = Array(MessageTextTests.sample.prefix(MessageParser.parse(MessageTextTests.sample).headerSize))
        #expect(MessageText.headerValues(header, named: "SUBJECT") == ["café one", "two"])
        #expect(MessageText.headerValues(header, named: "x-folded") == ["a b"])
        #expect(MessageText.headerValues(header, named: "X-None") == [])
        #expect(MessageText.headerLines(header).first == "Subject: café one")
    }

    @Test func bodyTexts() {
        let parts = MessageParser.parse(MessageTextTests.sample).parts
        let texts = MessageText.bodyTexts(parts: parts, message: MessageTextTests.sample)
        #expect(texts.contains("grüße"))
        #expect(
            texts.contains { $0.contains("Hallo") && $0.contains("€") && !$0.contains("evil") && !$0.contains("<") })
        #expect(texts.contains("Subject: innér"))
        #expect(texts.contains("nested"))
        #expect(!texts.contains { $0.contains("notext") })
        #expect(!texts.contains { $0.contains("café") })
    }

    @Test func rangesBeyondTheMessageAreCut() {
        let parts = MessageParser.parse(MessageTextTests.sample).parts
        _ = MessageText.bodyTexts(parts: parts, message: Array(MessageTextTests.sample.prefix(200)))
        #expect(MessageText.bodyTexts(parts: parts, message: []).joined().isEmpty)
    }

    @Test(arguments: [
        ("<p>a</p>b", " a b"), ("a<b>b</b>c", "abc"), ("a &lt; b &amp; c", "a < b & c"),
        ("&#233;&#xe9;&bogus;&", "éé&bogus;&"),
        ("<!-- x > y -->z", "z"), ("<style>p{}</style>q", " q"), ("<script>a<b</script>c", " c"),
        ("1 < 2 > 1", "1 < 2 > 1"),
        ("<", "<"), ("<p", " "), ("<!--", ""), ("<script>", " "), ("a<br/>b", "a b"), ("&#1114112;", "&#1114112;"),
        ("&#0;", "&#0;"),
        ("<!DOCTYPE html>x", " x"),
    ])
    func html(_ given: String, expected: String) {
        #expect(HTMLText.plain(given) == expected)
    }

    @Test(
        "case 106: HTML without end is read in linear time",
        arguments: [
            "<div>", "<", "<!--", "<script>", "&", "&#", "<style></style", "</", "<a ",
        ])
    func hostileHTML(_ piece: String) {
        func html(_ count: Int) -> String { String(repeating: piece, count: count) }
        #expect(growth(to: 20_000, of: html) { _ = HTMLText.plain($0) } < 1.5)
    }
}
