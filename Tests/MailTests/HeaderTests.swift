// Header blocks: fields, filters, parameters, encoded words.

import Mail
import TestSupport
import Testing

@Suite struct HeaderFieldsTests {
    private func pairs(_ text: String) -> [String] {
        let fields = HeaderFields(Array(text.utf8))
        return fields.map {
            String(decoding: fields.block[$0.name], as: UTF8.self) + "|"
                + String(decoding: fields.unfolded($0), as: UTF8.self)
        }
    }

    @Test(arguments: [
        ("A: b\r\nC:d\r\n\r\nE: f\r\n", ["A|b", "C|d"]),
        ("A: b\nC: d", ["A|b", "C|d"]),
        ("A : b \r\n c\r\n\td\r\n", ["A|b  c\td"]),
        ("A:\r\n b\r\n", ["A|b"]),
        ("A:\r\nB:\r\n", ["A|", "B|"]),
        (" folded nothing\r\nA: b\r\n", ["A|b"]),
        ("no colon here\r\n and more\r\nA: b\r\n", ["A|b"]),
        ("From a@b Mon Jan 1 00:00:00 2020\r\nA: b\r\n", ["A|b"]),
        (": b\r\n:\r\nA: b", ["A|b"]), ("", []), ("\r\n", []), ("\n", []), ("\r", []), ("A", []), ("A:", ["A|"]),
        ("A: b\0c\r\n", ["A|bc"]),
    ])
    func fields(_ block: String, expected: [String]) {
        #expect(pairs(block) == expected)
    }

    @Test(arguments: [
        (["from", "TO"], false, "From: a\r\nTo: b,\r\n c\r\n\r\n"),
        (["Subject"], false, "\r\n"),
        (["from", "to"], true, "X-Odd : d\r\nno colon\r\n\r\n"),
        (["x-odd"], false, "X-Odd : d\r\n\r\n"),
        ([], true, "From: a\r\nTo: b,\r\n c\r\nX-Odd : d\r\nno colon\r\n\r\n"),
        ([], false, "\r\n"),
    ])
    func filter(_ names: [String], not: Bool, expected: String) {
        let header = bytes("From: a\r\nTo: b,\r\n c\r\nX-Odd : d\r\nno colon\r\n\r\n")
        #expect(text(HeaderFilter.filter(header, fields: names, not: not)) == expected)
    }

    @Test func filterEndsWithAnEmptyLineAlsoWhereTheHeaderHasNone() {
        #expect(text(HeaderFilter.filter(bytes("From: a"), fields: ["From"], not: false)) == "From: a\r\n\r\n")
        #expect(text(HeaderFilter.filter(bytes("From: a\n\n"), fields: ["From"], not: false)) == "From: a\n\r\n")
        #expect(text(HeaderFilter.filter([], fields: ["From"], not: false)) == "\r\n")
    }

    @Test func otherFieldsEndAsTheHeaderDoes() {
        #expect(text(HeaderFilter.filter(bytes("A: b\r\n"), fields: ["From"], not: true)) == "A: b\r\n")
        #expect(text(HeaderFilter.filter(bytes(" x\r\nA: b\r\n\r\n"), fields: ["a"], not: true)) == " x\r\n\r\n")
    }

    @Test("case 105: many equal names do not make it slow")
    func manyNames() {
        func block(_ count: Int) -> [UInt8] { bytes(String(repeating: "X-Same: 1\r\n", count: count)) }
        let names = (0..<1_000).map { "X-Name-\($0)" }
        #expect(growth(to: 10_000, of: block) { _ = HeaderFilter.filter($0, fields: names, not: true) } < 1.5)
    }
}

@Suite struct ParametersTests {
    @Test(
        arguments: [
            ("text/plain; name=a.txt", "a.txt"), ("text/plain; name=\"a b.txt\"", "a b.txt"),
            ("text/plain; name=\"a\\\"b\"", "a\"b"), ("text/plain;; ;name=a;", "a"), ("text/plain name=a", "a"),
            ("text/plain; name*=utf-8''%e2%82%ac%20rates", "€ rates"), ("text/plain; name*=iso-8859-1'en'%A3", "£"),
            ("text/plain; name*0=a; name*1=b; name*2=c", "abc"), ("text/plain; name*1=b; name*0=a", "ab"),
            ("text/plain; name*0*=utf-8''%e2%82; name*1*=%ac; name*2=\" 100%25\"", "€ 100%25"),
            ("text/plain; name=\"=?utf-8?q?caf=C3=A9?=\"", "café"), ("text/plain; NAME=a (comment)", "a"),
            ("text/plain; name=plain; name*=utf-8''better", "better"), ("text/plain; name", nil),
            ("text/plain; name*=nonsense", "nonsense"), ("text/plain; name*=utf-8''%zz%", "%zz%"),
            ("text/plain; name=\"open", "open"), ("text/plain", nil),
        ] as [(String, String?)])
    func names(_ value: String, expected: String?) {
        #expect(ContentType(bytes(value)).name == expected)
    }

