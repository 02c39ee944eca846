// The store: a data directory opened, its directory, and the accounts' files as they are asked for.
//
// At most `openAccounts` files stay open for no one in particular, and each for `openTime`, or until its mail is
// indexed; an account that somebody holds stays open besides. An open file costs some half a megabyte: connections,
// their schemas and their pages.

package import Logging
import NIOPosix
import Schema
package import Sockets
import Synchronization

package final class Store: Sendable {
    package struct Options: Sendable {
        /// Files kept open after their last use.
        package var openAccounts = 256
        /// How long after it.
        package var openTime = Duration.seconds(300)
        /// One works on what a session asks for, one on what it will need next or on the other half of a search, one is
        /// left to the others.
        package var readersPerAccount = 3
        /// Days for which an expunged message can be restored.
        package var retentionDays = 14
        /// How long after a message came its search index is brought up to date; nil: only when somebody asks for it.
        package var indexingDelay: Duration?
        /// Asked before an account's file is opened; nil: nobody counts.
        package var descriptors: DescriptorBudget?
        /// How long a write waits for another program that has the file locked.
        package var lockPatience = Duration.seconds(10)
        /// Whether files are opened that have lost something that was acknowledged: for `repair`, which settles it.
        package var acceptsLoss = false
        package init() {}
    }

    package let directory: Directory
    package let layout: DataDirectory
    let options: Options
    let logger: Logger
    private let serverLock: FileLock?
    private let threads: NIOThreadPool
    private let compression = Compression()
    let keyMemory = KeyMemory()
    private let spoolBudget = SpoolBudget()
    private let accounts = Mutex(OpenAccounts())
    private let indexing: BackgroundIndexing?
    private let watching: Mutex<Task<Void, Never>?> = Mutex(nil)

    /// How often the store looks for commits of other processes, where somebody watches.
    private static let watchInterval = Duration.milliseconds(250)

    /// Whether no server and no other store with the same claim can be on the directory.
    var isExclusive: Bool { serverLock != nil }

    private init(
        layout: DataDirectory, options: Options, lock: FileLock?, logger: Logger
    ) throws(StoreError) {
        self.layout = layout
        self.options = options
        self.logger = logger
        serverLock = lock
        indexing = options.indexingDelay.map { BackgroundIndexing(delay: $0, logger: logger) }
        directory = try Directory(
            path: layout.directoryDatabase, acceptsLoss: options.acceptsLoss, patience: options.lockPatience)
        threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
    }

    /// Opens an initialised data directory.
    /// - Parameter exclusive: true for the server, of which there is one on a directory; the CLI opens beside it.
    /// - Throws: `.broken` when there is none, it is not private, or it is of a newer version; `.refused` when another
    ///   server has it.
    package static func open(
        at path: String, exclusive: Bool, options: Options = .init(), logger: Logger
    ) async throws(StoreError) -> Store {
        let layout = DataDirectory(path)
        try layout.check()
        guard layout.isInitialised else {
            throw .broken("\(layout.root) holds no Martlet data; \"martlet init\" makes a data directory")
        }
        var lock: FileLock?
        if exclusive {
            let held = try FileLock(path: layout.serverLock)
            guard await held.hold(within: .seconds(1)) else {
                throw .refused(reason: "another martletd is running on \(layout.root); stop it first")
            }
            lock = held
        }
        let store = try Store(layout: layout, options: options, lock: lock, logger: logger)
        store.startWatching()
        return store
    }

    /// Makes a data directory and opens it, as the CLI does.
    /// - Throws: `.alreadyExists` when it is initialised, `.unavailable` when it cannot be made.
    package static func create(at path: String, hostname: String, logger: Logger) async throws(StoreError) -> Store {
        let layout = DataDirectory(path)
        try layout.create()
        let store = try Store(layout: layout, options: .init(), lock: nil, logger: logger)
        try await store.directory.setSetting("hostname", hostname, by: "martlet init")
        store.startWatching()
        return store
    }

    /// The account's file, opened or as it is open already. The first time it gets INBOX, Drafts, Sent, Trash, Junk and
    /// Archive.
    package func account(_ id: AccountID) async throws(StoreError) -> AccountStore {
        enum Found {
            case open(AccountStore)
            case opening(Task<Result<AccountStore, StoreError>, Never>)
        }
        let found: Found = accounts.withLock { open in
            if let account = open.find(id) { return .open(account) }
            return .opening(open.opening(id) { Task { await self.openAccount(id) } })
        }
        switch found {
        case .open(let account): return account
        case .opening(let task): return try await task.value.get()
        }
    }

    /// How many accounts' files are open.
    package var openAccountCount: Int { accounts.withLock { $0.all.count } }

    /// Opens on the store's own threads: it waits for the disk and for other processes.
    private func openAccount(_ id: AccountID) async -> Result<AccountStore, StoreError> {
        let (path, readers, compression) = (layout.accountDatabase(id), options.readersPerAccount, compression)
        let (keyMemory, options) = (keyMemory, options)
        let result: Result<AccountStore, StoreError>
        do {
            let loan = try borrow(for: path)
            let account = try await threads.runIfActive {
                try AccountStore(
                    id: id, path: path, readers: readers, compression: compression, keyMemory: keyMemory,
                    acceptsLoss: options.acceptsLoss, patience: options.lockPatience, descriptors: loan)
            }
            try await account.prepare()
            keepIndexed(account)
            result = .success(account)
        } catch {
            result = .failure(StoreError(error, doing: "open \(path)"))
        }
        accounts.withLock { $0.opened(id, try? result.get(), keeping: options.openAccounts) }
        return result
    }

    /// Room among the process's descriptors for one more file.
    /// - Throws: `.unavailable` when there is none: what nobody has in use is closed then, for the next who asks.
    private func borrow(for path: String) throws(StoreError) -> DescriptorLoan? {
        guard let descriptors = options.descriptors else { return nil }
        if let loan = descriptors.account() { return loan }
        closeUnused(for: .zero)
        throw .unavailable("cannot open \(path): too many files are open")
    }

    private func keepIndexed(_ account: AccountStore) {
        guard let indexing else { return }
        account.hub.newMail.withLock { newMail in
            newMail = { [weak account] isExternal in
                guard let account else { return }
                // `martlet message purge`, perhaps.
                if isExternal { account.mustCountPurged.withLock { $0 = true } }
                indexing.nudge(account)
            }
        }
        indexing.nudge(account)
    }

    /// A message on its way in.
    /// - Parameters:
    ///   - limit: in bytes; nil for the most that the store can hold.
    ///   - room: shared with other messages that are appended together; nil for one of its own.
    package func stage(limit: Int? = nil, in room: SpoolRoom? = nil) -> MessageStaging {
        MessageStaging(
            room: room ?? spoolRoom(), limit: limit ?? ChunkLayout.largestMessage, threads: threads,
            compression: compression)
    }

    /// Room for messages that are to be appended together.
    package func spoolRoom() -> SpoolRoom { SpoolRoom(directory: layout.temporary, budget: spoolBudget) }

    /// Deletes an account's mail for good; the account must be gone from the directory.
    package func removeAccountFile(_ id: AccountID) async throws(StoreError) {
        guard try await directory.account(id) == nil else {
            throw .refused(reason: "account #\(id) is still in the directory")
        }
        accounts.withLock { $0.remove(id) }?.close()
        let path = layout.accountDatabase(id)
        for suffix in ["", "-wal", "-shm", ".lock"] { try removeFile(path + suffix) }
    }

    /// Closes the account's file if it is open here; the next to ask opens it anew.
    func letGo(of id: AccountID) { accounts.withLock { $0.remove(id) }?.close() }

    /// A file of an account's mail that lies elsewhere, such as a copy of a backup's: opened as an account's own, and
    /// brought up to date by that. It is the caller's to close.
    package func openCopy(_ path: String, of id: AccountID) async throws(StoreError) -> AccountStore {
        let account = try AccountStore(id: id, path: path, readers: 1, compression: compression, isAdopted: true)
        try await account.prepare()
        return account
    }

    /// Purges, in every account, what was expunged longer ago than the retention time. An account that cannot be purged
    /// is logged and passed over.
    /// - Parameter now: in seconds since 1970; nil for the system's clock.
    package func purgeExpired(now: Int64? = nil) async throws(StoreError) -> PurgeOutcome {
        var purged = PurgeOutcome()
        let before = (now ?? currentSeconds()) - Int64(options.retentionDays) * 86_400
        for record in try await directory.accounts() where !Task.isCancelled {
            do throws(StoreError) {
                purged = try await purged + account(record.id).purge(expungedBefore: before)
            } catch {
                logger.error(
                    "cannot purge an account's expunged messages",
                    metadata: ["account": "\(record.address)", "reason": "\(error.explanation)"])
            }
        }
        return purged
    }

    /// Ends every use of the store. Waits for what is being written.
    package func close() async {
        watching.withLock { task in
            task?.cancel()
            task = nil
        }
        indexing?.close()
        for account in accounts.withLock({ $0.removeAll() }) { account.close() }
        directory.close()
        try? await threads.shutdownGracefully()
        serverLock?.release()
    }

    /// Lets go of files that nobody has asked for lately; what holds no other user closes by that.
    private func closeUnused(for time: Duration) {
        let time = ContinuousClock.now - time
        let unused = accounts.withLock { $0.takeUnused(since: time) { indexing?.isUnfinished($0) ?? false } }
        // Only now, outside the lock: who opens another is not to wait for them.
        withExtendedLifetime(unused) {}
    }

    private func startWatching() {
        watching.withLock { task in
            task = Task { [weak self] in
                while (try? await Task.sleep(for: Self.watchInterval)) != nil {
                    guard let self else { return }
                    directory.lookForExternalCommits()
                    closeUnused(for: options.openTime)
                    for account in accounts.withLock({ $0.all }) { account.lookForExternalCommits() }
                }
            }
        }
    }
}

