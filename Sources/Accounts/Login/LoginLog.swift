// The log lines of logins: one per outcome, the client's address before anything the client wrote, its name last.

import Logging
import MailStore

struct LoginAttempt: Sendable {
    let credentials: SASLCredentials
    let mechanism: String
    let connection: ClientConnection
}

/// Why a login was refused: for the log, never for the client.
enum LoginRefusal: String, Sendable {
    case unknownUser = "unknown-user"
    case noPassword = "no-password"
    case wrongPassword = "wrong-password"
    case suspended
    case notAuthorized = "not-authorized"
}

/// Writes one line per login. The handler puts `rip` first and `user` last and escapes every value; what is too long is
/// cut here.
struct LoginLog: Sendable {
    /// Of what a client called itself, in bytes.
    static let longestName = 256
    let logger: Logger

    func success(_ attempt: LoginAttempt, _ login: Login) -> LoginOutcome {
        logger.info(
            "auth-ok", metadata: metadata(attempt).merging(["account": "\(login.account.id)"]) { old, _ in old })
        return .success(login)
    }

    func failure(_ attempt: LoginAttempt, _ reason: LoginRefusal) -> LoginOutcome {
        logger.notice("auth-failed", metadata: metadata(attempt, reason: reason.rawValue))
        return .failure
    }

    func unavailable(_ attempt: LoginAttempt, reason: String) -> LoginOutcome {
        logger.warning("auth-unavailable", metadata: metadata(attempt, reason: reason))
        return .unavailable(reason: reason)
    }

    func rehashFailed(_ credential: CredentialRecord, _ error: any Error) {
        let reason = (error as? StoreError)?.explanation ?? "\(error)"
        logger.warning(
            "cannot strengthen a password hash",
            metadata: ["account": "\(credential.accountID)", "reason": "\(reason)"])
    }

    private func metadata(_ attempt: LoginAttempt, reason: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "rip": "\(attempt.connection.remoteAddress)", "proto": "\(attempt.connection.protocolName)",
            "mech": "\(attempt.mechanism)", "tls": "\(attempt.connection.tls?.version ?? "none")",
            "session": "\(attempt.connection.session)", "user": "\(Self.shown(attempt.credentials.name))",
        ]
        if let reason { metadata["reason"] = "\(reason)" }
        return metadata
    }

    /// The client's bytes as text, at most `longestName` of them; what is no UTF-8 becomes U+FFFD.
    static func shown(_ name: [UInt8]) -> String {
        String(decoding: name.prefix(longestName), as: UTF8.self)
    }
}
