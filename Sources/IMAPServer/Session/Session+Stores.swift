// STOREs that arrived together: carried out in one commit, and answered in order as if each had been alone.
//
// Theory. They are submitted to the account's writer at once, as operations of their own, and answered when the commit
// of the last has returned. Each brings the mailbox as it was behind it, and its answer tells up to there: so no answer
// shows what a later command did, and what other sessions did comes in its turn. Nothing of the run is answered before
// all of it is committed, and nothing else is carried out meanwhile.
//
// Conditional STOREs (RFC 7162 §3.1.3) are left out: whether one may change a message depends on what the client has
// been told by the answer before it.

import CoreMetrics
import IMAPSyntax
import Mail
import MailStore

/// STOREs that can share a commit, with the messages that they mean.
private struct StoreRun {
    /// Messages of one run, counted for each command: until it is answered, each command holds the parts of the mailbox
    /// (40 KiB) that its messages lie in.
    static let mostMessages = 128

    var commands: [TaggedCommand] = []
    var stores: [IMAPSyntax.Store] = []
    var requests: [StoreRequest] = []
    private var messages = 0

    /// Takes one more. False when it is none, is wrong, or is too large to be carried out in passing.
    mutating func add(_ tagged: TaggedCommand, in session: Session, _ selection: Selection) -> Bool {
        guard case .store(let store) = tagged.command, store.unchangedSince == nil,
            session.refusal(of: .store) == nil, session.refusal(ofUnoffered: tagged.command) == nil,
            session.refusal(ofNumbersIn: tagged.command) == nil,
            let indices = selection.mailbox.indices(of: store.messages)
        else { return false }
        let count = indices.reduce(0) { $0 + $1.count }
        guard count > 0, messages + count <= StoreRun.mostMessages else { return false }
        messages += count
        commands.append(tagged)
        stores.append(store)
        requests.append(StoreRequest(selection.mailbox.uids(at: indices), store.change))
        return true
    }
}

extension Session {
    /// Carries out a STORE with those behind it, when they can share a commit.
    /// - Returns: false when the command is to be carried out alone.
    func performStores(from first: TaggedCommand) async throws(ConnectionEnded) -> Bool {
        guard let selection, let run = storeRun(from: first, in: selection) else { return false }
        // What a command that failed tells up to: where the one before it left the mailbox.
        var horizon = selection.view.current
        let answers = await selection.account.storeFlags(run.requests, in: selection.view.mailboxID)
        SessionMetrics.commands.increment(by: answers.count - 1)
        defer {
            unanswered = []
            selection.horizon = nil
        }
        for (place, answer) in answers.enumerated() where !isOver {
            unanswered = run.commands[(place + 1)...]
            if let view = (try? answer.get())?.view { horizon = view }
            // The last answer tells of everything.
            selection.horizon = unanswered.isEmpty ? nil : horizon
            let (store, uids) = (run.stores[place], run.requests[place].uids)
            try await conclude(run.commands[place]) {
                try await self.answer(store, uids, try answer.get().outcome, in: selection)
            }
        }
        return true
    }

    private func storeRun(from first: TaggedCommand, in selection: Selection) -> StoreRun? {
        var run = StoreRun()
        guard run.add(first, in: self, selection) else { return nil }
        readAhead()
        while case .command(let next)? = ahead.first, run.add(next, in: self, selection) { ahead.removeFirst() }
        return run.commands.count > 1 ? run : nil
    }
}
