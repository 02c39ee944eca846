// Policies and bans as they are set, and what "login explain" makes of them.

import Accounts
import Mail
import MailStore
import TestSupport
import Testing

private let alice = "alice@example.org"

@Suite struct PoliciesTests {
    @Test func serverAndAccount() async throws {
        try await Household.with { house in
            let administration = house.administration
            #expect(try await administration.policy().effective == .everywhere)
            try await administration.setPolicy(.trustedNetworks)
            #expect(try await administration.policy(alice).effective == .trustedNetworks)
            #expect(try await administration.policy(alice).allowsMainPassword(from: "192.168.3.4"))
            #expect(try await !administration.policy(alice).allowsMainPassword(from: "203.0.113.4"))
            try await administration.setPolicy(.never, for: alice)
            #expect(try await administration.policy(alice).effective == .never)
            #expect(try await administration.policy("bob@example.org").effective == .trustedNetworks)
            try await administration.setPolicy(nil, for: alice)
            #expect(try await administration.policy(alice).account == nil)

            try await administration.setTrustedNetworks(["203.0.113.0/24"])
            #expect(try await administration.policy(alice).allowsMainPassword(from: "203.0.113.4"))
            #expect(try await !administration.policy(alice).allowsMainPassword(from: "127.0.0.1"))
            await #expect(throws: AdministrationError.self) {
                try await administration.setTrustedNetworks(["nonsense"])
            }
            try await administration.setTrustedNetworks([])
            #expect(try await !administration.policy(alice).allowsMainPassword(from: "203.0.113.4"))
            try await administration.setTrustedNetworks(nil)
            #expect(try await administration.policy(alice).allowsMainPassword(from: "::1"))
        }
    }
}

@Suite struct BansTests {
    @Test func addsListsLifts() async throws {
        try await Household.with { house in
            let administration = house.administration
            let end = house.clock.time + 60
            let ban = try await administration.addBan("198.51.100.7/24", reason: "knocks", expires: end)
            #expect(ban.network == "198.51.100.0/24")
            _ = try await administration.addBan("2001:db8::/48")
            #expect(Set(try await administration.bans().map(\.network)) == ["198.51.100.0/24", "2001:db8::/48"])
            let inside = AdministrationError.credential(.noSuchBan("198.51.100.9", holder: "198.51.100.0/24"))
            await #expect(throws: inside) { try await administration.liftBan("198.51.100.9") }
            house.clock.advance(by: 60)
            #expect(try await administration.bans().map(\.network) == ["2001:db8::/48"])
            try await administration.liftBan("2001:DB8:0::/48")
            #expect(try await administration.bans().isEmpty)
            await #expect(throws: AdministrationError.credential(.noSuchBan("192.0.2.1"))) {
                try await administration.liftBan("192.0.2.1")
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0/0", "::/0", "::1", "127.0.0.0/16"])
    func neverOneself(network: String) async throws {
        try await Household.with { house in
            let refusal = await refusal { _ = try await house.administration.addBan(network) }
            guard case .credential(.bansYou) = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
        }
    }
}

@Suite struct LoginExplanationTests {
    @Test func saysWhatWouldBeAccepted() async throws {
        try await Household.with { house in
            let administration = house.administration
            try await administration.setPolicy(.trustedNetworks, for: alice)
            _ = try await administration.createAppPassword(
                alice, label: "office", scopes: [.imap], networks: ["203.0.113.0/24"])
            _ = try await administration.createAppPassword(alice, label: "trip", expires: house.clock.time + 5)
            house.clock.advance(by: 10)
            _ = try await administration.addBan("198.51.100.0/24")

            let here = try await administration.loginExplanation(alice, from: "203.0.113.9")
            #expect(here.ways.map(\.kind) == [.password, .appPassword, .appPassword])
            #expect(here.ways.map(\.isAccepted) == [false, true, false])
            #expect(here.ways[0].explanation.contains("not accepted from 203.0.113.9"))
            #expect(here.ways[2].explanation.contains("expired"))
            #expect(here.ban == nil)
            let home = try await administration.loginExplanation(alice, from: "::ffff:192.168.1.2")
            #expect(home.ways.map(\.isAccepted) == [true, false, false])
            #expect(home.from == "192.168.1.2")
            let banned = try await administration.loginExplanation(alice, from: "198.51.100.20")
            #expect(banned.ban?.network == "198.51.100.0/24")
            await #expect(throws: AdministrationError.self) {
                try await administration.loginExplanation(alice, from: "the office")
            }
        }
    }

    @Test func suspensionAndTOTPAreNamed() async throws {
        try await Household.with { house in
            _ = try await house.enrolled()
            let on = try await house.administration.loginExplanation(alice)
            #expect(on.ways.map(\.kind) == [.password, .totp])
            #expect(on.ways[0].explanation.contains("TOTP is on") && !on.ways[0].isAccepted)
            try await house.administration.resetTOTP(alice)
            #expect(try await house.administration.loginExplanation(alice).ways[0].isAccepted)
            try await house.administration.suspendAccount(alice)
            let suspended = try await house.administration.loginExplanation(alice)
            #expect(!suspended.ways[0].isAccepted && suspended.ways[0].explanation.contains("suspended"))
        }
    }

    @Test func failuresHaveTheirReason() async throws {
        try await Household.with { house in
            let account = try await house.administration.account(alice)
            let failure = LoginFailureRecord(
                time: 7, accountID: account.id, name: alice, address: "192.0.2.1", protocolName: "imap",
                mechanism: "PLAIN", tls: "TLSv1.3", reason: "app-password-needed")
            try await house.store.directory.recordFailures([failure])
            let explanation = try await house.administration.loginExplanation(alice)
            #expect(explanation.failures.map(\.record) == [failure])
            #expect(explanation.failures[0].explanation.contains("app password is needed"))
            #expect(try await house.administration.loginExplanation("bob@example.org").failures.isEmpty)
        }
    }
}
