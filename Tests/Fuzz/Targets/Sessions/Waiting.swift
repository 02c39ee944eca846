// Asynchronous work for fuzz targets, which are given their inputs one after the other on a thread that may wait.

import Dispatch
import Synchronization

enum Waiting {
    /// What an input sets off is over long before; what is not will never be.
    private static let patience = DispatchTimeInterval.seconds(60)

    /// Waits for the end of `work`, which runs elsewhere.
    /// - Throws: what `work` throws, or a finding when it does not end.
    static func forEnd<Value: Sendable>(of work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let outcome = Outcome<Value>()
        Task.detached {
            do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
        }
        return try outcome.wait(patience)
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
        isThere.signal()
    }

    func wait(_ patience: DispatchTimeInterval) throws -> Value {
        guard isThere.wait(timeout: .now() + patience) == .success, let value = result.withLock({ $0 }) else {
            throw Finding("it goes on for ever")
        }
        return try value.get()
    }
}
