// What somebody may do with a mailbox: the rights of RFC 4314, one bit each.

/// A set of rights (RFC 4314 §2.1). The obsolete `c` and `d` are not kept: they stand for the rights that replaced them.
package struct MailboxRights: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let lookup = MailboxRights(rawValue: 1 << 0)
    package static let read = MailboxRights(rawValue: 1 << 1)
    /// To set and clear \Seen.
    package static let seen = MailboxRights(rawValue: 1 << 2)
    /// To set and clear every flag but \Seen and \Deleted.
    package static let write = MailboxRights(rawValue: 1 << 3)
    package static let insert = MailboxRights(rawValue: 1 << 4)
    /// To send mail to the mailbox; nothing here looks at it.
    package static let post = MailboxRights(rawValue: 1 << 5)
    /// To make mailboxes below this one.
    package static let createMailboxes = MailboxRights(rawValue: 1 << 6)
    package static let deleteMailbox = MailboxRights(rawValue: 1 << 7)
    /// To set and clear \Deleted.
    package static let deleteMessages = MailboxRights(rawValue: 1 << 8)
    package static let expunge = MailboxRights(rawValue: 1 << 9)
    package static let administer = MailboxRights(rawValue: 1 << 10)

    package static let none: MailboxRights = []
    /// What an account has on its own mailboxes, always.
    package static let all = MailboxRights(rawValue: (1 << 11) - 1)
}
