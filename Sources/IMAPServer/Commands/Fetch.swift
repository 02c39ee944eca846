// FETCH and UID FETCH.

import IMAPSyntax
import Logging
import Mail
import MailStore
import NIOCore

extension Session {
    /// RFC 3501 §6.4.5. Goes through the messages in batches: \Seen is set for a batch, then jobs of the store encode
    /// it. One piece is sent while the store works on the next, and on the next batch's where the account has a reader
    /// to spare, and no further; so a client that does not read, or goes away, stops the work.
    func fetch(_ fetch: Fetch) async throws -> Completion {
        let selection = try selected()
        let plan = FetchPlan(fetch, enabled)
        // The messages are those of the view at this moment. It may change under the command (flags, new messages), but
        // without EXPUNGE no index does.
        var queue = FetchQueue(try await indices(of: fetch, selection))
        var outcome = FetchOutcome()
        var ready = ByteBuffer()
        if plan.readsStore, !plan.setsSeen {
            try await streamAll(&queue, plan, of: selection, &ready, &outcome)
        }
        while let indices = queue.next(of: selection.mailbox.view, plan) {
            if plan.setsSeen { try await sendAll(&ready) }  // before what is announced
            let unseen = try await setSeen(indices, plan, selection, withUIDs: fetch.messages.isUID)
            guard !isOver else { throw Replied() }
            if plan.readsStore {
                let encoder = FetchEncoder(
                    plan, indices, becomeSeen: unseen, of: selection.mailbox, selection.key)
                try await stream(encoder, of: selection.account, &ready, &outcome)
            } else {
                try await send(plan, indices, of: selection)
            }
        }
        try await sendAll(&ready)
        return outcome.completion
    }

    /// Streams batch after batch, where none of them changes anything.
    private func streamAll(
        _ queue: inout FetchQueue, _ plan: FetchPlan, of selection: Selection, _ ready: inout ByteBuffer,
        _ outcome: inout FetchOutcome
    ) async throws {
        let account = selection.account
        func next() -> FetchJob? {
            queue.next(of: selection.mailbox.view, plan).map { indices in
                FetchJob(encoder: FetchEncoder(plan, indices, of: selection.mailbox, selection.key))
            }
        }
        var job = next()
        var first: Pending<FetchJob>?
        while let batch = job {
            // Many small ones are no work for the event loop.
            let isBrief = first == nil && queue.isEmpty && batch.encoder.isBrief
            job = next()
            var following: Pending<FetchJob>?
            try await stream(batch, first, isBrief: isBrief, of: account, &ready, &outcome) {
                following = job?.start(in: account, onlyIfSpare: true)
            }
            first = following
        }
    }

    /// Answers from the snapshot alone.
    private func send(_ plan: FetchPlan, _ indices: [Int], of selection: Selection) async throws {
        let (mailbox, key) = (selection.mailbox, selection.key)
        try await writeApart(indices.count * 16) { writer in
            var encoder = FetchEncoder(plan, indices, of: mailbox, key)
            encoder.encodeFromSnapshot(into: &writer)
        }
        try await connection.flushIfLarge()
    }

    /// The messages to answer; what is gone of them is told on the way (RFC 7162 §3.1.4.1, §3.2.6).
    private func indices(of fetch: Fetch, _ selection: Selection) async throws -> [Range<Int>] {
        let all = try selection.indices(of: fetch.messages)
        let named = fetch.modifiers.partial.map { $0.selected(of: all) } ?? all
        guard let modSeq = fetch.modifiers.changedSince else { return named }
        if fetch.modifiers.vanished {
            guard enabled.contains(.qresync) else {
                throw Refusal(.bad("The modifier VANISHED is to be used after ENABLE QRESYNC."))
            }
            try await writeVanished(
                since: modSeq, among: selection.mailbox.uids(everNamed: fetch.messages), of: selection)
        }
        let mailbox = selection.mailbox
        // To compare two numbers is little: what is gone through counts for a quarter.
        return await apart(mailbox.view.countOfChunks(changedSince: modSeq) / 4) {
            mailbox.changed(named, since: modSeq)
        }
    }

