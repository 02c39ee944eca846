// One account's mail: the file, its writer, and the views of the mailboxes in use.
//
// The operations lie in extensions, a file each, in Mailboxes/ and Messages/ under the names of the IMAP commands.

import GRDB
import Mail
import NIOPosix
import Schema
import Sockets
import Synchronization

/// An account's file, open. Safe to use from any thread; operations are serialised by its writer.
package final class AccountStore: Sendable {
    package let id: AccountID
    let file: DatabaseFile
    let writer: Writer<ChangeHub>
    let hub: ChangeHub
    let compression: Compression
    let keys: MessageKeys
    /// Every message has its sort keys and thread id; false until somebody has looked.
    let areThreadsComplete = Mutex(false)
    /// Bodies may have gone since the search index was last looked at.
    let mustCountPurged = Mutex(true)
    /// How far the links of threads that are gone have been taken away; nil when that is not going on.
    let linksSwept = Mutex<Int64?>(nil)
    /// Read jobs that were handed to the file through this handle and those made from it.
    private let readJobs = Atomic(0)
    /// Who uses this handle when it is not the account itself (`Sharing/Guest.swift`).
    let guest: AccountID?
    /// The mailbox that a guest reads.
    let boundMailbox: MailboxID?
    /// Which session uses this handle, so that it is not told of its own changes as if they were others'.
    let session: String?
    /// The handle that a guest's was made from: while that one is open, nobody opens the file again.
    private let base: AccountStore?

    /// - Parameter isAdopted: the file becomes this account's, whoever's it was.
    /// - Parameters acceptsLoss, patience: see `DatabaseFile`.
    init(
        id: AccountID, path: String, readers: Int, compression: Compression, keyMemory: KeyMemory = KeyMemory(),
        isAdopted: Bool = false, acceptsLoss: Bool = false, patience: Duration = DatabaseFile.patience,
        descriptors: DescriptorLoan? = nil
    ) throws(StoreError) {
        self.id = id
        self.compression = compression
        keys = MessageKeys(memory: keyMemory)
        hub = ChangeHub()
        guest = nil
        boundMailbox = nil
        session = nil
        base = nil
        // To look up three rows for each message that is changed would be most of the work. What is written refers to
        // what the same transaction has read or made; `checkIntegrity` looks whether it is there.
        file = try DatabaseFile(
            path: path, steps: SchemaScripts.account, readers: readers, checksReferences: false,
            nature: .account(id, isAdopted: isAdopted), acceptsLoss: acceptsLoss, patience: patience,
            descriptors: descriptors)
        writer = Writer(file: file, delegate: hub)
    }

    /// The same account as somebody else may use it.
    init(_ owner: AccountStore, guest: AccountID?, boundTo mailbox: MailboxID?, session: String?) {
        // What nobody has is no account's, lest it be taken for one.
        id = guest == .nobody ? .nobody : owner.id
        file = owner.file
        writer = owner.writer
        hub = owner.hub
        compression = owner.compression
        keys = owner.keys
        base = owner.base ?? owner
        self.guest = guest
        boundMailbox = mailbox
        self.session = session
    }

    /// The same handle for one session, whose changes are its own to those who watch by this handle.
    package func used(by session: String) -> AccountStore {
        AccountStore(self, guest: guest, boundTo: boundMailbox, session: session)
    }

    /// Whether another account than its own uses this handle.
    package var isGuests: Bool { guest != nil }

    /// How often `read` was called, by all sessions on the account: tests count by it that reads which arrived together
    /// are one job.
    package var readCount: Int { readJobs.load(ordering: .relaxed) }

    func countRead() { ownersHandle.readJobs.add(1, ordering: .relaxed) }

    /// For work that is not done in anybody's name.
    var ownersHandle: AccountStore { base ?? self }

    /// The mailboxes that every account has from the start (RFC 6154).
    static let initialMailboxes: [(name: String, use: SpecialUse?)] = [
        ("INBOX", nil), ("Drafts", .drafts), ("Sent", .sent), ("Trash", .trash), ("Junk", .junk), ("Archive", .archive),
    ]

    /// Makes what every account has, once: INBOX is never missing.
    func prepare() async throws(StoreError) {
        let isPrepared = try await file.read { db in
            try db.first("SELECT 1 FROM mailbox WHERE name = 'INBOX' AND deleted_at IS NULL") { _ in true } ?? false
        }
        guard !isPrepared else { return }
        try await write { operation in
            guard try operation.find(.inbox) == nil else { return }
            for (name, use) in Self.initialMailboxes {
                let name = try MailboxName(stored: name)
                guard try operation.find(name) == nil else { continue }
                _ = try operation.create(name, specialUse: use)
                try operation.subscribe(name)
            }
        }
    }

    /// Runs one operation of the account itself on the writer: all of it or nothing, durable on return.
    /// - Throws: `.notPermitted` for a guest; `writeShared` is for operations that check what guests may do.
    func write<T: Sendable>(
        _ work: @escaping @Sendable (inout WriteOperation) throws -> T
    ) async throws(StoreError) -> T {
        guard guest == nil else { throw .notPermitted }
        return try await writeShared(work)
    }

    /// Lets the views learn of what another process has committed.
    func lookForExternalCommits() {
        if hub.isWatched { writer.lookForExternalCommits() }
    }

    func close() { file.close() }
}

