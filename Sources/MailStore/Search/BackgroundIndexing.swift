// Keeps the search indexes of a store up to date: after deliveries, one account at a time, ahead of nothing.
//
// Theory. One worker for the whole store. Accounts that have something new are queued, each once. The worker waits for
// a moment, so that what arrives together is taken in together, does one step for the first account, puts it back when
// it has more, and rests as long as the step took. States: idle (no worker) -> `nudge` queues and starts the worker ->
// idle when the queue is empty. `close` empties the queue; a step that runs ends with the account's file.

import Logging
import Synchronization

final class BackgroundIndexing: Sendable {
    /// The queue keeps no file open: an account that nobody uses any more is indexed when it is opened again.
    private struct Waiting { weak var account: AccountStore? }
    private struct State {
        var queue: [Waiting] = []
        var isRunning = false
        var isClosed = false
    }
    private let state = Mutex(State())
    private let delay: Duration
    private let logger: Logger

    /// - Parameter delay: from the first news to the first step.
    init(delay: Duration, logger: Logger) {
        self.delay = delay
        self.logger = logger
    }

    /// The account has, or may have, messages that its index does not have. Returns at once.
    func nudge(_ account: AccountStore) {
        let mustStart = state.withLock { state in
            guard !state.isClosed, !state.queue.contains(where: { $0.account === account }) else { return false }
            state.queue.append(Waiting(account: account))
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { Task(priority: .background) { await run() } }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.queue = []
        }
    }

    private func run() async {
        try? await Task.sleep(for: delay)
        while let account = next() {
            let start = ContinuousClock.now
            do throws(StoreError) {
                if try await account.indexSome() { nudge(account) }
            } catch {
                // The next message is the next try.
                if !isClosed {
                    logger.warning(
                        "cannot keep the search index",
                        metadata: ["account": "\(account.id)", "reason": "\(error.explanation)"])
                }
            }
            try? await Task.sleep(for: ContinuousClock.now - start)
        }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func next() -> AccountStore? {
        state.withLock { state in
            while !state.queue.isEmpty {
                if let account = state.queue.removeFirst().account { return account }
            }
            state.isRunning = false
            return nil
        }
    }
}