    /// Sets \Seen where the items imply it.
    /// - Returns: the UIDs of the messages that were not seen before.
    private func setSeen(
        _ indices: [Int], _ plan: FetchPlan, _ selection: Selection, withUIDs: Bool
    ) async throws -> UIDSet {
        guard plan.setsSeen, !selection.mailbox.isReadOnly, selection.rights.contains(.seen) else { return UIDSet() }
        let view = selection.mailbox.view
        let unseen = UIDSet(indices.lazy.map { view[$0] }.filter { !view.flags(of: $0).contains(.seen) }.map(\.uid))
        guard !unseen.isEmpty else { return unseen }
        let change = FlagChange.add(Flags(.seen))
        _ = try await selection.account.storeFlags(unseen, in: selection.view.mailboxID, change)
        try await announce(.withoutExpunge, withUIDs: withUIDs, own: .told(unseen))
        return unseen
    }

    /// Runs the encoder's jobs, each while what the one before it wrote is sent.
    /// - Parameters:
    ///   - account: whose messages they are.
    ///   - ready: what is encoded and not yet sent; holds the last job's output afterwards.
    ///   - outcome: takes what was left out.
    func stream(
        _ encoder: FetchEncoder, of account: AccountStore, _ ready: inout ByteBuffer, _ outcome: inout FetchOutcome
    ) async throws {
        try await stream(
            FetchJob(encoder: encoder), isBrief: encoder.isBrief, of: account, &ready, &outcome)
    }

    /// - Parameters:
    ///   - first: the job's first piece, when that is under way.
    ///   - hasRoom: called once, when the client has taken what was sent before.
    private func stream(
        _ job: FetchJob, _ first: Pending<FetchJob>? = nil, isBrief: Bool, of account: AccountStore,
        _ ready: inout ByteBuffer, _ outcome: inout FetchOutcome, hasRoom: () -> Void = {}
    ) async throws {
        var (job, started) = (job, first)
        var isFirst = true
        while !job.progress.isDone {
            let isMessageBegun = job.progress.isMessageBegun
            do {
                if isBrief, ready.readableBytes == 0 {
                    job = try await job.advanced(in: account, isBrief: true)
                } else {
                    let next = started ?? job.start(in: account)
                    started = nil
                    try await sendAll(&ready)
                    if isFirst { hasRoom() }
                    isFirst = false
                    if let next { job = try await next.value() }
                }
            } catch let ended as ConnectionEnded {
                throw ended
            } catch {
                guard isMessageBegun else { throw error }
                // A literal was promised and cannot be kept: there is no lawful way on.
                logger.error("a message broke off while it was sent", metadata: ["error": "\(error)"])
                end("message broke off")
                connection.abandon()
                throw ConnectionEnded()
            }
            ready = job.progress.writer.take()
        }
        outcome.add(job.progress)
    }

    private func sendAll(_ ready: inout ByteBuffer) async throws {
        let bytes = ready
        ready = ByteBuffer()
        if bytes.readableBytes > 0 { try await connection.send(bytes) }
    }
}

/// What of a FETCH could not be answered.
struct FetchOutcome: Sendable {
    private var missing = 0
    private var hasUnknownEncoding = false

    mutating func add(_ progress: FetchProgress) {
        missing += progress.missing
        hasUnknownEncoding = hasUnknownEncoding || progress.hasUnknownEncoding
    }

    var completion: Completion {
        if hasUnknownEncoding {
            return .no("Some parts have a transfer encoding that is not known here.", code: .unknownCTE)
        }
        guard missing == 0 else {
            return .no("Some of the messages no longer exist.", code: .expungeIssued)
        }
        return .ok("FETCH completed.")
    }
}

extension FetchEncoder {
    /// Of the messages at these indices, as they are in the view now.
    init(
        _ plan: FetchPlan, _ indices: [Int], becomeSeen: UIDSet = UIDSet(), of mailbox: SelectedMailbox,
        _ key: MailboxKey
    ) {
        self.init(
            plan: plan, targets: mailbox.targets(indices, becomeSeen: becomeSeen),
            flagSets: mailbox.view.flagSets, account: key.account, mailbox: key.mailbox)
    }
}

extension SelectedMailbox {
    /// The messages at these indices, as they are in the view now.
    func targets(_ indices: [Int], becomeSeen: UIDSet) -> [FetchTarget] {
        indices.map { index in
            let entry = view[index]
            return FetchTarget(
                number: UInt32(truncatingIfNeeded: index + 1), entry: entry, isRecent: isRecent(entry.uid),
                becomesSeen: becomeSeen.contains(entry.uid))
        }
    }
}
