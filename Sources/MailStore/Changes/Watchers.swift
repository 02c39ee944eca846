// Who wants to hear of what was committed, and how one of them leaves.

import Synchronization

/// Callbacks to be told of a commit. They are called without a lock held, on the thread of the commit: none may block.
final class Watchers<News: Sendable>: Sendable {
    private struct State {
        var notifications: [UInt64: @Sendable (News) -> Void] = [:]
        var next: UInt64 = 0
    }
    private let state = Mutex(State())

    var isEmpty: Bool { state.withLock { $0.notifications.isEmpty } }

    func add(_ notify: @escaping @Sendable (News) -> Void) -> Watch {
        let key = state.withLock { state in
            state.next += 1
            state.notifications[state.next] = notify
            return state.next
        }
        return Watch { [self] in state.withLock { _ = $0.notifications.removeValue(forKey: key) } }
    }

    func tell(_ news: News) {
        for notify in state.withLock({ Array($0.notifications.values) }) { notify(news) }
    }
}

extension Watchers where News == Void {
    func add(_ notify: @escaping @Sendable () -> Void) -> Watch { add { (_: Void) in notify() } }
    func tell() { tell(()) }
}

/// A place among watchers; ends with `cancel` or when it is let go.
package final class Watch: Sendable {
    private let end: @Sendable () -> Void

    fileprivate init(_ end: @escaping @Sendable () -> Void) { self.end = end }
    package func cancel() { end() }
    deinit { end() }
}
