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
        guard select.resync == nil || enabled.contains(.qresync) else {
            return .bad("The parameter QRESYNC is to be used after ENABLE QRESYNC.")
        }
        if selection != nil {
            unselectMailbox()
            // RFC 7162 §3.2.11: what follows is about the other mailbox.
            connection.writer.untagged(.ok, code: offered(.closed), "The mailbox that was selected is closed.")
        }
        if select.condstore { becomeCondstoreAware() }
        let isExamined = try examine || loggedIn().login.isReadOnly
        let reference = try await resolve(select.mailbox)
        let account = reference.account
        let view = try await account.view(of: reference.name)
        let rightsVersion = view.rightsVersion
        let rights = try await account.rights(on: view.mailboxID)
        guard rights.contains(.lookup) else { throw StoreError.mailboxNotFound(reference.name) }
        let readOnly = isExamined || rights.isDisjoint(with: .changing)
        try await tellSelected(reference, written: select.mailbox)
        let gate = connection.gate
        let watch = view.watch { gate.raise(.mailbox) }
        let snapshot = view.current
        if snapshot.isDeleted { throw StoreError.mailboxNotFound(reference.name) }
        // A guest takes nothing away from the owner either.
        let recent = readOnly || account.isForeign ? view.unclaimedRecent(in: snapshot) : view.claimRecent(in: snapshot)
        if !readOnly, !account.isForeign, recent != nil { account.storeRecentMark(view) }
        let mailbox = SelectedMailbox(snapshot, isReadOnly: readOnly, recent: recent)
        let selection = Selection(
            account: account.bound(to: view.mailboxID), view: view, watch: watch, mailbox: mailbox,
            access: .init(rights: rights, version: rightsVersion, isExamined: isExamined))
        selection.namePrefix = String(reference.fullName.text.dropLast(reference.name.text.count))
        describe(selection)
        self.selection = selection
        if let resync = select.resync { try await resynchronize(resync, selection) }
        return .ok(
            "\(examine ? "EXAMINE" : "SELECT") completed.", code: readOnly ? .readOnly : .readWrite)
    }

    private func describe(_ selection: Selection) {
        let mailbox = selection.mailbox
        writeFlagsOfMailbox(selection)
        connection.writer.exists(UInt32(truncatingIfNeeded: mailbox.count))
        if !enabled.isRev2 { connection.writer.recent(UInt32(truncatingIfNeeded: mailbox.recentCount)) }
        if let index = mailbox.firstUnseen, !enabled.isRev2, !enabled.isUIDOnly {
            let number = UInt32(truncatingIfNeeded: index + 1)
            connection.writer.untagged(.ok, code: .unseen(number), "The first message that is not seen.")
        }
        connection.writer.untagged(.ok, code: .uidValidity(mailbox.view.uidValidity), "UIDs are valid.")
        if let next = UInt32(exactly: mailbox.view.uidNext) {
            connection.writer.untagged(.ok, code: .uidNext(next), "The next UID.")
        }
        writeHighest(mailbox.toldModSeq)
        let id = ObjectID.mailbox(selection.view.mailboxID, of: selection.account.id)
        connection.writer.untagged(.ok, code: .mailboxID(id), "The mailbox's identifier.")
    }

    /// Back to the authenticated state, silently.
    func unselectMailbox() {
        selection?.stop()
        let left = selection
        selection = nil
        if let left { noteUnselected(left) }
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
