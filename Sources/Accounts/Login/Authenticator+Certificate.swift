// EXTERNAL (RFC 4422 appendix A): the certificate says who it is, if somebody enrolled it.

internal import Mail
internal import MailStore

extension Authenticator {
    /// What the certificate of the connection comes to.
    func logInByCertificate(_ attempt: LoginAttempt) async -> LoginOutcome {
        await settle(attempt) { try await self.checkCertificate(attempt) }
    }

    /// - Parameter attempt: its `authorizationID` is what the client sent, empty for "whoever the certificate says".
    private func checkCertificate(_ attempt: LoginAttempt) async throws -> LoginVerdict {
        guard let fingerprint = attempt.connection.tls?.certificateFingerprint, !fingerprint.isEmpty else {
            return wrong(.noCertificate, nil, attempt)
        }
        let credential = try await store.directory.credential(
            publicID: Hexadecimal.text(of: fingerprint), kind: .certificate)
        guard let credential, let account = try await store.directory.account(credential.accountID) else {
            return wrong(.unknownCertificate, nil, attempt)
        }
        if let objection = try await objection(to: credential, of: account, attempt) {
            return .refused(objection, account)
        }
        limiter.succeeded(account.id, attempt.source, nil, at: now)
        return .accepted(account, credential)
    }
}
