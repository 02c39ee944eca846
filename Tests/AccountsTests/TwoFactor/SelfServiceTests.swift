// What people change for themselves: the password each time, with TOTP on a code each time, and never more guesses.

import Accounts
import Mail
import MailCrypto
import MailStore
import TestSupport
import Testing

private let alice = "alice@example.org"

extension Household {
    fileprivate func selfService(_ address: String = alice) -> SelfService {
        SelfService(
            store: store, hashing: HashingPool(), parameters: parameters, address: address,
            remoteAddress: "192.0.2.44", now: clock.now)
    }
}

@Suite struct SelfServiceTests {
    private static let changes: [(String, @Sendable (SelfService, SelfProof) async throws -> Void)] = [
        ("password", { try await $0.changePassword(to: Array("nine herons at the weir".utf8), $1) }),
        ("codes", { _ = try await $0.renewRecoveryCodes($1) }),
        ("app password", { _ = try await $0.createAppPassword(label: "x", $1) }),
        ("revoke", { try await $0.revokeAppPassword(id: "zzzzz", $1) }),
        ("certificate", { _ = try await $0.addCertificateLogin(pem: "", $1) }),
        ("no certificate", { try await $0.removeCertificateLogin(fingerprint: "00000000", $1) }),
        ("reset", { try await $0.resetTOTP($1) }), ("enrol", { _ = try await $0.enrolTOTP($1) }),
        ("confirm", { _ = try await $0.confirmTOTP(code: "000000", $1) }),
    ]

    @Test("with TOTP on every change asks for the password and for a code")
    func asksForBoth() async throws {
        try await Household.with { house in
            _ = try await house.enrolled()
            let service = house.selfService()
            let before = try await house.administration.audit(limit: 1).map(\.id)
            for (name, change) in Self.changes {
                let wrong = await refusal { try await change(service, SelfProof(password: Array("wrong".utf8))) }
                #expect(wrong == .credential(.wrongPassword), "\(name)")
                house.clock.advance(by: 3_601)
                let alone = await refusal { try await change(service, SelfProof(password: Household.password)) }
                #expect(alone == .credential(.codeNeeded), "\(name)")
                let bad = SelfProof(password: Household.password, code: "12345")
                #expect(await refusal { try await change(service, bad) } == .credential(.wrongCode), "\(name)")
            }
            #expect(try await house.administration.audit(limit: 1).map(\.id) == before)
        }
    }

    @Test("case 119: a code lets one change through")
    func oneCodeOneChange() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            let service = house.selfService()
            let proof = SelfProof(password: Household.password, code: try app.code(at: house.clock.time))
            _ = try await service.createAppPassword(label: "first", proof)
            await #expect(throws: AdministrationError.credential(.wrongCode)) {
                try await service.createAppPassword(label: "second", proof)
            }
            #expect(try await house.administration.appPasswords(alice).count == 1)
            let actors = try await house.administration.audit(subject: alice, limit: 1).map(\.actor)
            #expect(actors == ["self:192.0.2.44"])
        }
    }

    @Test("enrolment gives recovery codes, and one of them opens the account again")
    func wholeWay() async throws {
        try await Household.with { house in
            let service = house.selfService()
            let password = SelfProof(password: Household.password)
            let app = AuthenticatorApp(try await service.enrolTOTP(password))
            let codes = try await service.confirmTOTP(code: try app.code(at: house.clock.time), password)
            #expect(codes.count == 10)
            try await service.changePassword(
                to: Array("plover kite 7".utf8), SelfProof(password: Household.password, code: codes[3]))
            let short = Array("plover kite 7".utf8)
            await #expect(throws: AdministrationError.badPassword(.tooShort(characters: 13))) {
                try await service.resetTOTP(SelfProof(password: short, code: codes[4]))
            }
            let long = Array("nine herons at the weir".utf8)
            try await service.changePassword(to: long, SelfProof(password: short, code: codes[5]))
            try await service.resetTOTP(SelfProof(password: long, code: codes[6]))
            let status = try await house.administration.totpStatus(alice)
            #expect(status.state == .off && status.recoveryCodes == 0)
            await #expect(throws: AdministrationError.badPassword(.tooShort(characters: 13))) {
                try await service.changePassword(to: Array("plover kite 8".utf8), SelfProof(password: long))
            }
        }
    }

    @Test("unknown, suspended, without a password, wrong, empty: one face, and a record for the explanation")
    func oneFace() async throws {
        try await Household.with { house in
            _ = try await house.administration.createAccount("carol@example.org", password: .none)
            try await house.administration.suspendAccount("bob@example.org")
            let right = SelfProof(password: Household.password)
            for (address, proof) in [
                ("nobody@example.org", right), ("carol@example.org", right), ("bob@example.org", right),
                (alice, SelfProof(password: Array("wrong".utf8))), (alice, SelfProof(password: [])),
                ("nonsense", right),
                (alice, SelfProof(password: [UInt8](repeating: 0x61, count: 100_000))),
            ] {
                let refusal = await refusal { try await house.selfService(address).resetTOTP(proof) }
                #expect(refusal == .credential(.wrongPassword), "\(address)")
            }
            let failures = try await house.administration.loginExplanation(alice).failures
            #expect(failures.map(\.record.reason) == ["wrong-password", "wrong-password", "wrong-password"])
            #expect(failures.allSatisfy { $0.record.address == "192.0.2.44" })
        }
    }

    @Test(
        "case 122: ten wrong passwords an hour for a name, whether somebody has it or not",
        arguments: [
            alice, "nobody@example.org",
        ])
    func passwordGuesses(address: String) async throws {
        try await Household.with { house in
            let service = house.selfService(address)
            var looked = 0
            for _ in 0..<40 {
                let wrong = await refusal { try await service.resetTOTP(SelfProof(password: Array("wrong".utf8))) }
                if wrong == .credential(.wrongPassword) { looked += 1 }
            }
            #expect(looked == 10)
        }
    }
}
