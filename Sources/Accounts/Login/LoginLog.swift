// The log lines of logins: one per outcome, the client's address before anything the client wrote, its name last.

import Logging
import MailStore

/// Why a login was refused: for the log and for `login explain`, never for the client.
enum LoginRefusal: String, Sendable {
    case unknownUser = "unknown-user"
    case noPassword = "no-password"
    case wrongPassword = "wrong-password"
    case unknownAppPassword = "unknown-app-password"
    case wrongAppPassword = "wrong-app-password"
    /// SCRAM: no app password of the account gives that proof, or the exchange was tampered with.
    case wrongProof = "wrong-proof"
    case channelBinding = "channel-binding"
    case noCertificate = "no-certificate"
    case unknownCertificate = "unknown-certificate"
    case suspended
    case outOfScope = "out-of-scope"
    case outsideNetworks = "outside-networks"
    case expired
    case notAuthorized = "not-authorized"
    case appPasswordNeeded = "app-password-needed"
    case limited

    /// What the client learns.
    var outcome: LoginOutcome {
        switch self {
        case .notAuthorized: .unauthorized
        case .appPasswordNeeded: .appPasswordNeeded
        case .limited: .limited
        default: .failure
        }
    }

    /// `auth-failed` for a guess, `auth-limited` for one that was not even looked at, `auth-refused` where the secret
    /// was right and something else was not.
    var message: Logger.Message {
        switch self {
        case .limited: "auth-limited"
        case .suspended, .outOfScope, .outsideNetworks, .expired, .notAuthorized, .appPasswordNeeded: "auth-refused"
        default: "auth-failed"
        }
    }
}

/// Writes one line per login. The handler puts `rip` first and `user` last and escapes every value; what is too long is
/// cut here.
struct LoginLog: Sendable {
    /// Of what a client called itself, in bytes.
    static let longestName = 256
    let logger: Logger

    func success(_ attempt: LoginAttempt, _ login: Login) {
        var metadata = metadata(attempt)
        metadata["account"] = "\(login.account.id)"
        metadata["cred"] = "\(login.credentialKind.rawValue)#\(login.credential)"
        logger.info("auth-ok", metadata: metadata)
    }

    func refused(_ attempt: LoginAttempt, _ refusal: LoginRefusal) {
        logger.notice(refusal.message, metadata: metadata(attempt, reason: refusal.rawValue))
    }

    func unavailable(_ attempt: LoginAttempt, reason: String) {
        logger.warning("auth-unavailable", metadata: metadata(attempt, reason: reason))
    }

    func banned(_ ban: BanRecord) {
        logger.notice("banned", metadata: ["network": "\(ban.network)", "reason": "\(ban.reason)"])
    }

    func rehashFailed(_ credential: CredentialRecord, _ error: any Error) {
        logger.warning(
            "cannot strengthen a password hash",
            metadata: ["account": "\(credential.accountID)", "reason": "\(Self.explanation(error))"])
    }

    func cannotStore(_ error: any Error) {
        logger.warning("cannot store what logins leave behind", metadata: ["reason": "\(Self.explanation(error))"])
    }

    func cannotRead(_ error: any Error) {
        logger.warning("cannot read the bans anew", metadata: ["reason": "\(Self.explanation(error))"])
    }

    func withoutSCRAM(_ reason: String) {
        logger.error("SCRAM is not offered", metadata: ["reason": "\(reason)"])
    }

    private func metadata(_ attempt: LoginAttempt, reason: String? = nil) -> Logger.Metadata {
        let connection = attempt.connection
        var metadata: Logger.Metadata = [
            "rip": "\(connection.remoteAddress)", "proto": "\(connection.protocolName)",
            "mech": "\(attempt.mechanism)", "tls": "\(connection.tls?.version ?? "none")",
            "session": "\(connection.session)", "user": "\(attempt.shownName)",
        ]
        if let reason { metadata["reason"] = "\(reason)" }
        return metadata
    }

    static func explanation(_ error: any Error) -> String {
        (error as? StoreError)?.explanation ?? "\(error)"
    }
}
