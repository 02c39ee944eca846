// TOTP and recovery codes of an account: once each, not too many guesses, and nothing without the key.

import Accounts
import Foundation
import Mail
import MailCrypto
import MailStore
import Synchronization
import TestSupport
import Testing

private let alice = "alice@example.org"

@Suite struct TwoFactorTests {
    @Test("case 119: a code counts once, also 100 times at once, and not again after a restart")
    func onceOnly() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            let code = try app.code(at: house.clock.time)
            let successes = await house.inParallel(100) { try await $0.useTOTP(alice, code: code) }
            #expect(successes == 1)
            let again = try await Store.open(at: house.path, exclusive: false, logger: .quiet)
            let after = AccountAdministration(
                store: again, parameters: house.parameters, actor: "test", now: house.clock.now)
            await #expect(throws: AdministrationError.credential(.wrongCode)) {
                try await after.useTOTP(alice, code: code)
            }
            house.clock.advance(by: 30)
            try await after.useTOTP(alice, code: try app.code(at: house.clock.time))
            await again.close()
        }
    }

    @Test("case 120: a code of an earlier step is worth nothing once a later one was used")
    func monotonic() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            house.clock.advance(by: 60)
            let earlier = try app.code(at: house.clock.time - 30)
            try await house.administration.useTOTP(alice, code: try app.code(at: house.clock.time))
            await #expect(throws: AdministrationError.credential(.wrongCode)) {
                try await house.administration.useTOTP(alice, code: earlier)
            }
            try await house.administration.useTOTP(alice, code: try app.code(at: house.clock.time + 30))
        }
    }

    @Test("case 121: a clock two hours off lets nothing be used again, and codes work when it is right again")
    func clockOff() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            house.clock.advance(by: 60)
            let used = try app.code(at: house.clock.time)
            try await house.administration.useTOTP(alice, code: used)
            let right = house.clock.time
            for offset: Int64 in [-7_200, 7_200] {
                house.clock.set(right + offset)
                let code = try app.code(at: right + 30)
                await #expect(throws: AdministrationError.credential(.wrongCode)) {
                    try await house.administration.useTOTP(alice, code: code)
                }
            }
            house.clock.set(right)
            await #expect(throws: AdministrationError.credential(.wrongCode)) {
                try await house.administration.useTOTP(alice, code: used)
            }
            try await house.administration.useTOTP(alice, code: try app.code(at: right + 30))
        }
    }

    @Test("case 122: of 1,000 guesses at most 10 an hour are looked at, also after a restart and a right code")
    func guesses() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            house.clock.advance(by: 3_600)
            let wrong = try app.wrongCode(at: house.clock.time)
            var looked = 0
            for round in 0..<1_000 {
                if round == 5 {
                    try await house.administration.useTOTP(alice, code: try app.code(at: house.clock.time))
                }
                let refusal = await refusal { try await house.administration.useTOTP(alice, code: wrong) }
                if refusal == .credential(.wrongCode) { looked += 1 }
            }
            #expect(looked == 10)
            let again = try await Store.open(at: house.path, exclusive: false, logger: .quiet)
            let after = AccountAdministration(
                store: again, parameters: house.parameters, actor: "test", now: house.clock.now)
            house.clock.advance(by: 30)
            let right = try app.code(at: house.clock.time)
            let refusal = await refusal { try await after.useTOTP(alice, code: right) }
            guard case .credential(.tooManyAttempts) = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            house.clock.advance(by: 3_600)
            try await after.useTOTP(alice, code: try app.code(at: house.clock.time))
            await again.close()
        }
    }

    @Test("case 122: after 100 wrong codes in a row no code counts, until a recovery code or a reset")
    func hundredInARow() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            let codes = try await house.administration.renewRecoveryCodes(alice)
            for _ in 0..<10 {
                house.clock.advance(by: 3_601)
                let wrong = try app.wrongCode(at: house.clock.time)
                for _ in 0..<10 {
                    await #expect(throws: AdministrationError.credential(.wrongCode)) {
                        try await house.administration.useTOTP(alice, code: wrong)
                    }
                }
            }
            house.clock.advance(by: 3_601)
            let right = try app.code(at: house.clock.time)
            await #expect(throws: AdministrationError.credential(.blocked(alice))) {
                try await house.administration.useTOTP(alice, code: right)
            }
            let status = try await house.administration.totpStatus(alice)
            #expect(status.isBlocked && status.failures == 100)
            try await house.administration.useRecoveryCode(alice, code: try #require(codes.first))
            try await house.administration.useTOTP(alice, code: right)
            #expect(try await house.administration.totpStatus(alice).failures == 0)
        }
    }

    @Test("case 123: an enrolment counts once a code confirmed it; the secret is told once")
    func enrolment() async throws {
        try await Household.with { house in
            let administration = house.administration
            #expect(try await administration.totpStatus(alice).state == .off)
            let abandoned = AuthenticatorApp(try await administration.enrolTOTP(alice))
            #expect(try await administration.totpStatus(alice).state == .pending)
            let early = try abandoned.code(at: house.clock.time)
            await #expect(throws: AdministrationError.credential(.totpIsPending(alice))) {
                try await administration.useTOTP(alice, code: early)
            }
            #expect(try await administration.policy(alice).effective == .everywhere)

            let app = AuthenticatorApp(try await administration.enrolTOTP(alice))
            #expect(app.secret != abandoned.secret)
            for wrong in [try app.wrongCode(at: house.clock.time), early, "", "12345"] {
                await #expect(throws: AdministrationError.credential(.wrongCode)) {
                    try await administration.confirmTOTP(alice, code: wrong)
                }
            }
            #expect(try await administration.totpStatus(alice).state == .pending)
            let code = try app.code(at: house.clock.time)
            try await administration.confirmTOTP(alice, code: code)
            #expect(try await administration.totpStatus(alice).state == .on)
            #expect(try await administration.policy(alice).effective == .never)
            await #expect(throws: AdministrationError.credential(.wrongCode), "the confirming code is used up") {
                try await administration.useTOTP(alice, code: code)
            }
            await #expect(throws: AdministrationError.credential(.totpIsOn(alice))) {
                try await administration.enrolTOTP(alice)
            }
            try await administration.resetTOTP(alice)
            #expect(try await administration.totpStatus(alice).state == .off)
            await #expect(throws: AdministrationError.credential(.totpIsOff(alice))) {
                try await administration.resetTOTP(alice)
            }
        }
    }

    @Test("case 124: a recovery code counts once of 100 times at once, and how many are left is durable")
    func recoveryCodes() async throws {
        try await Household.with { house in
            await #expect(throws: AdministrationError.credential(.totpIsOff(alice))) {
                try await house.administration.renewRecoveryCodes(alice)
            }
            _ = try await house.enrolled()
            let old = try await house.administration.renewRecoveryCodes(alice)
            let codes = try await house.administration.renewRecoveryCodes(alice)
            #expect(codes.count == 10 && Set(codes + old).count == 20)
            #expect(codes.allSatisfy { $0.count == 19 })
            await #expect(throws: AdministrationError.credential(.wrongRecoveryCode)) {
                try await house.administration.useRecoveryCode(alice, code: old[0])
            }
            house.clock.advance(by: 3_601)
            let successes = await house.inParallel(100) { try await $0.useRecoveryCode(alice, code: codes[0]) }
            #expect(successes == 1)
            let again = try await Store.open(at: house.path, exclusive: false, logger: .quiet)
            let after = AccountAdministration(
                store: again, parameters: house.parameters, actor: "test", now: house.clock.now)
            #expect(try await after.totpStatus(alice).recoveryCodes == 9)
            house.clock.advance(by: 3_601)
            try await after.useRecoveryCode(alice, code: codes[1].uppercased().replacing("-", with: " "))
            #expect(try await after.totpStatus(alice).recoveryCodes == 8)
            await again.close()
        }
    }

    @Test func secretsAreSealedAndHashed() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            let codes = try await house.administration.renewRecoveryCodes(alice)
            let account = try await house.administration.account(alice)
            let records = try await house.store.directory.credentials(of: account.id)
            for record in records {
                #expect(!record.secret.contains(Base32.encode(app.secret)))
                #expect(Data(base64Encoded: record.secret).map { !Array($0).contains(app.secret) } ?? true)
                for code in codes { #expect(!record.secret.contains(code.filter { $0 != "-" })) }
            }
            #expect(records.filter { $0.kind == .recoveryCode }.allSatisfy { $0.secret.hasPrefix("$argon2id$") })
        }
    }
}

