// The selected mailbox of a session: the live view it watches, and what its client has been told.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// Made by SELECT and EXAMINE; letting it go ends the watch.
final class Selection {
    /// The mail of the mailbox's owner, as this session's account may use it.
    let account: AccountStore
    let view: MailboxView
    private let watch: Watch
    /// What this session may do with the mailbox, as far as it knows; the store looks for itself.
    var access: SelectionAccess
    var mailbox: SelectedMailbox
    /// While commands that share a commit are answered: the mailbox as it was after the one at hand, up to which its
    /// answer tells. nil is the newest.
    var horizon: MailboxSnapshot?
    /// What stands before the owner's name of the mailbox in this session's.
    var namePrefix = ""
    /// Searches whose client hears of their changes.
    var contexts: [SearchContext] = []
    /// Messages that the session itself has put here and that are not announced yet.
    var ownMessages = UIDSet()
    /// Keywords that the client has seen in FLAGS (RFC 3501 §7.2.6).
    private var toldKeywords: Set<Keyword>
    private var toldFlagSets: Int

    init(
        account: AccountStore, view: MailboxView, watch: Watch, mailbox: SelectedMailbox, access: SelectionAccess
    ) {
        self.account = account
        self.view = view
        self.watch = watch
        self.access = access
        self.mailbox = mailbox
        toldKeywords = mailbox.view.flagSets.keywords
        toldFlagSets = mailbox.view.flagSets.all.count
    }

    /// What this session's client calls the mailbox, whatever it was renamed to.
    var fullName: MailboxName {
        get throws { namePrefix.isEmpty ? view.name : try MailboxName(namePrefix + view.name.text) }
    }

    /// Every flag that may be told of a message of this mailbox.
    var flags: Flags { Selection.flags(with: toldKeywords) }

    static func flags(with keywords: Set<Keyword>) -> Flags { Flags(allSystemFlags, keywords: keywords) }

    private static let allSystemFlags: SystemFlags = [.answered, .flagged, .deleted, .seen, .draft]

    /// True when keywords have come up that the client has not been told; it is to be told then.
    func learnKeywords() -> Bool {
        let table = mailbox.view.flagSets
        guard table.all.count != toldFlagSets else { return false }
        toldFlagSets = table.all.count
        let now = table.keywords
        defer { toldKeywords = now }
        return now != toldKeywords
    }

    func stop() { watch.cancel() }
}

extension Session {
    /// Brings the client's view up to date, as far as is lawful now, and writes what it must be told.
    ///
    /// A mailbox that was deleted under the session ends it with BYE, as RFC 2180 §3.3 allows and Dovecot does: to fall
    /// back to the authenticated state unasked would leave the client believing that it has a mailbox selected.
    /// - Parameter removes: the command's answer is what it removed, which is told whatever NOTIFY says.
    func announce(
        _ announcing: Announcing, withUIDs: Bool, own: SelectedMailbox.OwnChange = .none,
        removes: Bool = false
    ) async throws(ConnectionEnded) {
        guard announcing != .nothing, let selection else { return }
        try await refreshRights()
        guard !isOver else { return }
        let latest = selection.horizon ?? selection.view.current
        if latest.isDeleted {
            return bye("The selected mailbox was deleted.", code: .nonexistent, reason: "mailbox deleted")
        }
        guard !isSilent(own, removes: removes) else { return }
        let newRecent = claimRecent(selection, in: latest)
        let before = selection.mailbox
        let mayAnnounceExpunge = announcing == .everything
        // To compare is little: what is gone through counts for a quarter.
        let (mailbox, difference) = await apart(latest.countOfChunks(differingFrom: before.view) / 4) {
            var mailbox = before
            let difference = mailbox.advance(
                to: latest, mayAnnounceExpunge: mayAnnounceExpunge, newRecent: newRecent, own: own)
            return (mailbox, difference)
        }
        selection.mailbox = mailbox
        var announcement = difference
        if hidesFlags(own) { announcement.hideFlags() }
        if !announcement.isEmpty {
            tellContextsOfExpunged(before, in: selection)
            try await write(announcement, of: selection, withUIDs: withUIDs || notify?.interest.selected != nil)
        }
        let updates = try await updateContexts(since: before, in: selection)
        guard !isOver else { return }
        try await write(updates, newFrom: before.view.uidNext, in: selection)
    }

    /// RFC 3501 §2.3.2: the first session to be told of a message sees it as \Recent, one that only looks takes nothing
    /// away.
    private func claimRecent(_ selection: Selection, in latest: MailboxSnapshot) -> ClosedRange<UInt32>? {
        guard latest.uidNext != selection.mailbox.view.uidNext else { return nil }
        guard selection.mailbox.isReadOnly || selection.account.isForeign else {
            let claimed = selection.view.claimRecent(in: latest)
            if claimed != nil { selection.account.storeRecentMark(selection.view) }
            return claimed
        }
        return selection.view.unclaimedRecent(in: latest)
    }

    /// FLAGS and PERMANENTFLAGS (RFC 3501 §7.2.6, §7.1).
    func writeFlagsOfMailbox(_ selection: Selection) {
        writeFlags(selection.flags, selection.mailbox.isReadOnly ? nil : selection.rights)
    }

    /// - Parameter rights: nil for a mailbox that is read-only.
    func writeFlags(_ flags: Flags, _ rights: MailboxRights?) {
        connection.writer.flags(flags)
        guard let rights else {
            return connection.writer.untagged(
                .ok, code: .permanentFlags(.none, mayCreateKeywords: false), "No flags can be changed.")
        }
        connection.writer.untagged(
            .ok, code: .permanentFlags(rights.permitted(flags), mayCreateKeywords: rights.contains(.write)),
            "Flags that are kept.")
    }
}

extension MailboxView {
    /// What would be \Recent to a session that only looks.
    func unclaimedRecent(in snapshot: MailboxSnapshot) -> ClosedRange<UInt32>? {
        let first = firstRecent
        guard first < snapshot.uidNext, let lower = UInt32(exactly: first),
            let upper = UInt32(exactly: snapshot.uidNext - 1)
        else { return nil }
        return lower...upper
    }
}

/// Flag sets as FETCH writes them, each encoded once.
struct FlagEncoder: Sendable {
    private let table: FlagSetTable
    private let tellsRecent: Bool
    private var encoded: [UInt64: ByteBuffer] = [:]

    /// - Parameter tellsRecent: not in IMAP4rev2, which has no \Recent (RFC 9051 appendix E).
    init(_ table: FlagSetTable, tellsRecent: Bool) {
        self.table = table
        self.tellsRecent = tellsRecent
    }

    mutating func encoded(_ id: FlagSetID, isRecent: Bool) -> ByteBuffer {
        let isRecent = isRecent && tellsRecent
        let key = UInt64(id.rawValue) << 1 | (isRecent ? 1 : 0)
        if let known = encoded[key] { return known }
        var buffer = ByteBuffer(bytes: table[id].wireForm)
        if isRecent { buffer.writeString(buffer.readableBytes > 0 ? " \\Recent" : "\\Recent") }
        encoded[key] = buffer
        return buffer
    }
}
