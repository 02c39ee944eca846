// What a session may do with the mailbox that it has selected, and how it learns that this has changed.

import IMAPSyntax
import Mail
import MailStore

/// Of one selection; the store's own checks do not depend on it.
struct SelectionAccess: Sendable {
    var rights: MailboxRights
    /// Of the view, when the rights were read.
    var version: UInt64
    /// Opened with EXAMINE, or by a login that may only read.
    let isExamined: Bool

    var isReadOnly: Bool { isExamined || rights.isDisjoint(with: .changing) }
}

extension Selection {
    var rights: MailboxRights { access.rights }
}

extension Session {
    /// Looks whether the rights on the selected mailbox have changed, and tells the client what that means for it (RFC
    /// 4314 §5.1.1): its flags, READ-ONLY or READ-WRITE; and BYE when it may no longer read it, as if it were deleted.
    func refreshRights() async throws(ConnectionEnded) {
        guard let selection, selection.account.isForeign else { return }
        let version = selection.view.rightsVersion
        guard version != selection.access.version else { return }
        // When storage has trouble, the rights are looked at again before the next command.
        guard let rights = try? await selection.account.rights(on: selection.view.mailboxID) else { return }
        let wasReadOnly = selection.access.isReadOnly
        let old = selection.rights
        selection.access.version = version
        selection.access.rights = rights
        guard rights.isSuperset(of: [.lookup, .read]) else {
            return bye("The selected mailbox was deleted.", code: .nonexistent, reason: "mailbox no longer shared")
        }
        guard rights != old else { return }
        let isReadOnly = selection.access.isReadOnly
        selection.mailbox.isReadOnly = isReadOnly
        writeFlagsOfMailbox(selection)
        if isReadOnly != wasReadOnly {
            connection.writer.untagged(
                .ok, code: isReadOnly ? .readOnly : .readWrite, "Your rights on the mailbox have changed.")
        }
    }
}