    @Test(arguments: [
        ("text/html", "text", "html"), ("TEXT/HTML; x=y", "text", "html"), ("text / html", "text", "html"),
        ("(c) image/png (d)", "image", "png"), ("", "text", "plain"), ("text", "text", "plain"),
        ("/plain", "text", "plain"), ("???", "text", "plain"), ("a b/c", "text", "plain"),
        ("application/vnd.ms-x+xml", "application", "vnd.ms-x+xml"), ("tëxt/plain", "text", "plain"),
    ])
    func types(_ value: String, type: String, subtype: String) {
        let found = ContentType(bytes(value))
        #expect(found.typeName == type)
        #expect(found.subtypeName == subtype)
    }

    @Test func dispositions() {
        #expect(ContentDisposition(bytes("ATTACHMENT; filename=a.pdf"))?.isAttachment == true)
        #expect(ContentDisposition(bytes("inline"))?.isAttachment == false)
        #expect(ContentDisposition(bytes("; filename=a.pdf"))?.fileName == "a.pdf")
        #expect(ContentDisposition(bytes("")) == nil)
    }

    @Test("case 94: 100,000 continuations, gaps and huge numbers stay within the limit and give a name")
    func continuations() {
        let many = bytes("attachment" + (0..<100_000).map { "; filename*\($0)*=a" }.joined())
        let time = processorTime {
            let found = ContentDisposition(many)
            #expect(found?.parameters.list.count == 1)
            #expect(found?.fileName?.utf8.count == 128)
        }
        #expect(time < 2)
        let gaps = ContentDisposition(bytes("attachment; filename*0=a; filename*2=c; filename*99999999999=d"))
        #expect(gaps?.parameters.list.count == 3)
        #expect(gaps?.fileName == nil)
        let doubles = ContentDisposition(bytes("attachment; filename*0=a; filename*0=b; filename=good.txt"))
        #expect(doubles?.fileName == "good.txt")
    }
}

@Suite struct EncodedWordTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("=?utf-8?q?caf=C3=A9?=", "café"), ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
        ("=?iso-8859-1?q?a?= =?iso-8859-1?q?b?=", "ab"), ("=?iso-8859-1?q?a?= b", "a b"),
        ("=?iso-8859-1?q?a?=  =?iso-8859-2?q?b?=", "ab"), ("=?iso-8859-1?q?a_b?=", "a b"),
        ("a =?iso-8859-1*en?q?=E9?= b", "a é b"), ("x=?utf-8?q?y?=z", "xyz"),
        // A character that the sender cut in two.
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"), ("=?utf-8?b?w6k=?=\r\n =?utf-8?b?w6k=?=", "éé"),
        ("=?koi8-r?q?=C4?=", "д"), ("=?iso-2022-jp?b?GyRCJCIbKEI=?=", "あ"), ("=?gb2312?b?xOO6ww==?=", "你好"),
        ("=?shift_jis?q?=82=A0?=", "あ"), ("=?windows-1252?q?=80?=", "€"), ("=?no-such?q?=E9?=", "é"),
        ("=?no-such?q?=C3=A9?=", "é"), ("=?utf-8?q?=FF?=", "\u{fffd}"), ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?open", "=?utf-8?q?open"), ("=?utf-8?q?", "=?utf-8?q?"), ("=?", "=?"), ("=", "="),
        ("=??q?a?=", "=??q?a?="),
        ("=?utf-8?q?a =?utf-8?q?b?=", "=?utf-8?q?a b"), ("=?utf-8?b?!!!?=", ""), ("=?utf-8?q?a=0D=0AB: c?=", "a  B: c"),
        ("=?utf-8?b?YWI==?=", "ab"), ("=?utf-8?q?=4?=", "=4"), ("raw é", "raw é"),
    ])
    func decodes(_ given: String, expected: String) {
        #expect(EncodedWord.decode(bytes(given)) == expected)
    }

    @Test func rawBytesAreGuessed() {
        #expect(EncodedWord.decode([0x63, 0xe9]) == "cé")
        #expect(EncodedWord.decode([0x80, 0x20, 0x81]) == "€ \u{fffd}")
    }

    @Test(
        "case 95: 100,000 encoded words in linear time",
        arguments: [
            "=?utf-8?q?=C3=A9?= ", "=?utf-8?q?=C3?= =?utf-8?q?=A9?= ", "=?x?q?a?= ", "=?utf-8?b?", "=?utf-8?q?a", "=?",
            "=?a?b?c",
            "=?utf-8?q? ",
        ])
    func manyWords(_ piece: String) {
        func words(_ count: Int) -> [UInt8] { bytes(String(repeating: piece, count: count)) }
        #expect(growth(to: 10_000, of: words) { _ = EncodedWord.decode($0) } < 1.5)
        let time = processorTime { _ = EncodedWord.decode(words(100_000)) }
        #expect(time < 20)
    }
}
