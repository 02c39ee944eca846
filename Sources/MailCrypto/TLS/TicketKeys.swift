// The keys that session tickets are sealed with, shared by a service's contexts across certificate reloads.
//
// Theory. A ticket carries a session to the client and back, sealed under a key that only we have; whoever learns the
// key can read TLS 1.2 sessions that were resumed with it, so a key does not live long. A key seals for
// `sealingPeriod`; then it only opens, for as long again, and tickets that it opens are renewed under the key of the
// day; then it is forgotten. Time is the monotonic clock's.

internal import COpenSSL
internal import Synchronization

/// Session ticket keys that change by themselves. Make one per service and keep it for the life of the process.
package final class TicketKeys: Sendable {
    /// How long a key seals new tickets; a ticket can be used for at most twice that.
    package static let sealingPeriod: Duration = .seconds(12 * 3600)

    struct Key: Sendable {
        let name: [UInt8]
        let cipherKey: [UInt8]
        let codeKey: [UInt8]
        let born: ContinuousClock.Instant
    }

    private struct State {
        var current: Key?
        var previous: Key?
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> ContinuousClock.Instant

    /// `now` is the clock; tests bring their own.
    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
        self.now = now
    }

    /// The key that seals at this moment; nil only when there is no randomness to make one of.
    func keyForSealing() -> Key? {
        let now = now()
        return state.withLock { state in
            TicketKeys.age(&state, now: now)
            if state.current == nil {
                state.current = try? Key(
                    name: SecureRandom.bytes(16), cipherKey: SecureRandom.bytes(32), codeKey: SecureRandom.bytes(32),
                    born: now)
            }
            return state.current
        }
    }

    /// The key called `name`, and whether a ticket sealed with it is due for a new one.
    func keyForOpening(name: [UInt8]) -> (key: Key, renew: Bool)? {
        let now = now()
        return state.withLock { state in
            TicketKeys.age(&state, now: now)
            if let key = state.current, key.name == name { return (key, false) }
            if let key = state.previous, key.name == name { return (key, true) }
            return nil
        }
    }

    /// Retires and forgets keys whose time is over.
    private static func age(_ state: inout State, now: ContinuousClock.Instant) {
        if let key = state.current, key.born.duration(to: now) >= sealingPeriod {
            state.previous = key
            state.current = nil
        }
        if let key = state.previous, key.born.duration(to: now) >= sealingPeriod * 2 { state.previous = nil }
    }
}
