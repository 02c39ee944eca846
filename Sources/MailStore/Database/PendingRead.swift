// A read job that was handed in and whose answer is asked for later, while its reader works.

import Synchronization

/// Has one asker. Whoever lets it go lets the answer go, too.
package final class PendingRead<Value: Sendable>: Sendable {
    private enum State {
        case running
        case asked(CheckedContinuation<Result<Value, StoreError>, Never>)
        case done(Result<Value, StoreError>)
        case taken
    }
    private let state = Mutex(State.running)

    init() {}

    func finish(_ result: Result<Value, StoreError>) {
        let asker = state.withLock { state -> CheckedContinuation<Result<Value, StoreError>, Never>? in
            guard case .asked(let asker) = state else {
                state = .done(result)
                return nil
            }
            state = .taken
            return asker
        }
        asker?.resume(returning: result)
    }

    /// Waits for the answer. To be asked for once.
    package var value: Value {
        get async throws(StoreError) {
            let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
                let known = state.withLock { state -> Result<Value, StoreError>? in
                    guard case .running = state else {
                        defer { state = .taken }
                        if case .done(let result) = state { return result }
                        return .failure(.unavailable("an answer was asked for twice"))
                    }
                    state = .asked(continuation)
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
            return try result.get()
        }
    }
}
