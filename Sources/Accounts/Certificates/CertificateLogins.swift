// Client certificates that log an account in (SASL EXTERNAL): enrolled, listed, removed. What counts is the certificate
// itself, known by the SHA-256 of its DER; who signed it does not matter.

internal import Mail
internal import MailCrypto
package import MailStore

/// An enrolled certificate as lists show it.
package struct CertificateLogin: Hashable, Sendable {
    /// SHA-256 of the certificate's DER, 64 hexadecimal letters.
    package let fingerprint: String
    package let label: String
    package let scopes: Set<CredentialScope>
    package let networks: [String]
    /// Seconds since 1970, as the other times.
    package let created: Int64
    /// The certificate's own end.
    package let expires: Int64?
    package let isExpired: Bool
    package let useCount: Int64
    package let lastUsed: Int64?
}

extension AccountAdministration {
    package static let mostCertificates = 20

    /// Enrols the first certificate of a PEM text. It ends when the certificate does.
    /// - Parameter label: empty for the certificate's subject.
    package func addCertificateLogin(
        _ address: String, pem: String, label: String = "", scopes: Set<CredentialScope> = [], networks: [String] = []
    ) async throws(AdministrationError) -> CertificateLogin {
        let account = try await account(address)
        let information: CertificateInfo
        do { information = try CertificateInfo.parse(pem: pem, file: "the certificate given") } catch {
            throw .credential(.badCertificate("\(error)"))
        }
        guard information.notAfter > now() else { throw .credential(.badCertificate("it has expired")) }
        let subject = String(information.subject.prefix(64).unicodeScalars.filter { $0.value >= 0x20 })
        let new = NewCredential(
            kind: .certificate, secret: "", label: try checkedLabel(label.isEmpty ? subject : label),
            publicID: information.fingerprint, scopes: try Self.checkedScopes(scopes),
            networks: try Self.checkedNetworks(networks), expires: information.notAfter)
        do {
            let record = try await store.directory.addCredential(
                new, to: account.id, limit: Self.mostCertificates, action: "certificate-login.add", by: actor)
            return login(record)
        } catch {
            if case .alreadyExists = error { throw .credential(.certificateIsTaken(information.fingerprint)) }
            throw .store(error)
        }
    }

    /// The account's certificates, oldest first.
    package func certificateLogins(_ address: String) async throws(AdministrationError) -> [CertificateLogin] {
        let account = try await account(address)
        return try await credentials(of: account, .certificate).map(login)
    }

    /// Ends a certificate's login, and the sessions that live on it.
    /// - Parameter fingerprint: at least the first 8 letters, when no other begins with them; colons do not matter.
    package func removeCertificateLogin(
        _ address: String, fingerprint: String
    ) async throws(AdministrationError) {
        let account = try await account(address)
        let wanted = fingerprint.lowercased().filter { $0 != ":" }
        let found = try await credentials(of: account, .certificate).filter {
            wanted.count >= 8 && ($0.publicID ?? "").hasPrefix(wanted)
        }
        guard let record = found.first, found.count == 1 else {
            throw .credential(.noSuchCertificate(fingerprint, account: account.address.description))
        }
        try await remove(record, action: "certificate-login.remove") {
            .noSuchCertificate(fingerprint, account: account.address.description)
        }
    }

    private func login(_ record: CredentialRecord) -> CertificateLogin {
        CertificateLogin(
            fingerprint: record.publicID ?? "", label: record.label, scopes: record.scopes, networks: record.networks,
            created: record.created, expires: record.expires,
            isExpired: record.expires.map { $0 <= now() } ?? false, useCount: record.useCount,
            lastUsed: record.lastUsed)
    }
}
