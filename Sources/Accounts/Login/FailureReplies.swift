// Failed logins are answered late and together, in another order than they came: neither the time that a check took nor
// its place in a queue shows.
//
// Theory. Time is cut into ticks of a quarter of the delay. A reply leaves at the first tick that lies at least the
// delay ahead, with all others of that tick, shuffled. The first one of a tick starts the task that ends it.

internal import Synchronization

/// Holds the answers to failed logins back.
final class FailureReplies: Sendable {
    private let delay: Duration
    private let clock: LoginClock
    private let waiting = Mutex<[Int64: [CheckedContinuation<Void, Never>]]>([:])

    /// - Parameter delay: the least time; zero holds nothing back.
    init(delay: Duration, clock: LoginClock) {
        self.delay = delay
        self.clock = clock
    }

    /// How many answers wait now.
    var heldCount: Int { waiting.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// Returns when the answer may be sent.
    func hold() async {
        guard delay > .zero else { return }
        let length = delay / 4
        let now = clock.elapsed()
        let tick = Int64(((now + delay) / length).rounded(.up))
        let due = length * Int(tick)
        await withCheckedContinuation { continuation in
            let isFirst = waiting.withLock { waiting in
                waiting[tick, default: []].append(continuation)
                return waiting[tick]?.count == 1
            }
            guard isFirst else { return }
            Task {
                await clock.sleep(due - now)
                release(tick)
            }
        }
    }

    private func release(_ tick: Int64) {
        let batch = waiting.withLock { $0.removeValue(forKey: tick) } ?? []
        for continuation in batch.shuffled() { continuation.resume() }
    }
}
