// LIST responses that no LIST asked for: what a mailbox is called, to a client that called it something else.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// Tells an IMAP4rev2 client the canonical name of what it named in another way (RFC 9051 §6.3.9.7); nothing to
    /// others (they would not expect OLDNAME) and nothing when the client wrote the canonical name.
    func tellCanonicalName(of mailbox: MailboxReference, written argument: MailboxArgument) async throws {
        guard enabled.isRev2, let oldName = argument.otherName(than: mailbox.fullName) else { return }
        try await writeList(of: mailbox, oldName: oldName)
    }

    /// What a SELECT tells an IMAP4rev2 client: LIST of the mailbox, in any case (RFC 9051 §6.3.2).
    func tellSelected(_ mailbox: MailboxReference, written argument: MailboxArgument) async throws {
        guard enabled.isRev2 else { return }
        try await writeList(of: mailbox, oldName: argument.otherName(than: mailbox.fullName))
    }

    /// LIST of one mailbox with all its attributes; \NonExistent when it is not there.
    /// - Parameter oldName: for OLDNAME, which only an IMAP4rev2 client understands.
    func writeList(of mailbox: MailboxReference, oldName: String? = nil) async throws {
        let own = try loggedIn().account
        var attributes: [MailboxAttribute] = []
        if let info = try await mailbox.account.mailbox(mailbox.name) {
            if let use = info.specialUse { attributes.append(MailboxAttribute(use)) }
        } else {
            attributes.append(.nonExistent)
        }
        let hasChildren = try await mailbox.account.hasMailboxes(below: mailbox.name)
        attributes.append(hasChildren ? .hasChildren : .hasNoChildren)
        if try await own.isSubscribed(mailbox.fullName) { attributes.append(.subscribed) }
        connection.writer.list(mailbox.fullName, attributes: attributes, oldName: oldName)
    }
}

extension MailboxArgument {
    /// The name in UTF-8 as the client wrote it, where that is not the canonical one.
    fileprivate func otherName(than name: MailboxName) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        // To Swift the two ways to write a letter are equal; to the client they are not.
        return text.utf8.elementsEqual(name.text.utf8) ? nil : text
    }
}
