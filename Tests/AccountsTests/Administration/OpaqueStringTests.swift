// RFC 8265's examples, and the corners of the FreeformClass.

import Accounts
import Testing

@Suite struct OpaqueStringTests {
    @Test(
        "RFC 8265 §4.3, examples 12 to 16",
        arguments: [
            ("correct horse battery staple", "correct horse battery staple"),
            ("Correct Horse Battery Staple", "Correct Horse Battery Staple"), ("πßå", "πßå"),
            ("Jack of \u{2666}s", "Jack of \u{2666}s"), ("foo\u{1680}bar", "foo bar"),
            ("foo\u{a0}bar\u{3000}baz", "foo bar baz"), ("e\u{301}", "\u{e9}"), ("\u{ff21}", "\u{ff21}"),
            ("\u{2000}", " "), ("\u{1f426}", "\u{1f426}"),
        ])
    func maps(text: String, mapped: String) {
        #expect(OpaqueString.disallowed(in: text) == nil)
        #expect(Array(OpaqueString.mapped(text).utf8) == Array(mapped.utf8))
        #expect(Array(OpaqueString.mapped(mapped).utf8) == Array(mapped.utf8))
    }

    @Test(
        "what the FreeformClass leaves out; example 18 among it",
        arguments: [
            ("my cat is a \u{9}by", UInt32(9)), ("a\u{7f}", 0x7f), ("\u{ad}", 0xad), ("a\u{200b}", 0x200b),
            ("\u{1100}", 0x1100), ("\u{e000}", 0xe000), ("\u{378}", 0x378), ("\u{2028}", 0x2028), ("\u{202e}", 0x202e),
            ("\u{2764}\u{fe0f}", 0xfe0f),
            ("\u{640}", 0x640), ("a\u{b7}b", 0xb7), ("a\u{200d}b", 0x200d), ("\u{200c}", 0x200c),
            ("\u{661}\u{6f1}", 0x661), ("\u{30fb}", 0x30fb), ("\u{375}a", 0x375), ("\u{5f3}", 0x5f3),
        ])
    func leavesOut(text: String, codePoint: UInt32) {
        #expect(OpaqueString.disallowed(in: text)?.value == codePoint)
    }

    @Test(arguments: [UInt32(0xfdd0), 0xffff, 0x10ffff, 0xf0000])
    func leavesOutNoncharacters(value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect(OpaqueString.disallowed(in: "a" + String(Character(scalar))) == scalar)
    }

    @Test(
        "the rules of RFC 5892 appendix A, kept",
        arguments: [
            "l\u{b7}l", "\u{375}\u{3b1}", "\u{5d0}\u{5f3}", "\u{30fb}\u{30a2}", "\u{661}\u{662}", "\u{6f1}\u{6f2}",
            "\u{915}\u{94d}\u{200d}\u{937}", "\u{645}\u{6cc}\u{200c}\u{62e}", "\u{2167}", "\u{fb01}",
        ])
    func context(text: String) { #expect(OpaqueString.disallowed(in: text) == nil) }
}