@Suite struct TOTPKeyTests {
    @Test("case 135: without its key file a code is refused and the reason told; no other key is made")
    func missing() async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            let file = house.administration.totpKeyFile
            let key = try #require(FileManager.default.contents(atPath: file.path))
            #expect(key.count == 32)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)

            try FileManager.default.removeItem(atPath: file.path)
            house.clock.advance(by: 60)
            let code = try app.code(at: house.clock.time)
            let problem = AdministrationError.credential(.key(.missing(path: file.path)))
            await #expect(throws: problem) { try await house.administration.useTOTP(alice, code: code) }
            await #expect(throws: problem) { try await house.administration.enrolTOTP("bob@example.org") }
            #expect(problem.explanation.contains(file.path))
            #expect(!FileManager.default.fileExists(atPath: file.path))

            let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            #expect(FileManager.default.createFile(atPath: file.path, contents: key, attributes: attributes))
            try await house.administration.useTOTP(alice, code: code)
        }
    }

    @Test(
        "case 135: an empty, short, zero, wrong or public key file opens nothing",
        arguments: [
            (Data(), 0o600), (Data(repeating: 7, count: 31), 0o600), (Data(repeating: 0, count: 32), 0o600),
            (Data(repeating: 7, count: 33), 0o600), (Data(repeating: 7, count: 32), 0o600), (nil, 0o644),
        ] as [(Data?, Int)])
    func wrong(contents: Data?, mode: Int) async throws {
        try await Household.with { house in
            let app = try await house.enrolled()
            let path = house.administration.totpKeyFile.path
            let key = try #require(FileManager.default.contents(atPath: path))
            try FileManager.default.removeItem(atPath: path)
            let put = contents ?? key
            #expect(FileManager.default.createFile(atPath: path, contents: put, attributes: [.posixPermissions: mode]))
            house.clock.advance(by: 60)
            let code = try app.code(at: house.clock.time)
            let refusal = await refusal { try await house.administration.useTOTP(alice, code: code) }
            switch refusal {
            case .credential(.key), .credential(.wrongKey): break
            default: Issue.record("\(String(describing: refusal))")
            }
            #expect(FileManager.default.contents(atPath: path) == put, "a key file is never written again")
            #expect(try await house.administration.totpStatus(alice).failures == 0)
        }
    }

    @Test("a sealed secret in another account's row opens nothing")
    func boundToItsRow() async throws {
        try await Household.with { house in
            _ = try await house.enrolled()
            let app = try await house.enrolled("bob@example.org")
            let (mine, his) = (try await house.totp(alice), try await house.totp("bob@example.org"))
            try await house.store.directory.rehash(mine.id, from: mine.secret, to: his.secret)
            house.clock.advance(by: 60)
            let code = try app.code(at: house.clock.time)
            let refusal = await refusal { try await house.administration.useTOTP(alice, code: code) }
            #expect(refusal == .credential(.wrongKey(path: house.administration.totpKeyFile.path, account: alice)))
        }
    }

    @Test func twoMakersEndWithOneKey() async throws {
        try await Household.with { house in
            let file = KeyFile(path: "\(house.path)/keys/test.key")
            let keys = await withTaskGroup(of: SealingKey?.self) { group in
                for _ in 0..<20 { group.addTask { try? file.loadOrMake() } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(keys.allSatisfy { $0 != nil && $0 == keys.first })
            let left = try FileManager.default.contentsOfDirectory(atPath: "\(house.path)/keys")
            #expect(left.filter { $0.hasPrefix("test.key") } == ["test.key"])
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: part) }
    }
}
