// Nothing that was told once is found in the data directory afterwards.

import Accounts
import Foundation
import Mail
import MailCrypto
import MailStore
import TestSupport
import Testing

private let alice = "alice@example.org"

@Suite struct CanaryTests {
    @Test("no password, code or secret lies in the data directory in any spelling")
    func nothingIsFound() async throws {
        try await Household.with { house in
            let offer = try await house.administration.enrolTOTP(alice)
            let app = AuthenticatorApp(offer)
            try await house.administration.confirmTOTP(alice, code: try app.code(at: house.clock.time))
            let codes = try await house.administration.renewRecoveryCodes(alice)
            let made = try await house.administration.createAppPassword(alice, label: "canary-label")
            try await house.administration.useRecoveryCode(alice, code: codes[0])
            _ = await refusal { try await house.administration.useRecoveryCode(alice, code: codes[0]) }
            let service = SelfService(
                store: house.store, hashing: .init(), parameters: house.parameters, address: alice,
                remoteAddress: "192.0.2.1", now: house.clock.now)
            _ = await refusal {
                try await service.resetTOTP(SelfProof(password: Household.password, code: codes[0]))
            }

            let key = try #require(FileManager.default.contents(atPath: house.administration.totpKeyFile.path))
            var canaries = [app.secret, Array(Base32.encode(app.secret).utf8), Array(offer.secret.utf8)]
            canaries += [Household.password, Array(made.secret.utf8), Array(made.secret.filter { $0 != "-" }.utf8)]
            canaries += codes.flatMap { [Array($0.utf8), Array($0.filter { $0 != "-" }.utf8)] }
            let files = try files(below: house.path)
            #expect(files.contains { $0.hasSuffix("directory.db-wal") }, "\(files)")
            var sawTheLabel = false
            for file in files {
                let contents = try #require(FileManager.default.contents(atPath: file))
                for canary in canaries { #expect(contents.range(of: Data(canary)) == nil, "in \(file)") }
                if !file.hasSuffix("totp.key") { #expect(contents.range(of: key) == nil, "the key in \(file)") }
                sawTheLabel = sawTheLabel || contents.range(of: Data("canary-label".utf8)) != nil
            }
            #expect(sawTheLabel, "the search must be able to find something")
        }
    }

    private func files(below root: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root).map { "\(root)/\($0)" }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }
}
