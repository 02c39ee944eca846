// What is refused about credentials, each with words for the person who asked.

internal import MailStore

/// A refusal of something about credentials, policies or bans. Whatever was asked has not been done.
package enum CredentialProblem: Error, Hashable, Sendable {
    case totpIsOn(String)
    case totpIsOff(String)
    /// Enrolled, and no code was given yet.
    case totpIsPending(String)
    case wrongCode
    /// Until a second since 1970.
    case tooManyAttempts(until: Int64, now: Int64)
    /// Too many wrong ones in a row.
    case blocked(String)
    case wrongRecoveryCode
    case key(KeyFile.Problem)
    case wrongKey(path: String, account: String)
    /// Self-service: not the account's password.
    case wrongPassword
    case codeNeeded
    case suspended(String)
    case badLabel(String)
    case badExpiry(Int64)
    case noScope
    case badNetwork(Network.Problem)
    case tooManyNetworks(Int)
    case noSuchAppPassword(String, account: String)
    case badCertificate(String)
    case certificateIsTaken(String)
    case noSuchCertificate(String, account: String)
    case bansYou(String)
    /// `holder`: a ban on a wider network that the address is in.
    case noSuchBan(String, holder: String? = nil)
    case cannotCheckPassword(String)

    package var explanation: String {
        switch self {
        case .totpIsOn(let account):
            "\(account) has TOTP on already; to begin again, reset it first: martlet totp reset \(account)"
        case .totpIsOff(let account): "\(account) has no TOTP; enrol it with: martlet totp enroll \(account)"
        case .totpIsPending(let account):
            "\(account) has not confirmed its TOTP yet; do it with: martlet totp confirm \(account) CODE"
        case .wrongCode: "the code is wrong or was used already; wait for the next one and check the clock"
        case .tooManyAttempts(let until, let now):
            "too many wrong ones; try again in \(max(1, (until - now + 59) / 60)) minutes"
        case .blocked(let account):
            "too many wrong codes in a row for \(account); use a recovery code, or let an admin reset its TOTP"
        case .wrongRecoveryCode: "this is no recovery code of the account, or it was used already"
        case .key(let problem): problem.explanation
        case .wrongKey(let path, let account):
            "the TOTP secret of \(account) cannot be opened: \(path) is not the key that it was sealed with, or the "
                + "database was changed; put the right key file back from a backup, or reset the account's TOTP"
        case .wrongPassword: "the password is wrong"
        case .codeNeeded: "TOTP is on: a code of the authenticator app, or a recovery code, is needed too"
        case .suspended(let account): "\(account) is suspended"
        case .badLabel(let problem): "the label \(problem)"
        case .badExpiry(let time): "the expiry (\(time) seconds since 1970) is past"
        case .noScope: "nothing is left that it could be used for; give at least one of imap, pop, smtp, sieve, jmap"
        case .badNetwork(let problem): problem.explanation
        case .tooManyNetworks(let most): "too many networks; the most is \(most)"
        case .noSuchAppPassword(let id, let account): "\(account) has no app password \"\(id)\""
        case .badCertificate(let problem): "this certificate cannot be used: \(problem)"
        case .certificateIsTaken(let fingerprint): "the certificate \(fingerprint) is enrolled already"
        case .noSuchCertificate(let name, let account): "\(account) has no certificate login \"\(name)\""
        case .bansYou(let network): "\(network) holds the server's own addresses (loopback), which are never banned"
        case .noSuchBan(let network, let holder):
            "there is no ban on \(network)" + (holder.map { "; it is in \($0), whose ban can be lifted" } ?? "")
        case .cannotCheckPassword(let why): "the password cannot be checked: \(why)"
        }
    }

    package var isNotFound: Bool {
        switch self {
        case .totpIsOff, .noSuchAppPassword, .noSuchCertificate, .noSuchBan: true
        default: false
        }
    }

    /// Whether the request itself was malformed: exit status 64 of the CLI.
    package var isUsage: Bool {
        switch self {
        case .badLabel, .badExpiry, .noScope, .badNetwork, .tooManyNetworks, .bansYou: true
        default: false
        }
    }
}
