// What an authenticator can be told besides where the accounts are.

/// Figures and time. The default is what a server runs with.
package struct AuthenticatorSettings: Sendable {
    /// How long a failure is held back at the least; zero answers at once.
    package var failureDelay = Duration.seconds(2)
    package var limits = LoginLimits()
    package var clock = LoginClock.system

    package init() {}

    /// - Parameter failureDelay: zero answers failures at once.
    package init(failureDelay: Duration) { self.failureDelay = failureDelay }
}
