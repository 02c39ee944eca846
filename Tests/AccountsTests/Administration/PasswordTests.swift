// The password policy, at its edges.

import Accounts
import Mail
import MailCrypto
import MailStore
import TestSupport
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

    @Test("an app password's form, and what RFC 8265 leaves out, are no password")
    func forms() throws {
        let text = try AppPasswordText.make().display
        for spelling in [text, text.uppercased(), text.filter { $0 != "-" }] {
            #expect(throws: Password.Problem.looksLikeAppPassword) { try Password.checked(Array(spelling.utf8)) }
        }
        #expect(throws: Password.Problem.disallowed(codePoint: 0xfe0f)) {
            try Password.checked(Array("sixteen hearts \u{2764}\u{fe0f}".utf8))
        }
        let spaced = try Password.checked(Array("cranes\u{a0}over\u{3000}the bay".utf8))
        #expect(spaced == Array("cranes over the bay".utf8))
    }
}

@Suite struct PasswordPolicyTests {
    private static let alice = "alice@example.org"

    @Test(
        "case 118: 15 characters alone, 8 with a second factor",
        arguments: [
            ("pl0ver", false, false), ("plover7", false, false), ("kite-sky", false, true),
            ("plover kite 14", false, true),
            ("plover kite 15x", true, true),
        ])
    func lengths(password: String, alone: Bool, withTOTP: Bool) async throws {
        try await Household.with { house in
            let choice = PasswordChoice.given(Array(password.utf8))
            let first = await refusal { _ = try await house.administration.setPassword(of: Self.alice, to: choice) }
            #expect((first == nil) == alone, "\(String(describing: first))")
            let offered = AuthenticatorApp(try await house.administration.enrolTOTP(Self.alice))
            let pending = await refusal { _ = try await house.administration.setPassword(of: Self.alice, to: choice) }
            #expect((pending == nil) == alone, "an offer is no second factor")
            try await house.administration.confirmTOTP(Self.alice, code: try offered.code(at: house.clock.time))
            let second = await refusal { _ = try await house.administration.setPassword(of: Self.alice, to: choice) }
            #expect((second == nil) == withTOTP, "\(String(describing: second))")
        }
    }

    @Test(
        "what is guessed first is refused",
        arguments: [
            "passwordpassword", "aaaaaaaaaaaaaaaaaaaa", "iloveyouiloveyou", "alice@example.org", "ALICE@example.org",
            "alice@example.orgalice@example.org",
        ])
    func common(password: String) async throws {
        try await Household.with { house in
            let before = try await house.administration.account(Self.alice)
            let hash = try await house.store.directory.passwordCredential(of: before.id)?.secret
            let refusal = await refusal {
                _ = try await house.administration.setPassword(of: Self.alice, to: .given(Array(password.utf8)))
            }
            switch refusal {
            case .badPassword(.common), .badPassword(.isTheAddress): break
            default: Issue.record("\(String(describing: refusal))")
            }
            #expect(try await house.store.directory.passwordCredential(of: before.id)?.secret == hash)
        }
    }

    @Test("without cracklib's dictionary nothing is set, and the message says what to install")
    func noDictionary() async throws {
        try await Household.with { house in
            let blind = AccountAdministration(
                store: house.store, parameters: house.parameters, actor: "test",
                commonPasswords: CommonPasswords(dictionary: "/nonexistent/cracklib"))
            let refusal = try #require(
                await refusal {
                    _ = try await blind.setPassword(
                        of: Self.alice, to: .given(Array("nine herons at the weir".utf8)))
                })
            #expect(refusal.explanation.contains("cracklib-runtime"))
            _ = try await blind.setPassword(of: Self.alice, to: .generated)
        }
    }
}
