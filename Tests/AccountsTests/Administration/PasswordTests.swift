// The password policy, at its edges.

import Accounts
import Testing

@Suite struct PasswordTests {
    @Test(
        "case 118: lengths, in Unicode code points and in bytes",
        arguments: [
            (1, false), (7, false), (8, false), (14, false), (15, true), (64, true), (256, true), (1_024, true),
            (1_025, false), (10_000_000, false),
        ])
    func lengths(count: Int, isGood: Bool) {
        let password = [UInt8](repeating: 0x78, count: count)
        #expect(((try? Password.checked(password)) != nil) == isGood)
    }

    @Test("case 118: emoji and accents count as characters; blanks within are fine")
    func unicode() throws {
        #expect(throws: Password.Problem.tooShort(characters: 14)) {
            try Password.checked(Array(String(repeating: "🐦", count: 14).utf8))
        }
        #expect(try Password.checked(Array(String(repeating: "🐦", count: 15).utf8)).count == 60)
        #expect(try Password.checked(Array("a b c d e f g h i".utf8)).count == 17)
        let decomposed = "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}"
        #expect(throws: Password.Problem.tooShort(characters: 8)) { try Password.checked(Array(decomposed.utf8)) }
    }

    @Test func wrongCharacters() {
        #expect(throws: Password.Problem.empty) { try Password.checked([]) }
        #expect(throws: Password.Problem.notUTF8) { try Password.checked([UInt8](repeating: 0xff, count: 20)) }
        #expect(throws: Password.Problem.controlCharacter) {
            try Password.checked(Array("a password that ends\n".utf8))
        }
    }
}
