// Where password hashes are computed: as many at a time as there are cores, a short queue, and a clear no beyond it.
//
// Theory. A hash costs 19 MiB and 30 ms of a core, and anybody may ask for one. So at most `slots` run; at most
// `queueLimit` wait, each for at most `patience`; whoever comes then is refused at once. A slot is counted in
// `State.running`. It is taken by `acquire` or handed straight from one that ends to the one that waited longest
// (`release`), so `running` falls only when nobody waits. A waiter leaves the queue once: with the slot, or by its
// time-out, or by cancellation, and who takes it out of `waiting` resumes it.

internal import Dispatch
internal import NIOCore
internal import Synchronization

/// A bounded place for slow, memory-hungry work off the event loops.
package final class HashingPool: Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// The queue is full, or the wait was too long. Try later: IMAP says [UNAVAILABLE], SMTP 454.
        case overloaded

        package var description: String { "too many password checks at once" }
    }

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
        let timeout: Task<Void, Never>
    }

    private struct State {
        var running = 0
        var nextID: UInt64 = 0
        var waiting: [Waiter] = []
    }

    package let slots: Int
    package let queueLimit: Int
    package let patience: Duration
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "martlet.hashing", attributes: .concurrent)

    /// `slots` hashes at a time (default: the cores), at most `queueLimit` waiting, each for at most `patience`.
    package init(
        slots: Int = System.coreCount, queueLimit: Int = 64, patience: Duration = .seconds(5)
    ) {
        self.slots = max(1, slots)
        self.queueLimit = max(0, queueLimit)
        self.patience = patience
    }

    /// Runs `work` on a thread of the pool and gives back what it gives. Throws `Failure.overloaded`,
    /// `CancellationError` when the task is cancelled while it waits, or what `work` throws. Work that has begun is not
    /// interrupted.
    package func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await acquire()
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                let result = Result { try work() }
                self.release()
                continuation.resume(with: result)
            }
        }
    }

    /// How many run and how many wait at this moment: for metrics and tests.
    package var load: (running: Int, waiting: Int) {
        state.withLock { ($0.running, $0.waiting.count) }
    }
}

extension HashingPool {
    /// Returns when the caller holds a slot.
    private func acquire() async throws {
        let id: UInt64? = try state.withLock { state in
            if state.running < slots {
                state.running += 1
                return nil
            }
            guard state.waiting.count < queueLimit else { throw Failure.overloaded }
            state.nextID &+= 1
            return state.nextID
        }
        guard let id else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue(id, $0) }
        } onCancel: {
            giveUp(id, because: CancellationError())
        }
    }

    /// Queues the waiter, or resumes it at once: slots and queue may have changed since it was told to wait.
    private func enqueue(_ id: UInt64, _ continuation: CheckedContinuation<Void, any Error>) {
        let outcome: Result<Void, any Error>? = state.withLock { state in
            if Task.isCancelled { return .failure(CancellationError()) }
            if state.running < slots {
                state.running += 1
                return .success(())
            }
            guard state.waiting.count < queueLimit else { return .failure(Failure.overloaded) }
            let timeout = Task { [patience] in
                try? await Task.sleep(for: patience)
                if !Task.isCancelled { self.giveUp(id, because: Failure.overloaded) }
            }
            state.waiting.append(Waiter(id: id, continuation: continuation, timeout: timeout))
            return nil
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    /// Takes the waiter `id` out of the queue, if it is still there, with an error.
    private func giveUp(_ id: UInt64, because error: any Error) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index)
        }
        waiter?.timeout.cancel()
        waiter?.continuation.resume(throwing: error)
    }

    /// Ends a slot's use: it passes to the one that has waited longest, else it is free.
    private func release() {
        let next: Waiter? = state.withLock { state in
            if state.waiting.isEmpty {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.timeout.cancel()
        next?.continuation.resume()
    }
}
