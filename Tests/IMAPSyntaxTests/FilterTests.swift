// What may stand in a filter, and what one may be called.

import IMAPSyntax
import Mail
import Testing

struct FilterTests {
    private func parse(_ value: [UInt8]) -> SearchKey? { try? Filter.parse(value, limits: .standard).get() }
    private func parse(_ value: String) -> SearchKey? { parse(Array(value.utf8)) }

    @Test("RFC 5466 §4: search keys and nothing else, as a command has them")
    func values() {
        let small = SearchKey.or(.smaller(5_000), .text(.from, Array("boss@example.com".utf8)))
        #expect(parse("OR SMALLER 5000 FROM \"boss@example.com\"") == small)
        #expect(parse("(OR SMALLER 5000 FROM {16}\r\nboss@example.com)") == small)
        #expect(parse("SUBJECT \"grün\" FILTER other") == .and([.text(.subject, Array("grün".utf8)), .filter("other")]))
        #expect(parse("seen ") == .flag(.seen))
    }

    @Test(
        "what is no list of search keys",
        arguments: [
            "", " ", "OR SMALLER 5000", "FROM", "CHARSET UTF-8 SEEN", "SEEN)", "(SEEN", "SEEN\r\n", "SEEN  DRAFT",
            "SEARCH SEEN", "FILTER", "FILTER a/b", "SUBJECT {9}\r\nx", "SUBJECT {1}x", "SUBJECT x\0",
        ])
    func wrong(value: String) { #expect(parse(value) == nil) }

    @Test("RFC 5466 §2: in UTF-8, in a literal too")
    func encoding() {
        #expect(parse(Array("SUBJECT {1}\r\n".utf8) + [0xe4]) == nil)
        #expect(parse(Array("SUBJECT {2}\r\n".utf8) + [0xc3, 0xa4]) == .text(.subject, [0xc3, 0xa4]))
    }

    @Test("case 60: a filter is as deep, and has as many keys, as a command may")
    func bounds() {
        #expect(parse(String(repeating: "(", count: 10_000) + "SEEN") == nil)
        #expect(parse(String(repeating: "NOT ", count: 49) + "SEEN") != nil)
        #expect(parse(String(repeating: "NOT ", count: 50) + "SEEN") == nil)
        #expect(parse(String(repeating: "SEEN ", count: 1_001)) == nil)
    }

    @Test(
        "entries of filters, and their names",
        arguments: [
            ("/private/filters/values/on-the-road", "on-the-road"), ("/Shared/Filters/Values/Road", "Road"),
            ("/private/filters/values/a/b", "a/b"), ("/private/filters/values", nil),
            ("/private/filters/descriptions/road", nil), ("/private/filters/valuesroad", nil),
        ])
    func names(entry: String, name: String?) throws {
        let entry = try #require(MetadataEntry(Array(entry.utf8)))
        #expect(Filter.name(of: entry) == name)
        guard let name, Filter.isName(name) else { return }
        #expect(Filter.entries(of: name).contains(entry.key))
    }

    @Test func namesThatAreNone() {
        for name in ["", "a/b", "a b", "a]", "a%", "a*", "(", "\"", "\\", "ä", String(repeating: "x", count: 232)] {
            #expect(!Filter.isName(name), "\(name.prefix(20))")
        }
        #expect(Filter.isName(String(repeating: "x", count: 231)))
        #expect(Filter.isName("~a.b-c+1"))
    }
}