/// The accounts that are open: held by somebody, or among the last used; and those about to be.
private struct OpenAccounts {
    private struct Weak { weak var account: AccountStore? }
    private var known: [AccountID: Weak] = [:]
    /// The last used one last.
    private var recent: [(account: AccountStore, used: ContinuousClock.Instant)] = []
    private var opening: [AccountID: Task<Result<AccountStore, StoreError>, Never>] = [:]

    var all: [AccountStore] { known.values.compactMap(\.account) }

    mutating func find(_ id: AccountID) -> AccountStore? {
        guard let account = known[id]?.account else { return nil }
        touch(account)
        return account
    }

    private mutating func touch(_ account: AccountStore) {
        if recent.last?.account === account {
            recent.removeLast()
        } else {
            recent.removeAll { $0.account === account }
        }
        recent.append((account, .now))
    }

    /// Those that have not been asked for since then. Who holds one may be about to bring mail into it, so that it is
    /// needed when they let go; until then it is open anyway.
    mutating func takeUnused(
        since time: ContinuousClock.Instant, unless isNeeded: (AccountID) -> Bool
    ) -> [AccountStore] {
        var unused: [AccountStore] = []
        for place in recent.indices.reversed() where recent[place].used < time {
            guard isKnownUniquelyReferenced(&recent[place].account), !isNeeded(recent[place].account.id) else {
                continue
            }
            unused.append(recent.remove(at: place).account)
        }
        return unused
    }

    /// The one task that opens the account, started by `start` when there is none.
    mutating func opening(
        _ id: AccountID, _ start: () -> Task<Result<AccountStore, StoreError>, Never>
    ) -> Task<Result<AccountStore, StoreError>, Never> {
        if let task = opening[id] { return task }
        let task = start()
        opening[id] = task
        return task
    }

    mutating func opened(_ id: AccountID, _ account: AccountStore?, keeping limit: Int) {
        opening[id] = nil
        guard let account else { return }
        known = known.filter { $0.value.account != nil }
        known[id] = Weak(account: account)
        touch(account)
        if recent.count > limit { recent.removeFirst() }
    }

    mutating func remove(_ id: AccountID) -> AccountStore? {
        recent.removeAll { $0.account.id == id }
        return known.removeValue(forKey: id)?.account
    }

    mutating func removeAll() -> [AccountStore] {
        defer { self = OpenAccounts() }
        return all
    }
}
