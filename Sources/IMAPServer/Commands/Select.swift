// SELECT and EXAMINE.

import Accounts
import IMAPSyntax
import Logging
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
        let readOnly: Bool
        switch try await opening(reference, for: select) {
        case .open(let view): readOnly = try await selectOpen(view, of: reference, select, isExamined: isExamined)
        case .coming(let summary, let mailbox):
            try await tellSelected(reference, written: select.mailbox)
            // It is the owner's: a guest's would not come here.
            readOnly = isExamined
            describe(summary, recent: 0, of: reference.account, readOnly ? nil : .all)
            coming = ComingSelection(reference: reference, isExamined: isExamined, mailbox: mailbox)
        }
        return .ok(
            "\(examine ? "EXAMINE" : "SELECT") completed.", code: readOnly ? .readOnly : .readWrite)
    }

    /// What is told beside a SELECT's own replies depends on the messages: then all of them are waited for.
    private func opening(_ reference: MailboxReference, for select: Select) async throws -> OpeningMailbox {
        guard select.resync == nil, notify == nil, !reference.account.isForeign else {
            return .open(try await reference.account.view(of: reference.name))
        }
        return try await reference.account.opening(reference.name)
    }

    /// - Returns: whether it is read-only.
    private func selectOpen(
        _ view: MailboxView, of reference: MailboxReference, _ select: Select, isExamined: Bool
    ) async throws -> Bool {
        let account = reference.account
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
        selection.namePrefix = reference.namePrefix
        describe(
            MailboxSummary(snapshot, count: mailbox.count, firstUnseen: mailbox.firstUnseen),
            recent: mailbox.recentCount, of: account, readOnly ? nil : rights)
        self.selection = selection
        if let resync = select.resync { try await resynchronize(resync, selection) }
        return readOnly
    }

    /// Waits for the messages of the mailbox that was selected last: nothing else is done before.
    func finishSelecting(_ coming: ComingSelection) async throws(ConnectionEnded) {
        self.coming = nil
        try await connection.flush()
        let account = coming.reference.account
        do throws(StoreError) {
            let opened = try await coming.mailbox.value()
            let (view, gate) = (opened.view, connection.gate)
            let watch = view.watch { gate.raise(.mailbox) }
            let selection = Selection(
                account: account.bound(to: view.mailboxID), view: view, watch: watch,
                mailbox: SelectedMailbox(opened.snapshot, isReadOnly: coming.isExamined, recent: nil),
                access: .init(rights: .all, version: view.rightsVersion, isExamined: coming.isExamined))
            selection.namePrefix = coming.reference.namePrefix
            self.selection = selection
            // Of what was committed since it was read nobody has told the watch.
            gate.raise(.mailbox)
        } catch {
            logger.error("a selected mailbox cannot be read", metadata: ["error": "\(error.explanation)"])
            bye("The selected mailbox cannot be read now.", code: .unavailable, reason: "storage error")
        }
    }

    /// - Parameter rights: nil for a mailbox that is read-only.
    private func describe(
        _ mailbox: MailboxSummary, recent: Int, of account: AccountStore, _ rights: MailboxRights?
    ) {
        writeFlags(Selection.flags(with: mailbox.flagSets.keywords), rights)
        connection.writer.exists(UInt32(truncatingIfNeeded: mailbox.count))
        if !enabled.isRev2 { connection.writer.recent(UInt32(truncatingIfNeeded: recent)) }
        if let index = mailbox.firstUnseen, !enabled.isRev2, !enabled.isUIDOnly {
            let number = UInt32(truncatingIfNeeded: index + 1)
            connection.writer.untagged(.ok, code: .unseen(number), "The first message that is not seen.")
        }
        connection.writer.untagged(.ok, code: .uidValidity(mailbox.uidValidity), "UIDs are valid.")
        if let next = UInt32(exactly: mailbox.uidNext) {
            connection.writer.untagged(.ok, code: .uidNext(next), "The next UID.")
        }
        writeHighest(mailbox.highestModSeq)
        let id = ObjectID.mailbox(mailbox.mailboxID, of: account.id)
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

/// A mailbox that was selected while its messages are still being read.
struct ComingSelection {
    let reference: MailboxReference
    let isExamined: Bool
    let mailbox: Pending<OpenedMailbox>
}

extension MailboxReference {
    /// What stands before the owner's name of the mailbox in this session's.
    fileprivate var namePrefix: String { String(Substring(fullName.text.utf8.dropLast(name.text.utf8.count))) }
}
