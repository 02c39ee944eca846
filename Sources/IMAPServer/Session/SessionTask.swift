// Gives a session a task while it has something to do, and none while it waits for its client.
//
// Theory. A Swift task keeps the deepest stack that it ever needed, for a login some 20 KiB, until it ends. Most
// sessions wait most of the time, so the task of one that waits ends, and whatever wakes the session begins another, on
// the connection's event loop like the last. What waits is held by the gate alone; a gate whose channel is closed wakes
// it a last time and lets it go.

import NIOCore

/// The turns of one session.
final class SessionTask: Sendable {
    private let session: NIOLoopBound<Session>
    private let gate: ChannelGate
    private let executor: LoopExecutor
    private let ended: @Sendable () -> Void

    /// On the connection's event loop.
    /// - Parameter ended: called once, when the session is over.
    init(_ session: Session, ended: @escaping @Sendable () -> Void) {
        let eventLoop = session.connection.channel.eventLoop
        self.session = NIOLoopBound(session, eventLoop: eventLoop)
        gate = session.connection.gate
        executor = LoopExecutor(eventLoop)
        self.ended = ended
    }

    /// Begins the conversation.
    func begin() { turn([]) }

    private func turn(_ wake: Wake) {
        Task(executorPreference: executor) { [self] in
            guard let reasons = await session.value.turn(wake) else { return ended() }
            gate.whenever(reasons) { [self] in turn($0) }
        }
    }
}
