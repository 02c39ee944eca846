// A result that is not there yet: given once from any thread, waited for once.

import Synchronization

/// What somebody is working on. Who lets go of it without waiting loses nothing but the result.
package final class Pending<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Result<Value, StoreError>, Never>)
        case done(Result<Value, StoreError>)
    }
    private let state = Mutex(State.open)

    init() {}

    /// To be called once.
    func resolve(_ result: Result<Value, StoreError>) {
        let waiting: CheckedContinuation<Result<Value, StoreError>, Never>? = state.withLock { state in
            guard case .awaited(let continuation) = state else {
                state = .done(result)
                return nil
            }
            state = .done(result)
            return continuation
        }
        waiting?.resume(returning: result)
    }

    /// To be called by one task at a time.
    package func value() async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let done: Result<Value, StoreError>? = state.withLock { state in
                if case .done(let result) = state { return result }
                state = .awaited(continuation)
                return nil
            }
            if let done { continuation.resume(returning: done) }
        }
        return try result.get()
    }
}
