// Where the main password opens the door, and what is said where it does not.

import Accounts
import MailCrypto
import MailStore
import Testing

@Suite struct MainPasswordLoginTests {
    @Test("case 114: with TOTP on the right password is told to need an app password, a wrong one is just wrong")
    func withTOTP() async throws {
        try await LoginHouse.with { door in
            _ = try await door.administration.enrolTOTP(LoginHouse.alice)
            #expect(await door.logIn(LoginHouse.password) == .success, "not confirmed yet")
            try await door.administration.resetTOTP(LoginHouse.alice)
            _ = try await door.house.enrolled()
            #expect(await door.logIn(LoginHouse.password) == .appPasswordNeeded)
            #expect(door.reason == "app-password-needed")
            #expect(await door.logIn(LoginHouse.password, from: "127.0.0.1") == .appPasswordNeeded, "nowhere")
            #expect(await door.logIn("wrong") == .failure)
            #expect(await door.logIn("nobody@example.org", "wrong") == .failure)
            let events = door.capture.events.map(\.message)
            #expect(events == ["auth-ok", "auth-refused", "auth-refused", "auth-failed", "auth-failed"])
            #expect(await door.logIn(LoginHouse.alice, try await door.appPassword().secret) == .success)
            #expect(await door.logIn(LoginHouse.bob, LoginHouse.password) == .success)
        }
    }

    @Test("the server's policy, the account's own, and the networks that are trusted")
    func policies() async throws {
        try await LoginHouse.with { door in
            try await door.administration.setPolicy(.trustedNetworks)
            #expect(await door.logIn(LoginHouse.password) == .appPasswordNeeded)
            #expect(await door.logIn(LoginHouse.password, from: "10.1.2.3") == .success)
            #expect(await door.logIn(LoginHouse.password, from: "::ffff:10.1.2.3") == .success)
            #expect(await door.logIn(LoginHouse.password, from: "no address") == .appPasswordNeeded)
            try await door.administration.setTrustedNetworks(["192.0.2.0/24"])
            #expect(await door.logIn(LoginHouse.password) == .success)
            #expect(await door.logIn(LoginHouse.password, from: "10.1.2.3") == .appPasswordNeeded)
            try await door.administration.setPolicy(.never, for: LoginHouse.alice)
            #expect(await door.logIn(LoginHouse.password) == .appPasswordNeeded)
            #expect(await door.logIn(LoginHouse.bob, LoginHouse.password) == .success)
            try await door.administration.setPolicy(.everywhere, for: LoginHouse.alice)
            #expect(await door.logIn(LoginHouse.password, from: "203.0.113.1") == .success)
        }
    }

    @Test("what the settings say and nobody understands means never", arguments: ["", "EVERYWHERE", "always", "0"])
    func failsClosed(word: String) async throws {
        try await LoginHouse.with { door in
            try await door.store.directory.setSetting(MainPasswordPolicy.settingKey, word, by: "test")
            #expect(await door.logIn(LoginHouse.password, from: "127.0.0.1") == .appPasswordNeeded)
            try await door.administration.setPolicy(.trustedNetworks)
            try await door.store.directory.setSetting(
                MainPasswordPolicy.trustedNetworksKey, "127.0.0.0/8 nonsense", by: "test")
            #expect(await door.logIn(LoginHouse.password, from: "127.0.0.1") == .appPasswordNeeded)
        }
    }

    @Test("a right password that is refused is no guess")
    func noGuess() async throws {
        try await LoginHouse.with { door in
            try await door.administration.setPolicy(.never)
            for _ in 0..<30 { #expect(await door.logIn(LoginHouse.password) == .appPasswordNeeded) }
        }
    }
}
