// What is told of new messages of the selected mailbox unasked: the items of NOTIFY's MessageNew and of UPDATE.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

extension Session {
    /// The client has put messages into a mailbox: of these it is sent no FETCH unasked (RFC 5465 §5.2).
    func noteOwnMessages(_ uids: some Sequence<UID>, in destination: MailboxReference) {
        guard let selection, selection.account.id == destination.account.id, selection.view.name == destination.name
        else { return }
        selection.ownMessages = UIDSet(selection.ownMessages.ranges + UIDSet(uids).ranges)
    }

    /// Tells of the contexts, and of each new message what is wanted of it, in one FETCH (RFC 5465 §5.2).
    ///
    /// RFC 5465 §5.2 wants the FETCHes behind the ESEARCHes where NOTIFY asks for items, §7 before them where only
    /// UPDATE does.
    /// - Parameter uidNext: new are the messages from here on.
    func write(
        _ updates: [ContextUpdate], newFrom uidNext: UInt64, in selection: Selection
    ) async throws(ConnectionEnded) {
        let wanted = newMessages(from: uidNext, updates, in: selection)
        selection.ownMessages = UIDSet()
        let isNotified = notify?.interest.selected?.items.isEmpty == false
        if isNotified { try await write(updates) }
        for run in wanted { try await send(run.items, of: run.indices, in: selection) }
        if !isNotified { try await write(updates) }
    }

    /// Neighbours of which the same is wanted.
    private struct Wanted {
        let items: [FetchItem]
        var indices: Range<Int>
    }

    private func newMessages(
        from uidNext: UInt64, _ updates: [ContextUpdate], in selection: Selection
    ) -> [Wanted] {
        let view = selection.mailbox.view
        let asked = notify?.interest.selected?.items ?? []
        let updates = updates.filter { !$0.context.items.isEmpty }
        guard !asked.isEmpty || !updates.isEmpty, let first = UInt32(exactly: uidNext) else { return [] }
        var runs: [Wanted] = []
        for index in view.indexOfFirst(atLeast: first)..<view.count {
            let uid = view[index].uid
            guard !selection.ownMessages.contains(uid) else { continue }
            let items = updates.reduce(asked) { $1.added.contains(uid) ? $0 + $1.context.items : $0 }
            if let last = runs.last, last.items == items, last.indices.upperBound == index {
                runs[runs.count - 1].indices = last.indices.lowerBound..<index + 1
            } else if !items.isEmpty {
                runs.append(Wanted(items: items, indices: index..<index + 1))
            }
        }
        return runs
    }

    private func send(
        _ items: [FetchItem], of indices: Range<Int>, in selection: Selection
    ) async throws(ConnectionEnded) {
        let view = selection.mailbox.view
        // What comes unasked has the UID, and MODSEQ once that is enabled (RFC 7162 §3.2.4).
        let items = items + (enabled.tellsModSeq ? [.modSeq] : [])
        let byUID = MessageSelection.uid(MessageSet([.init(.number(view[indices.lowerBound].uid), .last)]))
        let plan = FetchPlan(Fetch(messages: byUID, items: items), enabled)
        var queue = FetchQueue([indices])
        while let batch = queue.next(of: view, plan) {
            let encoder = FetchEncoder(plan, batch, of: selection.mailbox, selection.key)
            do {
                try await send(encoder, of: selection.account)
            } catch let ended as ConnectionEnded {
                throw ended
            } catch {
                // They are gone, or cannot be read now: the client has their EXISTS and can ask.
                return
            }
        }
    }

    private func send(_ encoder: FetchEncoder, of account: AccountStore) async throws {
        var ready = ByteBuffer()
        if encoder.plan.readsStore {
            var outcome = FetchOutcome()
            try await stream(encoder, of: account, &ready, &outcome)
        } else {
            var encoder = encoder
            encoder.encodeFromSnapshot(into: &connection.writer)
        }
        if ready.readableBytes > 0 { try await connection.send(ready) }
        try await connection.flushIfLarge()
    }
}