/// One operation inside a write transaction: the database, and the effects that it adds to.
struct WriteOperation {
    let db: Database
    let effects: AccountEffects
    /// Who does it when it is not the account itself.
    let guest: AccountID?
    private var modSeq: ModSeq?

    init(db: Database, effects: AccountEffects, guest: AccountID?) {
        self.db = db
        self.effects = effects
        self.guest = guest
    }

    /// The operation's MODSEQ: one for everything that it changes.
    mutating func nextModSeq() throws -> ModSeq {
        if let modSeq { return modSeq }
        let value = try db.first("UPDATE account_state SET modseq = modseq + 1 WHERE id = 1 RETURNING modseq") {
            $0.int(0)
        }
        guard let value, let new = ModSeq(UInt64(clamping: value)), new > .zero else {
            throw StoreError.broken("the account's MODSEQ counter is missing or used up")
        }
        modSeq = new
        return new
    }

    /// The flag set of these flags, made if it is new.
    mutating func flagSet(_ flags: Flags) throws -> FlagSetID {
        let key = FlagSetKey(flags)
        if let known = effects.flagSetIDs[key] { return known }
        guard flags.keywords.isEmpty
            || effects.flagSets.keywordCount + flags.keywords.count <= StoreLimits.keywordsOfFlagSets
        else { throw StoreError.limit("the account's messages have had too many different combinations of keywords") }
        let flags = try withStoredSpelling(flags)
        try db.run("INSERT INTO flag_set (system, keywords) VALUES (?, ?)", .int(key.system), .text(key.keywords))
        let id = FlagSetID(rawValue: UInt32(clamping: db.lastInsertedRowID))
        effects.flagSetIDs[key] = id
        effects.flagSets.insert(FlagSet(id: id, flags: flags))
        return id
    }

    /// Keywords in the spelling that the account knew first; new ones are entered.
    private func withStoredSpelling(_ flags: Flags) throws -> Flags {
        guard !flags.keywords.isEmpty else { return flags }
        guard flags.keywords.count <= StoreLimits.keywordsPerMessage else {
            throw StoreError.limit("a message can have at most \(StoreLimits.keywordsPerMessage) keywords")
        }
        let stored = try Keyword.stored(in: db)
        let new = flags.keywords.filter { stored[$0.key] == nil }
        guard stored.count + new.count <= StoreLimits.keywords else {
            throw StoreError.limit("an account can have at most \(StoreLimits.keywords) different keywords")
        }
        for keyword in new {
            try db.run("INSERT INTO keyword (key, name) VALUES (?, ?)", .text(keyword.key), .text(keyword.name))
        }
        return Flags(flags.system, keywords: Set(flags.keywords.map { stored[$0.key] ?? $0 }))
    }
}

/// The store's own bounds.
package enum StoreLimits {
    package static let keywords = 1_000
    package static let keywordsPerMessage = 100
    /// In all combinations of flags that an account's messages have had, together: they stay in memory.
    static let keywordsOfFlagSets = 100_000
    package static let mailboxes = 10_000
    package static let subscriptions = 20_000
}
