// Waiting for something that another task or thread brings about: bounded, so that a test which waits in vain fails.

/// What was waited for did not come.
package struct ConditionNeverHeld: Error, CustomStringConvertible {
    package let what: String
    package let patience: Duration
    package var description: String { "\(what) did not come about within \(patience)" }
}

extension Duration {
    /// Within this comes what needs no time but its turn on a busy machine. It is less than every period after which
    /// the server would do the same by itself: the idle timers, the times before login and between keep-alives.
    package static let soon = Duration.seconds(30)
}

/// Returns once `condition` holds; looks every few milliseconds.
/// - Throws: `ConditionNeverHeld` after `patience`, `CancellationError` when the test is cancelled.
package func waitUntil(
    _ what: String, patience: Duration = .seconds(120), _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + patience
    while try await !condition() {
        guard clock.now < end else { throw ConditionNeverHeld(what: what, patience: patience) }
        try await Task.sleep(for: .milliseconds(2))
    }
}
