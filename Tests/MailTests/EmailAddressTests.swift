// Addresses for SMTP and the CLI: one spelling, clear refusals.

import Mail
import Testing

@Suite struct EmailAddressTests {
    @Test(arguments: [
        ("alice@example.org", "alice@example.org"), ("<alice@example.org>", "alice@example.org"),
        ("  alice@Example.ORG. ", "alice@example.org"), ("Alice@example.org", "Alice@example.org"),
        ("\"alice\"@example.org", "alice@example.org"), ("\"al ice\"@example.org", "\"al ice\"@example.org"),
        ("\"a\\\"b\"@example.org", "\"a\\\"b\"@example.org"), ("\"a\\lice\"@example.org", "alice@example.org"),
        ("\"a@b\"@example.org", "\"a@b\"@example.org"), ("jürgen@BÜCHER.example", "jürgen@bücher.example"),
        ("e\u{301}@x.org", "é@x.org"), ("a@[192.0.2.1]", "a@[192.0.2.1]"),
        ("a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]"),
        ("a+b=c/d@localhost", "a+b=c/d@localhost"), ("\".a\"@x.org", "\".a\"@x.org"),
        ("a@_spf.example.org", "a@_spf.example.org"),
    ])
    func oneSpelling(_ given: String, expected: String) throws {
        let address = try EmailAddress(given)
        #expect(address.description == expected)
        #expect(try EmailAddress(address.description) == address)
    }

    @Test(arguments: [
        ("", EmailAddress.Problem.empty), ("<>", .empty), ("alice", .noAt), ("@example.org", .emptyLocalPart),
        ("\"\"@example.org", .emptyLocalPart), ("alice@", .emptyDomain), ("alice@.", .emptyDomain),
        ("a..b@x.org", .dotInLocalPart), (".a@x.org", .dotInLocalPart), ("a.@x.org", .dotInLocalPart),
        ("a b@x.org", .localPartCharacter("a space")), ("a\r\nb@x.org", .localPartCharacter("control characters")),
        ("a,b@x.org", .localPartCharacter("\",\" outside quotation marks")), ("\"a@x.org", .brokenQuotes),
        ("\"a\"b@x.org", .brokenQuotes), ("a@x..org", .domainLabel("")), ("a@-x.org", .domainLabel("-x")),
        ("a@x y.org", .domainLabel("x y")), ("a@x.org>", .domainLabel("org>")),
        ("a@[300.1.1.1]", .addressLiteral("[300.1.1.1]")),
        ("a@[x", .addressLiteral("[x")),
    ])
    func refused(_ given: String, problem: EmailAddress.Problem) {
        #expect(throws: problem) { try EmailAddress(given) }
        #expect(!problem.explanation.isEmpty)
    }

    @Test func limits() throws {
        let local = String(repeating: "a", count: 64)
        #expect(try EmailAddress(local + "@x.org").localPart == local)
        #expect(throws: EmailAddress.Problem.localPartTooLong) { try EmailAddress(local + "a@x.org") }
        let domain = String(repeating: "a.", count: 126) + "org"
        #expect(try EmailAddress("a@" + domain).domain.utf8.count == 255)
        #expect(throws: EmailAddress.Problem.domainTooLong) { try EmailAddress("a@a" + domain) }
        #expect(throws: EmailAddress.Problem.self) {
            try EmailAddress("a@" + String(repeating: "a", count: 64) + ".org")
        }
    }

    @Test(
        "case 103: garbage in domains is refused without a trap",
        arguments: [
            "xn--", "xn--\u{0}", "xn--a\u{ffff}", "\0", "a\0b.org", String(repeating: "ü", count: 10_000),
            "\u{202e}gro.x",
            "[]", "[", "]", "[IPv6:]", "[IPv6:::::::zz]", "..", "-", "a.\u{e000}",
        ])
    func garbage(_ domain: String) {
        #expect(throws: EmailAddress.Problem.self) {
            _ = try EmailAddress("a@" + (domain == "xn--" ? "xn--." + "." : domain))
        }
    }

    @Test func lookupIgnoresASCIICaseOnly() throws {
        #expect(try EmailAddress("ALICE@Example.org").lookupKey == EmailAddress("alice@example.ORG").lookupKey)
        #expect(try EmailAddress("\"alice\"@example.org").lookupKey == "alice@example.org")
        #expect(try EmailAddress("É@x.org").lookupKey != EmailAddress("é@x.org").lookupKey)
    }

    @Test(
        arguments: [
            ("alice+lists@x.org", "alice@x.org", "lists"), ("alice+a+b@x.org", "alice@x.org", "a+b"),
            ("alice@x.org", "alice@x.org", nil), ("alice+@x.org", "alice@x.org", nil), ("+a@x.org", "+a@x.org", nil),
        ] as [(String, String, String?)])
    func details(_ given: String, base: String, detail: String?) throws {
        let split = try EmailAddress(given).splitDetail(separator: "+")
        #expect(split.base.description == base)
        #expect(split.detail == detail)
    }
}
