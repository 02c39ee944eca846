// The one place where an error becomes a reply: what the store could not do, and what nobody expected.

import IMAPSyntax
import Mail
import MailStore

/// What a mailbox that is not there means to a command.
enum MissingMailbox: Sendable {
    /// The client may create it and try again (RFC 3501 §7.1, TRYCREATE): APPEND, COPY, MOVE.
    case tryCreate
    case nonexistent
}

extension Completion {
    /// RFC 3501 §7.1, RFC 5530 §3.
    init(_ error: StoreError, missing: MissingMailbox) {
        switch error {
        case .mailboxNotFound:
            self = .no("There is no such mailbox.", code: missing == .tryCreate ? .tryCreate : .nonexistent)
        case .mailboxExists: self = .no("A mailbox of that name exists already.", code: .alreadyExists)
        case .specialUseTaken: self = .no(Completion.sentence(error.explanation), code: .useAttr)
        case .mailboxHasChildren: self = .no("There are mailboxes below it; delete those first.", code: .hasChildren)
        case .mailboxRefused(_, let reason), .refused(let reason):
            self = .no(Completion.sentence(reason), code: .cannot)
        case .notFound(let kind, _): self = .no("There is no such \(kind).", code: .nonexistent)
        case .alreadyExists(let kind, _): self = .no("There is such \(kind) already.", code: .alreadyExists)
        case .notPermitted: self = .no("Your rights on this mailbox do not allow it.", code: .noPerm)
        case .overQuota, .overMessageQuota: self = .no("The account's quota would be exceeded.", code: .overQuota)
        case .limit(let what): self = .no(Completion.sentence(what), code: .limit)
        case .messageGone: self = .no("Some of the messages no longer exist.", code: .expungeIssued)
        case .unavailable: self = .no("Storage is not available now; try again later.", code: .unavailable)
        case .broken: self = .no("The mail store needs its administrator.", code: .contactAdmin)
        }
    }

    /// For what no code foresaw. The reference is in the log too.
    init(unexpected reference: String) {
        self = .no("An internal error; the administrator finds it in the log as \(reference).", code: .serverBug)
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }
}

extension StoreError {
    /// Whether the administrator should hear of it: a client's own mistakes are none of his business.
    var isTrouble: Bool {
        switch self {
        case .unavailable, .broken: true
        default: false
        }
    }
}
