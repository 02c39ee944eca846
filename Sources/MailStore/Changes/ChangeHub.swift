// Commit, then tell: moves the views of an account past what its writer committed.
//
// The hub is the writer's delegate. It keeps the flag sets and the views of mailboxes in use, all of it a cache of the
// file: when another process has committed, everything is read again inside the next transaction.

import GRDB
import Mail
import Synchronization

/// What a batch of operations does beside the rows that it writes.
final class AccountEffects: WriteEffects {
    /// Flag sets as the batch sees them: the hub's, and those that it has added.
    var flagSets: FlagSetTable
    var flagSetIDs: [FlagSetKey: FlagSetID]
    var changes: [Change] = []
    /// Another process may have committed before.
    var isExternal = false
    /// Stays after an operation was undone: whoever is told finds nothing new.
    var committed = CommittedNews()
    /// The views' state as another process left it; the changes come after it.
    var reloaded: [MailboxID: ReloadedMailbox] = [:]
    /// Views that were made inside the batch: so many of its changes they know already.
    var loaded: [MailboxID: Int] = [:]

    /// Mailboxes in use as the batch has them, after so many of its changes.
    private var working: [MailboxID: (snapshot: MailboxSnapshot, changes: Int)] = [:]
    private let hub: ChangeHub

    init(hub: ChangeHub, flagSets: FlagSetTable, flagSetIDs: [FlagSetKey: FlagSetID]) {
        self.hub = hub
        self.flagSets = flagSets
        self.flagSetIDs = flagSetIDs
    }

    /// A mailbox as the batch has left it so far, as operations read it without the file; nil for one that nobody has
    /// in use.
    func snapshot(of id: MailboxID) -> MailboxSnapshot? {
        guard let snapshot = worked(on: id), !snapshot.isDeleted else { return nil }
        return snapshot
    }

    /// The same, deleted ones too.
    fileprivate func worked(on id: MailboxID) -> MailboxSnapshot? {
        guard let before = working[id] ?? beginning(of: id) else { return nil }
        var snapshot = before.snapshot
        // Not shared while it changes.
        working[id] = nil
        for change in changes.dropFirst(before.changes) where change.mailboxID == id {
            snapshot.apply(change, flagSets: flagSets)
        }
        working[id] = (snapshot, changes.count)
        return snapshot
    }

    private func beginning(of id: MailboxID) -> (snapshot: MailboxSnapshot, changes: Int)? {
        guard let view = hub.liveView(id) else { return nil }
        guard let reloaded = reloaded[id] else { return (view.current, loaded[id] ?? 0) }
        guard let new = reloaded.snapshot else { return nil }
        return (new.sharingChunks(with: view.current), 0)
    }

    /// The flag sets are shared until an operation adds one, which is rare.
    struct Mark {
        let changes: Int
        let flagSets: FlagSetTable
        let flagSetIDs: [FlagSetKey: FlagSetID]
    }

    func mark() -> Mark {
        Mark(changes: changes.count, flagSets: flagSets, flagSetIDs: flagSetIDs)
    }

    func undo(to mark: Mark) {
        changes.removeLast(changes.count - mark.changes)
        working = working.filter { $0.value.changes <= mark.changes }
        flagSets = mark.flagSets
        flagSetIDs = mark.flagSetIDs
    }
}

/// A mailbox read from the file; nil snapshot when it is gone.
struct ReloadedMailbox {
    var snapshot: MailboxSnapshot?
    var name: MailboxName?
    var firstRecent: UInt64 = 0
}

/// A combination of flags as the flag_set table has it.
struct FlagSetKey: Hashable, Sendable {
    let system: UInt8
    let keywords: String

    init(system: UInt8, keywords: String) {
        self.system = system
        self.keywords = keywords
    }
    init(_ flags: Flags) {
        self.init(
            system: flags.system.rawValue, keywords: flags.keywords.map(\.key).sorted().joined(separator: " "))
    }
}

final class ChangeHub: WriterDelegate {
    /// So many views are kept after their last session has gone, for the next SELECT.
    fileprivate static let recentViews = 16
    /// Room is made for so many messages before they are read.
    private static let mostReserved = 1 << 20

