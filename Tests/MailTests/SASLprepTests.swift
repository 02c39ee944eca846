// RFC 4013's examples, and what is prohibited.

import Mail
import Testing

@Suite struct SASLprepTests {
    @Test(
        "RFC 4013 §3, but for the last, which is about text in both directions",
        arguments: [
            ("I\u{ad}X", "IX"), ("user", "user"), ("USER", "USER"), ("\u{aa}", "a"), ("\u{2168}", "IX"),
            ("a\u{a0}b\u{3000}c", "a b c"), ("e\u{301}", "\u{e9}"), ("a\u{200d}\u{feff}b", "ab"), ("\u{ff21}", "A"),
            ("\u{5d0}@example.org", "\u{5d0}@example.org"),
        ])
    func prepares(text: String, prepared: String) {
        let result = SASLprep.prepared(text)
        #expect(result.map { Array($0.utf8) } == Array(prepared.utf8))
        #expect(result.flatMap(SASLprep.prepared) == result)
    }

    @Test(arguments: [
        "", "\u{7}", "\u{ad}", "a\u{80}", "a\u{e000}", "a\u{fffd}", "a\u{2ff0}", "a\u{202a}", "a\u{2028}",
        "a\u{e0041}", "a\u{378}", "\u{6dd}1",
    ])
    func refuses(text: String) { #expect(SASLprep.prepared(text) == nil, "\(text.debugDescription)") }
}
