// Which mailbox a client means: whose it is, what it is called there, and what this session may do with it.

import IMAPSyntax
import Mail
import MailStore

/// A mailbox that a command names; whether it exists is for the store to say.
struct MailboxReference: Sendable {
    /// The mail of the mailbox's owner, as this session's account may use it.
    let account: AccountStore
    /// What the owner calls it; the name for `account`.
    let name: MailboxName
    /// What this session's client calls it; the name for replies and subscriptions.
    let fullName: MailboxName
    let rights: MailboxRights
}

extension Session {
    /// The mailbox that an argument names. Every command that names a mailbox comes through here.
    /// - Throws: `Refusal` for what is no name.
    func resolve(_ argument: MailboxArgument) async throws -> MailboxReference {
        try await resolve(name(of: argument))
    }

    func resolve(_ name: MailboxName) async throws -> MailboxReference {
        MailboxReference(account: try loggedIn().account, name: name, fullName: name, rights: .all)
    }
}
