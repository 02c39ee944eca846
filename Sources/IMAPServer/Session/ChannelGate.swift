// Where a channel and its session meet: bytes that came, room for bytes to go, and the signals that wake the session.
//
// Theory. The channel's handler (on the event loop), the store's writer threads, the directory watch and the server's
// drain put things in; one session task takes them out. Nothing queues: input is one buffer that grows only while the
// session asks for more, and a signal is a bit. So a session that stands still costs a bounded amount of memory however
// busy its mailbox and however eager its client.
//
// Invariants: at most one waiter, be it a task that waits or a session that has none; a bit of `Wake.lasting` mirrors
// the state of the channel; the other bits are cleared by the wait that reports them.

import Accounts
import NIOCore
import Synchronization

/// Shared between one channel and its session.
final class ChannelGate: Sendable {
    private struct State {
        var input = ByteBuffer()
        var pending: Wake = .writable
        var interest: Wake = []
        var waiter: (@Sendable (Wake) -> Void)?
        /// The session wants bytes and a read was asked for; cleared when they come.
        var wantsInput = false
        var failure: String?
        var tls: TLSFacts?
        var deadline: NIODeadline = .distantFuture
        var timer: Scheduled<Void>?
        var timerDue: NIODeadline = .distantFuture
    }
    private let state = Mutex(State())
    let readBound = ReadBound()
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    // MARK: The session's side

    /// Waits until one of the reasons holds, and gives all of them that do. One waiter at a time.
    func wait(for interest: Wake) async -> Wake {
        await withCheckedContinuation { continuation in
            whenever(interest) { continuation.resume(returning: $0) }
        }
    }

    /// Calls `resume` once, as soon as one of the reasons holds, with all of them that do: at once or later, from
    /// whichever thread brings it.
    func whenever(_ interest: Wake, _ resume: @escaping @Sendable (Wake) -> Void) {
        let ready: Wake? = state.withLock { state in
            let hits = state.pending.intersection(interest)
            guard hits.isEmpty else {
                state.pending.subtract(hits.subtracting(.lasting))
                return hits
            }
            state.interest = interest
            state.waiter = resume
            return nil
        }
        if let ready { resume(ready) }
    }

    /// Which of the reasons hold now, without waiting; events among them count as seen.
    func poll(_ interest: Wake) -> Wake {
        state.withLock { state in
            let hits = state.pending.intersection(interest)
            state.pending.subtract(hits.subtracting(.lasting))
            return hits
        }
    }

    /// What has come since the last call.
    func takeInput() -> ByteBuffer {
        state.withLock { state in
            defer { state.input = ByteBuffer() }
            state.pending.remove(.input)
            return state.input
        }
    }

    /// Forgets what has come and was not taken.
    func dropInput() {
        state.withLock { state in
            state.input.clear()
            state.pending.remove(.input)
        }
    }

    /// Notes that bytes are wanted. True when the caller must ask the channel to read.
    func wantInput() -> Bool {
        state.withLock { state in
            guard !state.wantsInput, !state.pending.contains(.ended) else { return false }
            state.wantsInput = true
            return true
        }
    }

    /// When to raise `.deadline`; `.distantFuture` for never. Cheap to call often: the timer only ever moves later by
    /// firing.
    func setDeadline(_ deadline: NIODeadline) {
        let replaced: Scheduled<Void>? = state.withLock { state in
            state.deadline = deadline
            state.pending.remove(.deadline)
            guard deadline < state.timerDue else { return nil }
            let old = state.timer
            state.timerDue = deadline
            state.timer = eventLoop.scheduleTask(deadline: deadline) { self.timerFired() }
            return old
        }
        replaced?.cancel()
    }

    /// Ends the timer. Call when the session is over.
    func finish() {
        let timer: Scheduled<Void>? = state.withLock { state in
            defer {
                state.timer = nil
                state.timerDue = .distantFuture
                state.deadline = .distantFuture
            }
            return state.timer
        }
        timer?.cancel()
    }

    private func timerFired() {
        let isDue = state.withLock { state in
            state.timer = nil
            state.timerDue = .distantFuture
            guard state.deadline != .distantFuture else { return false }
            if state.deadline <= .now() { return true }
            state.timerDue = state.deadline
            state.timer = eventLoop.scheduleTask(deadline: state.deadline) { self.timerFired() }
            return false
        }
        if isDue { raise(.deadline) }
    }

    // MARK: The others' side

    /// Sets the bits and wakes the session if it waits for one of them.
    func raise(_ wake: Wake) { update { (state: inout State) in state.pending.insert(wake) } }

    func received(_ bytes: ByteBuffer) {
        update { (state: inout State) in
            if state.input.readableBytes == 0 { state.input = bytes } else { state.input.writeImmutableBuffer(bytes) }
            state.wantsInput = false
            state.pending.insert(.input)
        }
    }

    /// True while the session wants bytes and none have come: the handler then reads on.
    var stillWantsInput: Bool { state.withLock { $0.wantsInput } }

    /// The connection is no more; `reason` is for the log, nil for a plain end.
    func ended(because reason: String? = nil) {
        update { (state: inout State) in
            state.wantsInput = false
            if state.failure == nil { state.failure = reason }
            state.pending.formUnion([.ended, .writable])
        }
    }

    /// The TLS handshake is done.
    func secured(_ facts: TLSFacts) {
        update { (state: inout State) in
            state.tls = facts
            state.pending.insert(.secured)
        }
    }

    /// What logins look at of the TLS connection; nil until its handshake is done.
    var tls: TLSFacts? { state.withLock { $0.tls } }

    /// Why the connection broke, when it did not simply end.
    var failure: String? { state.withLock { $0.failure } }

    func writabilityChanged(_ isWritable: Bool) {
        update { (state: inout State) in
            if isWritable || state.pending.contains(.ended) {
                state.pending.insert(.writable)
            } else {
                state.pending.remove(.writable)
            }
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let resumed: (@Sendable (Wake) -> Void, Wake)? = state.withLock { state in
            change(&state)
            guard let waiter = state.waiter else { return nil }
            let hits = state.pending.intersection(state.interest)
            guard !hits.isEmpty else { return nil }
            state.pending.subtract(hits.subtracting(.lasting))
            state.waiter = nil
            return (waiter, hits)
        }
        if let (resume, hits) = resumed { resume(hits) }
    }
}
