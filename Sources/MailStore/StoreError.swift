// What can go wrong in the store: a closed list, so that each protocol maps every case to its own reply.

package import Mail

/// A store operation's failure. An operation that throws has changed nothing.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no mailbox of that name.
    case mailboxNotFound(MailboxName)
    case mailboxExists(MailboxName)
    /// The operation is not allowed on this mailbox, for the reason given (INBOX cannot be deleted, …).
    case mailboxRefused(MailboxName, reason: String)
    /// Another mailbox has the special use.
    case specialUseTaken(SpecialUse, by: MailboxName)
    /// A guest's rights on the mailbox do not allow it (RFC 4314).
    case notPermitted
    /// The mailbox cannot be deleted while `child` lies below it.
    case mailboxHasChildren(MailboxName, child: MailboxName)
    /// Nothing of that kind has that name: kind is the noun (`account`, `domain`, `alias`, …).
    case notFound(kind: String, name: String)
    case alreadyExists(kind: String, name: String)
    /// The request contradicts the data: the reason says how, in words for the admin.
    case refused(reason: String)
    /// The account's quota would be exceeded.
    case overQuota(used: Int64, quota: Int64)
    /// The account would have more messages than it may.
    case overMessageQuota(Int64)
    /// A bound of the store: message size, keywords, mailboxes, UIDs.
    case limit(String)
    /// A message number or body that was there is gone.
    case messageGone
    /// Storage does not work now (disk full, I/O error, busy); the same call may succeed later.
    case unavailable(String)
    /// The data directory or a file in it is not as it must be, and only the admin can help.
    case broken(String)

    package var explanation: String {
        switch self {
        case .mailboxNotFound(let name): "there is no mailbox \"\(name)\""
        case .mailboxExists(let name): "a mailbox \"\(name)\" exists already"
        case .mailboxRefused(let name, let reason): "mailbox \"\(name)\": \(reason)"
        case .specialUseTaken(let use, let holder): "mailbox \"\(holder)\" has the special use \(use.attribute) already"
        case .notPermitted: "the rights on this mailbox do not allow it"
        case .mailboxHasChildren(let name, let child):
            "mailbox \"\(name)\" has mailboxes below it (\"\(child)\"); delete or move those first"
        case .notFound(let kind, let name): "there is no \(kind) \"\(name)\""
        case .alreadyExists(let kind, let name): "\(kind) \"\(name)\" exists already"
        case .refused(let reason): reason
        case .overQuota(let used, let quota): "over quota: \(used) of \(quota) bytes are used"
        case .overMessageQuota(let quota): "over quota: the account may have \(quota) messages"
        case .limit(let what): what
        case .messageGone: "the message is gone"
        case .unavailable(let why): "storage is not available: \(why)"
        case .broken(let what): what
        }
    }
}
