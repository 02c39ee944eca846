// How a command ends badly: the one place where errors become an exit status and a sentence for the person who typed.

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailCrypto
internal import MailStore

/// The statuses that `martlet` ends with; scripts lean on them.
enum ExitStatus: Int32, Sendable {
    case done = 0
    /// The request was understood, and was refused or failed; nothing was changed unless the message says so.
    case failed = 1
    /// What the command names (an account, a mailbox, …) does not exist.
    case notFound = 2
    /// The command line itself is wrong.
    case usage = 64
}

/// A command's bad end. The message says what is wrong, with which value, and what to do.
struct Failure: Error, CustomStringConvertible {
    let status: ExitStatus
    let message: String

    init(_ message: String, status: ExitStatus = .failed) {
        self.status = status
        self.message = message
    }

    static func notFound(_ message: String) -> Failure { Failure(message, status: .notFound) }
    static func usage(_ message: String) -> Failure { Failure(message, status: .usage) }

    var description: String { message }

    /// Any error as a failure; nil for those that are ArgumentParser's own affair (help, version, a line it cannot
    /// parse).
    init?(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as StoreError: self.init(store: error)
        case let error as AdministrationError: self.init(administration: error)
        case let error as ControlError: self.init(error.explanation)
        case let problem as EmailAddress.Problem: self.init(problem.explanation, status: .usage)
        case let problem as MailboxName.Problem: self.init(problem.explanation, status: .usage)
        case let error as CertificateError: self.init(error.description)
        case let error as CryptoError: self.init("\(error)")
        case let error as ConfigurationProblems: self.init(error.description)
        case let error as CocoaError: self.init(error.localizedDescription)
        case is CancellationError: self.init("interrupted")
        // A command that has said all that there is to say.
        case is ExitCode: return nil
        default:
            guard Martlet.exitCode(for: error) == .failure else { return nil }
            self.init("\(error)")
        }
    }

    private init(store error: StoreError) {
        switch error {
        case .mailboxNotFound, .notFound, .messageGone: self.init(error.explanation, status: .notFound)
        case .unavailable: self.init("\(error.explanation); nothing was changed, the same command may work later")
        case .broken: self.init(error.explanation)
        case .mailboxExists, .mailboxRefused, .mailboxHasChildren, .specialUseTaken, .alreadyExists, .refused,
            .overQuota, .overMessageQuota, .limit, .notPermitted:
            self.init(error.explanation)
        }
    }

    private init(administration error: AdministrationError) {
        switch error {
        case .store(let error): self.init(store: error)
        case .badAddress, .badDomain, .addressLiteral, .detailInAddress, .badQuota, .badDisplayName, .noTargets,
            .noSuchCapability:
            self.init(error.explanation, status: .usage)
        case .noSuchDomain, .noSuchAccount, .noSuchAlias: self.init(error.explanation, status: .notFound)
        case .credential(let problem):
            self.init(
                problem.explanation, status: problem.isNotFound ? .notFound : problem.isUsage ? .usage : .failed)
        case .badPassword, .hashingFailed: self.init(error.explanation)
        }
    }

    /// Says what went wrong on standard error and ends the process with the status that belongs to it.
    static func exit(with error: any Error) -> Never {
        guard let failure = Failure(error) else { Martlet.exit(withError: error) }
        Output.complain("martlet: \(failure.message)")
        Foundation.exit(failure.status.rawValue)
    }
}
