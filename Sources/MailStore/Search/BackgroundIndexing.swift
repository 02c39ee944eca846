// Keeps the search indexes of a store up to date: after deliveries, one account at a time, ahead of nothing.
//
// Theory. One worker for the whole store. Accounts that have something new are queued, each once. An account's turn
// comes when no more has arrived for `delay`, or when its first news has waited `patience`: so what arrives together is
// taken in together, and indexing, which costs more than storing, takes no processor from mail that is coming in. The
// worker does one step for the account whose turn is first, puts it back behind the others whose turn is now when it
// has more, and rests as long as the step took, thrice as long while mail is coming in for anybody. States: idle (no
// worker) -> `nudge` queues and starts the worker -> idle when the queue is empty. `close` empties the queue; a step
// that runs ends with the account's file.

import Logging
import Synchronization

final class BackgroundIndexing: Sendable {
    /// The queue keeps no file open: an account that nobody uses any more is indexed when it is opened again.
    private struct Waiting {
        weak var account: AccountStore?
        /// When the first and the last news of it came.
        let first: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        /// The end of the step before.
        var notBefore: ContinuousClock.Instant?

        func turn(_ delay: Duration, _ patience: Duration) -> ContinuousClock.Instant {
            let due = min(last + delay, first + patience)
            return notBefore.map { max(due, $0) } ?? due
        }
    }
    private struct State {
        var queue: [AccountID: Waiting] = [:]
        /// Whose step runs.
        var current: AccountID?
        var lastNews: ContinuousClock.Instant?
        var isRunning = false
        var isClosed = false
    }
    private enum Next {
        case step(AccountStore, Waiting)
        case rest(Duration)
        case done
    }
    private let state = Mutex(State())
    private let delay: Duration
    /// So much later than the first news, mail that goes on coming is taken in while it comes.
    private var patience: Duration { delay * 10 }
    private let logger: Logger

    /// - Parameter delay: from the last news to the first step.
    init(delay: Duration, logger: Logger) {
        self.delay = delay
        self.logger = logger
        // The tables of the folding take most of a tenth of a second, which the first search need not wait for.
        Task.detached(priority: .background) { _ = SearchIndexState.version }
    }

    /// The account has, or may have, messages that its index does not have. Returns at once.
    func nudge(_ account: AccountStore) {
        let now = ContinuousClock.now
        let mustStart = state.withLock { state in
            guard !state.isClosed else { return false }
            state.lastNews = now
            if state.queue[account.id]?.account === account {
                state.queue[account.id]?.last = now
                return false
            }
            state.queue[account.id] = Waiting(account: account, first: now, last: now)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { Task(priority: .background) { await run() } }
    }

    /// Whether the account has something to take in, as far as is known.
    func isUnfinished(_ id: AccountID) -> Bool {
        state.withLock { $0.queue[id] != nil || $0.current == id }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.queue = [:]
        }
    }

    private func run() async {
        while true {
            switch next() {
            case .done: return
            case .rest(let duration): try? await Task.sleep(for: duration)
            case .step(let account, let waiting): await step(account, waiting)
            }
        }
    }

    private func step(_ account: AccountStore, _ waiting: Waiting) async {
        let start = ContinuousClock.now
        do throws(StoreError) {
            if try await account.indexSome() { putBack(waiting) }
        } catch {
            // The next message is the next try.
            if !isClosed {
                logger.warning(
                    "cannot keep the search index",
                    metadata: ["account": "\(account.id)", "reason": "\(error.explanation)"])
            }
        }
        let end = ContinuousClock.now
        let isBusy = state.withLock { state in
            state.current = nil
            return state.lastNews.map { $0 + delay > end } ?? false
        }
        try? await Task.sleep(for: (end - start) * (isBusy ? 3 : 1))
    }

    /// There is more to take in. Where mail has arrived meanwhile it is to be quiet again, within the same patience.
    private func putBack(_ waiting: Waiting) {
        guard let account = waiting.account else { return }
        state.withLock { state in
            guard !state.isClosed else { return }
            var next = waiting
            if let news = state.queue[account.id] { next.last = news.last }
            next.notBefore = .now
            state.queue[account.id] = next
        }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    /// The account whose turn is first, or how long it is until then.
    private func next() -> Next {
        state.withLock { state in
            var first: (id: AccountID, turn: ContinuousClock.Instant)?
            for (id, waiting) in state.queue {
                guard waiting.account != nil else {
                    state.queue[id] = nil
                    continue
                }
                let turn = waiting.turn(delay, patience)
                if first.map({ turn < $0.turn }) ?? true { first = (id, turn) }
            }
            guard let first else {
                state.isRunning = false
                return .done
            }
            let rest = first.turn - ContinuousClock.now
            guard rest <= .zero, let waiting = state.queue[first.id], let account = waiting.account else {
                return .rest(max(.zero, rest))
            }
            state.queue[first.id] = nil
            state.current = first.id
            return .step(account, waiting)
        }
    }
}
