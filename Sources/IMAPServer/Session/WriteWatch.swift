// Cuts off a connection whose client reads nothing for a whole interval; slow ones may take their time.

import NIOCore
import Synchronization

/// From the moment a session waits for room in the channel until `cancel`.
final class WriteWatch: Sendable {
    private struct State {
        var waiting = Int.max
        var task: RepeatedTask?
    }
    private let state = Mutex(State())

    init(_ channel: any Channel, every interval: TimeAmount) {
        let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
            self?.look(at: channel)
        }
        state.withLock { $0.task = task }
        // What waits now is what the first look compares with.
        look(at: channel)
    }

    func cancel() { state.withLock { $0.task }?.cancel() }

    private func look(at channel: any Channel) {
        channel.getOption(.bufferedWritableBytes).whenComplete { result in
            let waiting = (try? result.get()) ?? Int.max
            let moves = self.state.withLock { state in
                defer { state.waiting = waiting }
                return waiting < state.waiting
            }
            if !moves { channel.close(promise: nil) }
        }
    }
}
