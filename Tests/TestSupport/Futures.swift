// Waiting for a future of NIO for a while and no longer: its own `get` waits for ever, even in a cancelled test.

package import NIOCore

/// A future that was waited for has no result.
package struct FutureNeverCame: Error, CustomStringConvertible {
    package let what: String
    package let patience: TimeAmount
    package var description: String { "\(what) did not come within \(patience.nanoseconds / 1_000_000_000) s" }
}

extension EventLoopFuture where Value: Sendable {
    /// The result, or `FutureNeverCame` after `patience`. `what` names it there.
    package func get(_ what: String, patience: TimeAmount = .seconds(120)) async throws -> Value {
        let promise = eventLoop.makePromise(of: Value.self)
        let timer = eventLoop.scheduleTask(in: patience) {
            promise.fail(FutureNeverCame(what: what, patience: patience))
        }
        whenComplete { result in
            timer.cancel()
            promise.completeWith(result)
        }
        return try await promise.futureResult.get()
    }
}
