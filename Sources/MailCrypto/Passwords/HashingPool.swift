// Where password hashes are computed: as many at a time as there are cores, short queues, and a clear no beyond them.
//
// Theory. A hash costs 19 MiB and 30 ms of a core, and anybody may ask for one. So at most `slots` run; at most
// `queueLimit` wait in each lane, each for at most `patience`; whoever comes then is refused at once. A slot is
// counted in `State.running`. It is taken by `acquire` or handed straight from one that ends to one that waits
// (`release`), so `running` falls only when nobody waits. A waiter leaves its lane once: with the slot, or by its
// time-out, or by cancellation, and who takes it out of the lane resumes it.
//
// Two lanes, so that a flood of guesses at main passwords, which anybody can send, does not keep those waiting who come
// with an app password, whose public part has to be known. Within a lane the one that waited longest is next. The first
// lane goes before the ordinary one, but not for ever: after `mostInARow` from the first lane one from the ordinary
// gets its turn, so neither can starve the other.

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

    /// Who goes first when there are more than slots.
    package enum Lane: Sendable, CaseIterable {
        /// For work that not everybody can ask for: app passwords, whose row was found by their public part.
        case first
        /// For the rest: main passwords, and the dummy work of names that nobody has.
        case ordinary
    }

    /// How many of the first lane may go one after another while somebody waits in the ordinary one.
    static let mostInARow = 4

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
        let timeout: Task<Void, Never>
    }

    private struct State {
        var running = 0
        var nextID: UInt64 = 0
        var firstInARow = 0
        private var first: [Waiter] = []
        private var ordinary: [Waiter] = []

        /// Those who wait in a lane, the longest first.
        subscript(lane: Lane) -> [Waiter] {
            get { lane == .first ? first : ordinary }
            set { if lane == .first { first = newValue } else { ordinary = newValue } }
        }

        /// The lane whose turn it is; nil when nobody waits.
        var nextLane: Lane? {
            if ordinary.isEmpty { return first.isEmpty ? nil : .first }
            return first.isEmpty || firstInARow >= HashingPool.mostInARow ? .ordinary : .first
        }
    }

    package let slots: Int
    package let queueLimit: Int
    package let patience: Duration
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "martlet.hashing", attributes: .concurrent)

    /// `slots` hashes at a time (default: the cores), at most `queueLimit` waiting in each lane, each for at most
    /// `patience`.
    package init(
        slots: Int = System.coreCount, queueLimit: Int = 64, patience: Duration = .seconds(5)
    ) {
        self.slots = max(1, slots)
        self.queueLimit = max(0, queueLimit)
        self.patience = patience
    }

    /// Runs `work` on a thread of the pool when its `lane` has a turn, and gives back what it gives. Throws
    /// `Failure.overloaded`, `CancellationError` when the task is cancelled while it waits, or what `work` throws. Work
    /// that has begun is not interrupted.
    package func run<T: Sendable>(
        lane: Lane = .ordinary, _ work: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await acquire(lane)
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
        state.withLock { ($0.running, $0[.first].count + $0[.ordinary].count) }
    }

    /// How many wait in `lane` at this moment.
    package func waiting(in lane: Lane) -> Int {
        state.withLock { $0[lane].count }
    }
}

extension HashingPool {
    /// Returns when the caller holds a slot.
    private func acquire(_ lane: Lane) async throws {
        let id: UInt64? = try state.withLock { state in
            if state.running < slots {
                state.running += 1
                return nil
            }
            guard state[lane].count < queueLimit else { throw Failure.overloaded }
            state.nextID &+= 1
            return state.nextID
        }
        guard let id else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue(id, lane, $0) }
        } onCancel: {
            giveUp(id, lane, because: CancellationError())
        }
    }

    /// Queues the waiter, or resumes it at once: slots and queue may have changed since it was told to wait.
    private func enqueue(_ id: UInt64, _ lane: Lane, _ continuation: CheckedContinuation<Void, any Error>) {
        let outcome: Result<Void, any Error>? = state.withLock { state in
            if Task.isCancelled { return .failure(CancellationError()) }
            if state.running < slots {
                state.running += 1
                return .success(())
            }
            guard state[lane].count < queueLimit else { return .failure(Failure.overloaded) }
            let timeout = Task { [patience] in
                try? await Task.sleep(for: patience)
                if !Task.isCancelled { self.giveUp(id, lane, because: Failure.overloaded) }
            }
            state[lane].append(Waiter(id: id, continuation: continuation, timeout: timeout))
            return nil
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    /// Takes the waiter `id` out of the queue, if it is still there, with an error.
    private func giveUp(_ id: UInt64, _ lane: Lane, because error: any Error) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state[lane].firstIndex(where: { $0.id == id }) else { return nil }
            return state[lane].remove(at: index)
        }
        waiter?.timeout.cancel()
        waiter?.continuation.resume(throwing: error)
    }

    /// Ends a slot's use: it passes to the next that waits, else it is free.
    private func release() {
        let next: Waiter? = state.withLock { state in
            guard let lane = state.nextLane else {
                state.running -= 1
                return nil
            }
            state.firstInARow = lane == .first ? state.firstInARow + 1 : 0
            return state[lane].removeFirst()
        }
        next?.timeout.cancel()
        next?.continuation.resume()
    }
}