    fileprivate struct WeakView { weak var view: MailboxView? }
    fileprivate struct State {
        var flagSets = FlagSetTable()
        var flagSetIDs: [FlagSetKey: FlagSetID] = [:]
        var areFlagSetsLoaded = false
        var views: [MailboxID: WeakView] = [:]
        var recent: [MailboxView] = []
    }
    private let state = Mutex(State())
    /// Called after each commit that brought messages, and after those of other processes, of which nobody knows what
    /// they brought or took; must not block.
    let newMail = Mutex<@Sendable (_ isExternal: Bool) -> Void>({ _ in })
    /// Told of every commit that brought something for them.
    let accountWatchers = Watchers<CommittedNews>()

    // MARK: Views

    /// The mailbox's view if somebody uses it or lately did. One that was deleted is nobody's any more: the mailbox may
    /// have been restored since.
    func view(_ id: MailboxID) -> MailboxView? {
        state.withLock { state in
            guard let view = state.views[id]?.view, !view.current.isDeleted else { return nil }
            state.touch(view)
            return view
        }
    }

    /// The mailbox's view if there is one, whether or not it was deleted.
    fileprivate func liveView(_ id: MailboxID) -> MailboxView? { state.withLock { $0.views[id]?.view } }

    /// Whether anybody wants to hear of what another process commits.
    var isWatched: Bool { !accountWatchers.isEmpty || hasViewsInUse }

    private var hasViewsInUse: Bool {
        state.withLock { $0.views.values.contains { $0.view?.isWatched == true } }
    }

    private var liveViews: [MailboxView] {
        state.withLock { state in
            state.views = state.views.filter { $0.value.view != nil }
            return state.views.values.compactMap(\.view)
        }
    }

    /// Reads the mailbox and makes its view. On the writer's thread, so that no commit falls between.
    /// - Parameter ahead: called before all messages are read, where that may be (`SummaryAhead`).
    func load(
        _ id: MailboxID, _ db: Database, _ effects: AccountEffects, ahead: ((MailboxSummary) -> Void)? = nil
    ) throws -> MailboxView? {
        if let view = view(id) { return view }
        // What others of the batch have done is told after the COMMIT only.
        let reloaded = try readMailbox(id, db, effects.flagSets, ahead: effects.changes.isEmpty ? ahead : nil)
        guard let snapshot = reloaded.snapshot, let name = reloaded.name else { return nil }
        let view = MailboxView(snapshot: snapshot, name: name, firstRecent: reloaded.firstRecent)
        state.withLock { state in
            state.views[id] = WeakView(view: view)
            state.touch(view)
        }
        effects.loaded[id] = effects.changes.count
        return view
    }

    // MARK: WriterDelegate

    func began(_ db: Database, external: Bool) throws -> AccountEffects {
        let mustLoad = state.withLock { !$0.areFlagSetsLoaded }
        if external || mustLoad { try readFlagSets(db) }
        let effects = state.withLock { AccountEffects(hub: self, flagSets: $0.flagSets, flagSetIDs: $0.flagSetIDs) }
        if external {
            effects.isExternal = true
            for view in liveViews {
                effects.reloaded[view.mailboxID] = try readMailbox(view.mailboxID, db, effects.flagSets)
            }
        }
        return effects
    }

    func committed(_ effects: AccountEffects) {
        state.withLock { state in
            state.flagSets = effects.flagSets
            state.flagSetIDs = effects.flagSetIDs
        }
        var touched = Set(effects.reloaded.keys)
        for change in effects.changes { touched.insert(change.mailboxID) }
        for id in touched {
            guard let view = state.withLock({ $0.views[id]?.view }) else { continue }
            publish(effects, to: view)
        }
        if effects.isExternal || effects.changes.contains(where: \.isNewMail) {
            newMail.withLock { $0 }(effects.isExternal)
        }
        effects.committed.news.isUnknown = effects.isExternal
        if !effects.committed.isEmpty { accountWatchers.tell(effects.committed) }
    }

    private func publish(_ effects: AccountEffects, to view: MailboxView) {
        var name = effects.reloaded[view.mailboxID]?.name
        // What another process changed may have been the rights.
        var newRights = effects.reloaded[view.mailboxID] != nil
        for change in effects.changes.dropFirst(effects.loaded[view.mailboxID] ?? 0)
        where change.mailboxID == view.mailboxID {
            if case .renamed(_, let new) = change { name = new }
            if case .rights = change { newRights = true }
        }
        var snapshot = view.current
        if let new = effects.worked(on: view.mailboxID) { snapshot = new } else { snapshot.isDeleted = true }
        view.publish(snapshot, name: name, newRights: newRights)
    }

    // MARK: Reading

