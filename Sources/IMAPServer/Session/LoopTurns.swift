// Lets the sessions of one event loop work in turns.
//
// Theory. An event loop carries out what was given to it, and what that gave to it, before it looks at its sockets
// again. So a session with always more to do, as one whose client sends commands without end, keeps all those waiting
// whose clients have just sent something; and several such sessions, each giving way to the next, do so for ever. Who
// has worked for a while therefore goes to the end of a queue. One session at a time is let back from it, and that by
// way of another thread, which takes longer than the loop takes to find that it has nothing else to do: in between it
// looks at its sockets, and carries out what it finds there.

import Dispatch
import NIOCore
import Synchronization

/// Of one event loop.
final class LoopTurns: Sendable {
    private struct State {
        var waiting = CircularBuffer<CheckedContinuation<Void, Never>>()
        /// Somebody is on the way back, or works.
        var isUnderWay = false
    }

    /// A thread that never has work of its own, so that nobody waits there for the work of others.
    private static let outside = DispatchQueue(label: "outside the event loops")

    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Returns when everybody else has had a turn: those who wait here, and those whose clients have sent something.
    func giveWay() async {
        await withCheckedContinuation { continuation in
            let mustStart = state.withLock { state in
                state.waiting.append(continuation)
                defer { state.isUnderWay = true }
                return !state.isUnderWay
            }
            if mustStart { lead() }
        }
    }

    private func lead() {
        Self.outside.async { [self] in eventLoop.execute { self.admit() } }
    }

    private func admit() {
        state.withLock { $0.waiting.popFirst() }?.resume()
        // Its job was given to the loop by that, so this comes behind what it does now.
        eventLoop.execute { [self] in
            let isOver = state.withLock { state in
                state.isUnderWay = !state.waiting.isEmpty
                return !state.isUnderWay
            }
            if !isOver { lead() }
        }
    }
}
