// The time as logins use it: one that people read, one that only goes on, and waiting.

internal import Foundation

/// Where the authenticator has its time from. Tests bring their own.
package struct LoginClock: Sendable {
    /// Seconds since 1970: for limits, expiry and history.
    package var now: @Sendable () -> Int64
    /// The time since some fixed point; it never goes back.
    package var elapsed: @Sendable () -> Duration
    /// Returns when the time has passed, or at once when the task is cancelled.
    package var sleep: @Sendable (Duration) async -> Void

    package init(
        now: @escaping @Sendable () -> Int64, elapsed: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async -> Void
    ) {
        self.now = now
        self.elapsed = elapsed
        self.sleep = sleep
    }

    /// The machine's.
    package static let system: LoginClock = {
        let start = ContinuousClock.now
        return LoginClock(
            now: { Int64(Date().timeIntervalSince1970) },
            elapsed: { ContinuousClock.now - start },
            sleep: { try? await Task.sleep(for: $0) })
    }()
}
