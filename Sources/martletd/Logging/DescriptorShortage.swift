// Somebody was turned away because too many files are open: counted each time, logged at most once a minute.

import CoreMetrics
import Logging
import Synchronization

final class DescriptorShortage: Sendable {
    private struct State {
        var lastLine: ContinuousClock.Instant?
        var since = 0
    }
    private static let interval = Duration.seconds(60)

    private let limit: Int
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let counter = Counter(label: "martlet_descriptor_refusals_total")
    private let state = Mutex(State())

    /// - Parameter limit: named in the line, since to raise it is the remedy.
    init(limit: Int, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.limit = limit
        self.logger = logger
        self.now = now
    }

    /// One was refused, or a listener waits a tenth of a second before it accepts.
    func note() {
        counter.increment()
        let time = now()
        let count: Int? = state.withLock { state in
            state.since += 1
            if let last = state.lastLine, time - last < Self.interval { return nil }
            defer { state.since = 0 }
            state.lastLine = time
            return state.since
        }
        guard let count else { return }
        logger.warning(
            "too many files are open: connections are refused or wait until others end",
            metadata: ["limit": "\(limit)", "times": "\(count)"])
    }
}
