// Import: streams a source's messages into an account, in batches, each message once.
//
// A message goes piece by piece from the source through CRLF conversion into a staging of the store's, which parses,
// compresses and spools it, and into the digest that becomes its import key. Staged messages wait until a batch is
// full; then one append stores them all. What an interrupted run had stored is passed over by the next run by its
// key. So no more is in memory than one piece, one batch of small messages, and 16 bytes for each message of the run.

internal import Mail
internal import MailCrypto
internal import MailStore
internal import NIOCore

/// What became of one folder.
struct FolderReport: Codable {
    let folder: String
    let mailbox: String
    let format: String
    var imported = 0
    var alreadyThere = 0
}

/// A message that was left out, and why.
struct ImportProblem: Codable {
    let message: String
    let reason: String
}

struct Importer {
    /// What fills a batch: messages, or bytes.
    static let batchMessages = 64
    static let batchBytes = 4 << 20

    let store: Store
    let account: AccountStore
    private(set) var reports: [FolderReport] = []
    private(set) var problems: [ImportProblem] = []
    /// One per mailbox, because the store remembers keys per mailbox.
    private var keys: [MailboxName: ImportKeys] = [:]
    private var batch: [NewMessage] = []
    private var batchSize = 0
    private var doneBytes: Int64 = 0
    private var doneMessages = 0

    init(store: Store, account: AccountStore) {
        self.store = store
        self.account = account
    }

    /// Imports one folder; what was stored before an error is kept.
    mutating func run(_ folder: SourceFolder, to mailbox: MailboxName, bar: inout ProgressBar) async throws {
        reports.append(FolderReport(folder: folder.shownName, mailbox: mailbox.text, format: folder.format.rawValue))
        try await makeMailbox(mailbox)
        var source = try folder.open()
        var incoming: IncomingMessage?
        do {
            while let events = try source.next() {
                for event in events { try await take(event, &incoming, mailbox: mailbox) }
                bar.update(done: doneBytes, messages: doneMessages)
            }
            try await flush(to: mailbox)
        } catch {
            incoming?.discard()
            throw error
        }
    }

    private func makeMailbox(_ name: MailboxName) async throws {
        guard try await !account.hasMailbox(name) else { return }
        _ = try await account.createMailbox(name)
        try await account.subscribe(name)
    }

    private mutating func take(
        _ event: SourceEvent, _ incoming: inout IncomingMessage?, mailbox: MailboxName
    ) async throws {
        switch event {
        case .begin(let name): incoming = try IncomingMessage(name: name, staging: store.stage())
        case .bytes(let bytes): try await incoming?.write(bytes)
        case .end(let flags, let date):
            guard let message = incoming else { return }
            incoming = nil
            try await finish(message, flags: flags, date: date, mailbox: mailbox)
        case .dropped:
            incoming?.discard()
            incoming = nil
        case .unreadable(let name, let reason): problems.append(ImportProblem(message: name, reason: reason))
        case .progress(let bytes): doneBytes += bytes
        }
    }

    private mutating func finish(
        _ message: IncomingMessage, flags: Flags, date: SourceDate, mailbox: MailboxName
    ) async throws {
        guard message.size > 0 else {
            message.discard()
            problems.append(ImportProblem(message: message.name, reason: "it is empty"))
            return
        }
        do {
            let (staged, digest) = try await message.finish()
            let key = try keys[mailbox, default: ImportKeys()].key(for: digest)
            let internalDate = date.known ?? staged.parsed.sentDate ?? date.fallback ?? .now()
            batch.append(NewMessage(staged, flags: flags, internalDate: internalDate, importKey: key))
            batchSize += message.size
        } catch StoreError.limit(let reason) {
            problems.append(ImportProblem(message: message.name, reason: reason))
        }
        if batch.count >= Importer.batchMessages || batchSize >= Importer.batchBytes {
            try await flush(to: mailbox)
        }
    }

    private mutating func flush(to mailbox: MailboxName) async throws {
        guard !batch.isEmpty else { return }
        let outcome = try await account.append(batch, to: mailbox)
        let stored = outcome.uids.count { $0 != nil }
        reports[reports.count - 1].imported += stored
        reports[reports.count - 1].alreadyThere += outcome.uids.count - stored
        doneMessages += batch.count
        batch = []
        batchSize = 0
    }
}

/// A message on its way from the source to the store.
private struct IncomingMessage {
    let name: String
    private(set) var size = 0
    private let staging: MessageStaging
    private let digest: SHA256
    private var lineEndings = LineEndings()
    /// Set when the message turned out to be too large: the rest of it is passed over.
    private var refusal: StoreError?

    init(name: String, staging: MessageStaging) throws {
        self.name = name
        self.staging = staging
        digest = try SHA256()
    }

    mutating func write(_ bytes: [UInt8]) async throws {
        guard refusal == nil else { return }
        let converted = lineEndings.toCRLF(bytes)
        size += converted.count
        try digest.update(converted)
        do { try await staging.write(ByteBuffer(bytes: converted)) } catch {
            guard case .limit = error else { throw error }
            refusal = error
        }
    }

    func finish() async throws -> (staged: StagedMessage, digest: [UInt8]) {
        if let refusal {
            staging.discard()
            throw refusal
        }
        return (try await staging.finish(), try digest.finalize())
    }

    func discard() { staging.discard() }
}