    private func readFlagSets(_ db: Database) throws {
        let names = try Keyword.stored(in: db)
        var sets: [FlagSet] = []
        var ids: [FlagSetKey: FlagSetID] = [:]
        try db.each("SELECT id, system, keywords FROM flag_set") { row in
            let id = FlagSetID(rawValue: row.uint32(0))
            let system = SystemFlags(rawValue: UInt8(clamping: row.int(1)))
            let keys = row.text(2)
            let keywords = keys.split(separator: " ").compactMap { names[String($0)] ?? Keyword(String($0)) }
            sets.append(FlagSet(id: id, flags: Flags(system, keywords: Set(keywords))))
            ids[FlagSetKey(system: system.rawValue, keywords: keys)] = id
        }
        let table = FlagSetTable(sets)
        state.withLock { state in
            state.flagSets = table
            state.flagSetIDs = ids
            state.areFlagSetsLoaded = true
        }
    }

    private func readMailbox(
        _ id: MailboxID, _ db: Database, _ flagSets: FlagSetTable, ahead give: ((MailboxSummary) -> Void)? = nil
    ) throws -> ReloadedMailbox {
        var result = ReloadedMailbox()
        var ahead: SummaryAhead?
        var entries: [MessageEntry] = []
        let key = SQLValue.int(id.rawValue)
        try db.each(
            """
            SELECT name, uid_validity, uid_next, modseq, first_recent, messages, unseen FROM mailbox
            WHERE id = ? AND deleted_at IS NULL
            """, key
        ) { row in
            guard let validity = UIDValidity(row.uint32(1)), let modSeq = ModSeq(UInt64(clamping: row.int(3))) else {
                throw StoreError.broken("mailbox \(id) has UIDVALIDITY \(row.int(1)) and MODSEQ \(row.int(3))")
            }
            let snapshot = MailboxSnapshot(
                mailboxID: id, uidValidity: validity, uidNext: UInt64(clamping: row.int(2)), highestModSeq: modSeq,
                flagSets: flagSets)
            result.name = try MailboxName(stored: row.text(0))
            result.firstRecent = UInt64(clamping: row.int(4))
            result.snapshot = snapshot
            let count = Int(clamping: row.int(5))
            entries.reserveCapacity(max(0, min(count, ChangeHub.mostReserved)))
            ahead = give.flatMap { give in
                SummaryAhead(
                    snapshot, count: count, unseen: Int(clamping: row.int(6)), firstRecent: result.firstRecent, give)
            }
        }
        guard result.snapshot != nil else { return result }
        try db.each(
            """
            SELECT uid, flag_set, modseq, size, internal_date, body_id FROM message WHERE mailbox_id = ? ORDER BY uid
            """, key
        ) { row in
            let entry = try MessageEntry(row)
            ahead?.met(entry.flagSet, at: entries.count)
            entries.append(entry)
        }
        try ahead?.check(entries.count)
        result.snapshot?.append(entries)
        return result
    }
}

extension ChangeHub.State {
    fileprivate mutating func touch(_ view: MailboxView) {
        recent.removeAll { $0 === view }
        recent.append(view)
        if recent.count > ChangeHub.recentViews { recent.removeFirst() }
    }
}

extension MessageEntry {
    /// From uid, flag_set, modseq, size, internal_date, body_id.
    init(_ row: SQLRow) throws {
        guard let uid = UID(row.uint32(0)), let modSeq = ModSeq(UInt64(clamping: row.int(2))) else {
            throw StoreError.broken("a message has UID \(row.int(0)) and MODSEQ \(row.int(2))")
        }
        self.init(
            uid: uid, flagSet: FlagSetID(rawValue: row.uint32(1)), modSeq: modSeq, size: row.uint32(3),
            internalDate: MailDate(packed: row.int(4)), bodyID: BodyID(rawValue: row.int(5)))
    }
}

extension MailboxName {
    /// A name from the file, which was checked when it was written.
    init(stored text: String) throws {
        do throws(MailboxName.Problem) {
            try self.init(text)
        } catch {
            throw StoreError.broken("mailbox name \"\(text)\" in the file is not allowed: \(error.explanation)")
        }
    }
}

extension Keyword {
    /// Every keyword of the account in its first spelling, by its key.
    static func stored(in db: Database) throws -> [String: Keyword] {
        var result: [String: Keyword] = [:]
        try db.each("SELECT key, name FROM keyword") { row in result[row.text(0)] = Keyword(row.text(1)) }
        return result
    }
}
