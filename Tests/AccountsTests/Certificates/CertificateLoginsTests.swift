// Certificates that log an account in: enrolled once, found again, removed.

import Accounts
import MailCrypto
import MailStore
import TestSupport
import Testing

private let alice = "alice@example.org"

@Suite struct CertificateLoginsTests {
    @Test func enrolsListsRemoves() async throws {
        try await Household.with { house in
            house.clock.set(AccountAdministration.systemTime())
            let pem = try SelfSignedCertificate.make(hostname: "laptop.example.org").certificatePEM
            let added = try await house.administration.addCertificateLogin(alice, pem: pem)
            let facts = try CertificateInfo.parse(pem: pem, file: "test")
            #expect(added.fingerprint == facts.fingerprint && added.expires == facts.notAfter)
            #expect(added.label.contains("laptop.example.org"))
            #expect(try await house.administration.certificateLogins(alice) == [added])

            await #expect(throws: AdministrationError.credential(.certificateIsTaken(added.fingerprint))) {
                try await house.administration.addCertificateLogin("bob@example.org", pem: pem)
            }
            for wrong in [String(added.fingerprint.prefix(7)), "", "00000000", "zzzzzzzz"] {
                await #expect(throws: AdministrationError.credential(.noSuchCertificate(wrong, account: alice))) {
                    try await house.administration.removeCertificateLogin(alice, fingerprint: wrong)
                }
            }
            await #expect(throws: AdministrationError.self) {
                try await house.administration.removeCertificateLogin("bob@example.org", fingerprint: added.fingerprint)
            }
            let typed = added.fingerprint.prefix(8).uppercased()
            try await house.administration.removeCertificateLogin(alice, fingerprint: typed)
            #expect(try await house.administration.certificateLogins(alice).isEmpty)
        }
    }

    @Test(arguments: ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func refuses(pem: String) async throws {
        try await Household.with { house in
            let refusal = await refusal { _ = try await house.administration.addCertificateLogin(alice, pem: pem) }
            guard case .credential(.badCertificate) = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
        }
    }

    @Test func refusesAnExpiredOne() async throws {
        try await Household.with { house in
            let pem = try SelfSignedCertificate.make(hostname: "laptop.example.org").certificatePEM
            house.clock.set(9_999_999_999)
            await #expect(throws: AdministrationError.credential(.badCertificate("it has expired"))) {
                try await house.administration.addCertificateLogin(alice, pem: pem)
            }
        }
    }
}
