// APPENDs that arrive one behind the other: the next is taken in while the one before is being committed.
//
// Theory. An APPEND whose messages are here is given to the account's writer, and the session goes on to the next one
// without waiting; so those that arrive faster than they are committed share commits. Each is answered when it is
// committed, in order, and tells of the selected mailbox as it was behind it. Whatever else the session has to say or
// to do - a `+`, a refusal, another command - comes after all of them have been answered. While one is being taken in,
// what the wire brings belongs to it: nothing is read ahead then, and no EXPUNGE is told.
//
// Bounds: `mostSubmitted` commands to one mailbox, and `mostBytes` of messages; a client that sends more waits.

import IMAPSyntax
import Mail
import MailStore

/// An APPEND whose messages are with the store.
struct AppendUnderWay {
    let tag: String
    let destination: MailboxReference
    let append: SubmittedAppend
    let bytes: Int
}

extension Session {
    private static let mostSubmitted = 32
    private static let mostBytes = 4 * 1_024 * 1_024

    /// Gives the messages of an APPEND to the store.
    func submit(_ intake: AppendIntake, to mailbox: MailboxReference) {
        let append = lane.append(intake.messages, to: mailbox.name, of: mailbox.account)
        note(append, intake, mailbox)
    }

    /// The same of one message.
    func submit(_ staging: MessageStaging, of intake: AppendIntake, to mailbox: MailboxReference) {
        let append = lane.append(
            staging, flags: intake.options.flags, internalDate: intake.options.date ?? intake.arrival,
            to: mailbox.name, of: mailbox.account)
        note(append, intake, mailbox)
    }

    private func note(_ append: SubmittedAppend, _ intake: AppendIntake, _ mailbox: MailboxReference) {
        submitted.append(
            AppendUnderWay(tag: intake.head.tag, destination: mailbox, append: append, bytes: intake.sum))
    }

    private var lane: AppendLane {
        if let appendLane { return appendLane }
        let gate = connection.gate
        let lane = AppendLane { gate.raise(.stored) }
        appendLane = lane
        return lane
    }

    /// The next thing on the wire while a message is taken in. What is stored meanwhile is answered.
    func nextOfAppend() async throws(ConnectionEnded) -> Connection.Arrival {
        while !submitted.isEmpty {
            let arrival = try await connection.next(or: Session.cutting.union(.stored))
            guard case .signals(let wake) = arrival, wake.isDisjoint(with: Session.cutting) else { return arrival }
            try await answerStored(within: true)
            if isOver { throw ConnectionEnded() }
        }
        return try await connection.next(or: Session.cutting)
    }

    /// What stands behind an APPEND that is not answered yet.
    func stepBehindAppends() async throws(ConnectionEnded) {
        connection.gate.setDeadline(deadline)
        if let reason = dueEnd() {
            if try await answerAppends() { end(because: reason) }
            return
        }
        if ahead.isEmpty { readAhead() }
        if case .event(.append(.begin(let head)))? = ahead.first, mayJoin(head) {
            ahead.removeFirst()
            return try await append(head)
        }
        guard ahead.isEmpty else {
            _ = try await answerAppends()
            return
        }
        switch try await connection.next(or: Session.endings.union(.stored)) {
        case .event(let event): putAhead(event)
        case .signals(let wake) where wake.isDisjoint(with: Session.endings): try await answerStored()
        case .signals(let wake): if try await answerAppends() { end(because: wake.intersection(Session.endings)) }
        }
    }

    private func mayJoin(_ head: AppendHead) -> Bool {
        guard head.replaced == nil, submitted.count < Session.mostSubmitted,
            submitted.reduce(0, { $0 + $1.bytes }) < Session.mostBytes, let name = try? name(of: head.mailbox)
        else { return false }
        return submitted.allSatisfy { $0.destination.fullName == name }
    }

    /// Answers all that are with the store, once they are committed.
    /// - Parameter within: another APPEND is being taken in.
    /// - Returns: false when the session is over.
    func answerAppends(within: Bool = false) async throws(ConnectionEnded) -> Bool {
        while !submitted.isEmpty, !isOver {
            try await answerStored(within: within)
            if !submitted.isEmpty, !isOver { _ = await connection.gate.wait(for: .stored) }
        }
        return !isOver
    }

    /// Answers those that are committed, in order.
    private func answerStored(within: Bool = false) async throws(ConnectionEnded) {
        while let first = submitted.first, let result = first.append.result, !isOver {
            submitted.removeFirst()
            try await answer(first, result, isLast: submitted.isEmpty, within: within)
        }
    }

    private func answer(
        _ append: AppendUnderWay, _ result: Result<AppendedMessages, StoreError>, isLast: Bool, within: Bool
    ) async throws(ConnectionEnded) {
        let completion: Completion
        var told = isLast
        switch result {
        case .success(let appended):
            let uids = appended.outcome.uids.compactMap { $0 }
            noteOwnMessages(uids, in: append.destination)
            completion =
                uids.isEmpty
                ? .ok("APPEND completed.")
                : .ok("APPEND completed.", code: .appendUID(appended.outcome.uidValidity, UIDSet(uids)))
            if let selection, !isLast, selection.account.id == append.destination.account.id,
                selection.view.mailboxID == appended.outcome.mailboxID
            {
                selection.horizon = appended.view
                told = appended.view != nil
            }
        case .failure(let error): completion = self.completion(for: error, command: .append)
        }
        defer { selection?.horizon = nil }
        if told {
            let announcing = CommandTable.rule(for: .append).announcing
            // Behind it stands another APPEND, of which more is not known yet.
            try await announce(isLast && !within ? heldBack(announcing) : .withoutExpunge, withUIDs: false)
        }
        try await finish(append.tag, completion)
    }
}
