// FETCH and UID FETCH.

import IMAPSyntax
import Logging
import Mail
import MailStore
import NIOCore

extension Session {
    /// RFC 3501 §6.4.5. Goes through the messages in batches: \Seen is set for a batch, then one job of the store
    /// encodes it, then it is sent before the next begins; so a client that does not read, or goes away, stops the
    /// work.
    func fetch(_ fetch: Fetch) async throws -> Completion {
        let selection = try selected()
        let plan = FetchPlan(fetch)
        // The messages are those of the view at this moment. It may change under the command (flags, new messages), but
        // without EXPUNGE no index does.
        var queue = FetchQueue(try selection.indices(of: fetch.messages))
        var missing = 0
        while let indices = queue.next(of: selection.mailbox.view, plan) {
            let unseen = try await setSeen(indices, plan, selection, withUIDs: fetch.messages.isUID)
            guard !isOver else { throw Replied() }
            let targets = selection.mailbox.targets(indices, becomeSeen: unseen)
            var encoder = FetchEncoder(plan: plan, targets: targets, flagSets: selection.mailbox.view.flagSets)
            if plan.readsStore {
                missing += try await stream(encoder)
            } else {
                encoder.encodeFromSnapshot(into: &connection.writer)
                try await connection.flushIfLarge()
                await Task.yield()
            }
        }
        guard missing == 0 else {
            return .no("Some of the messages no longer exist.", code: .expungeIssued)
        }
        return .ok("FETCH completed.")
    }

    /// Sets \Seen where the items imply it.
    /// - Returns: the UIDs of the messages that were not seen before.
    private func setSeen(
        _ indices: [Int], _ plan: FetchPlan, _ selection: Selection, withUIDs: Bool
    ) async throws -> UIDSet {
        guard plan.setsSeen, !selection.mailbox.isReadOnly else { return UIDSet() }
        let view = selection.mailbox.view
        let unseen = UIDSet(indices.lazy.map { view[$0] }.filter { !view.flags(of: $0).contains(.seen) }.map(\.uid))
        guard !unseen.isEmpty else { return unseen }
        let change = FlagChange.add(Flags(.seen))
        _ = try await loggedIn().account.storeFlags(unseen, in: selection.view.mailboxID, change)
        announce(.withoutExpunge, withUIDs: withUIDs, own: .told(unseen))
        return unseen
    }

    /// Runs the encoder's jobs and sends what each yields.
    /// - Returns: how many messages were left out.
    private func stream(_ encoder: FetchEncoder) async throws -> Int {
        let account = try loggedIn().account
        var job = FetchJob(encoder: encoder)
        while !job.progress.isDone {
            let isMessageBegun = job.progress.isMessageBegun
            do {
                job = try await job.advanced(in: account)
            } catch {
                guard isMessageBegun else { throw error }
                // A literal was promised and cannot be kept: there is no lawful way on.
                logger.error("a message broke off while it was sent", metadata: ["error": "\(error)"])
                end("message broke off")
                connection.abandon()
                throw ConnectionEnded()
            }
            try await connection.send(job.progress.writer.take())
        }
        return job.progress.missing
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
