// EXTERNAL: the certificate alone says who it is.

import Accounts
import MailCrypto
import MailStore
import Testing

private let fingerprint = [UInt8](repeating: 0xab, count: 32)

extension LoginHouse {
    fileprivate func enrol(_ address: String = alice, scopes: Set<CredentialScope> = [.imap]) async throws {
        let account = try await administration.account(address)
        let new = NewCredential(
            kind: .certificate, secret: "", publicID: String(repeating: "ab", count: 32), scopes: scopes)
        _ = try await store.directory.addCredential(
            new, to: account.id, limit: 20, action: "certificate-login.add", by: "test")
    }

    fileprivate func external(
        _ response: String, _ certificate: [UInt8]?, scope: CredentialScope = .imap
    ) async throws -> Seen {
        let tls = TLSFacts(version: "TLSv1.3", certificateFingerprint: certificate)
        let conversation = authenticator.begin(.external, connection(scope: scope, tls: tls))
        guard case .challenge(let empty) = await conversation.next(nil), empty.isEmpty,
            case .finished(let outcome, nil) = await conversation.next(Array(response.utf8))
        else { throw NotLoggedIn() }
        return Seen(outcome)
    }
}

@Suite struct CertificateLoginTests {
    @Test("RFC 4422 appendix A: an enrolled certificate logs its account in, also by name")
    func enrolled() async throws {
        try await LoginHouse.with { door in
            try await door.enrol()
            #expect(try await door.external("", fingerprint) == .success)
            #expect(try await door.external("ALICE@example.org", fingerprint) == .success)
            #expect(try await door.external(LoginHouse.bob, fingerprint) == .unauthorized, "case 108")
            let tls = TLSFacts(version: "TLSv1.3", certificateFingerprint: fingerprint)
            #expect(door.authenticator.mechanisms(door.connection(tls: tls)).first == .external)
            #expect(!door.authenticator.mechanisms(door.connection()).contains(.external))
            let conversation = door.authenticator.begin(.external, door.connection(tls: tls))
            guard case .finished(.success, nil) = await conversation.next([]) else { throw NotLoggedIn() }
        }
    }

    @Test("case 134: no certificate, an unknown one, half of one, a name without one: refused")
    func refused() async throws {
        try await LoginHouse.with { door in
            try await door.enrol()
            let others: [[UInt8]?] = [nil, [], [UInt8](repeating: 0xac, count: 32), Array(fingerprint.dropLast())]
            for other in others {
                #expect(try await door.external("", other) == .failure)
                #expect(try await door.external(LoginHouse.alice, other) == .failure)
            }
            let plain = door.authenticator.begin(.external, door.connection(tls: nil))
            guard case .finished(.failure, nil) = await plain.next([]) else { throw NotLoggedIn() }
            let malformed = door.authenticator.begin(.external, door.connection())
            guard case .malformed = await malformed.next([0x61, 0]) else { throw NotLoggedIn() }
        }
    }

    @Test("case 134: scope, suspension and removal hold")
    func restricted() async throws {
        try await LoginHouse.with { door in
            try await door.enrol()
            #expect(try await door.external("", fingerprint, scope: .smtp) == .failure)
            #expect(door.reason == "out-of-scope")
            try await door.administration.suspendAccount(LoginHouse.alice)
            #expect(try await door.external("", fingerprint) == .failure)
            try await door.administration.resumeAccount(LoginHouse.alice)
            #expect(try await door.external("", fingerprint) == .success)
            let account = try await door.administration.account(LoginHouse.alice)
            _ = try await door.store.directory.removeCredentials(
                of: account.id, kind: .certificate, action: "certificate-login.remove", by: "test")
            #expect(try await door.external("", fingerprint) == .failure)
            #expect(door.reason == "unknown-certificate")
        }
    }
}
