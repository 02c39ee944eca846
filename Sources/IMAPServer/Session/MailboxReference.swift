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
        let mail = try loggedIn().account
        guard name.isReserved else { return MailboxReference(account: mail, name: name, fullName: name, rights: .all) }
        let (account, inner) = try await environment.store.sharedMailbox(name, for: mail)
        return MailboxReference(
            account: account, name: inner, fullName: name, rights: try await account.rights(on: inner))
    }

    /// The session's own mailboxes and those of others that it may see, under the names that its client knows.
    func visibleMailboxes(counting: MailboxCountOptions = []) async throws -> [MailboxInfo] {
        let mail = try loggedIn().account
        let own = try await mail.mailboxes(counting: counting)
        return own + (try await environment.store.sharedMailboxes(for: mail.id, counting: counting))
    }
}
