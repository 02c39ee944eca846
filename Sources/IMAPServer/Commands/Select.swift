// SELECT and EXAMINE.

import Accounts
import IMAPSyntax
import Mail
import MailStore
import NIOCore

extension Session {
    /// RFC 3501 §6.3.1, §6.3.2. Everything that is told comes from one snapshot. A SELECT that fails leaves no mailbox
    /// selected. To a login that may only read, SELECT is EXAMINE.
    func select(_ select: Select, examine: Bool) async throws -> Completion {
        unselectMailbox()
        let readOnly = try examine || loggedIn().login.isReadOnly
        let reference = try await resolve(select.mailbox)
        let account = reference.account
        let view = try await account.view(of: reference.name)
        let gate = connection.gate
        let watch = view.watch { gate.raise(.mailbox) }
        let snapshot = view.current
        if snapshot.isDeleted { throw StoreError.mailboxNotFound(reference.name) }
        let recent = readOnly ? view.unclaimedRecent(in: snapshot) : view.claimRecent(in: snapshot)
        if !readOnly, recent != nil { account.storeRecentMark(view) }
        let mailbox = SelectedMailbox(snapshot, isReadOnly: readOnly, recent: recent)
        let selection = Selection(account: account, view: view, watch: watch, mailbox: mailbox)
        describe(selection)
        self.selection = selection
        return .ok(
            "\(examine ? "EXAMINE" : "SELECT") completed.", code: readOnly ? .readOnly : .readWrite)
    }

    private func describe(_ selection: Selection) {
        let mailbox = selection.mailbox
        writeFlagsOfMailbox(selection)
        connection.writer.exists(UInt32(truncatingIfNeeded: mailbox.count))
        connection.writer.recent(UInt32(truncatingIfNeeded: mailbox.recentCount))
        if let index = mailbox.firstUnseen {
            let number = UInt32(truncatingIfNeeded: index + 1)
            connection.writer.untagged(.ok, code: .unseen(number), "The first message that is not seen.")
        }
        connection.writer.untagged(.ok, code: .uidValidity(mailbox.view.uidValidity), "UIDs are valid.")
        if let next = UInt32(exactly: mailbox.view.uidNext) {
            connection.writer.untagged(.ok, code: .uidNext(next), "The next UID.")
        }
    }

    /// Back to the authenticated state, silently.
    func unselectMailbox() {
        selection?.stop()
        selection = nil
        _ = connection.gate.poll(.mailbox)
    }

    /// A mailbox's name from what the client wrote.
    func name(of argument: MailboxArgument) throws(Refusal) -> MailboxName {
        switch argument.name(utf8Accepted: enabled.acceptsUTF8) {
        case .success(let name): return name
        case .failure(let invalid): throw Refusal(.no("Not a mailbox name: \(invalid.reason).", code: .cannot))
        }
    }
}
