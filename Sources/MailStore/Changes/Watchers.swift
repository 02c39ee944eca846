// Who wants to hear that something was committed, and how one of them leaves.

import Synchronization

/// Callbacks to be told of a commit. They are called without a lock held, on the thread of the commit: none may block.
final class Watchers: Sendable {
    private struct State {
        var notifications: [UInt64: @Sendable () -> Void] = [:]
        var next: UInt64 = 0
    }
    private let state = Mutex(State())

    var isEmpty: Bool { state.withLock { $0.notifications.isEmpty } }

    func add(_ notify: @escaping @Sendable () -> Void) -> Watch {
        state.withLock { state in
            state.next += 1
            state.notifications[state.next] = notify
            return Watch(among: self, key: state.next)
        }
    }

    func tell() {
        for notify in state.withLock({ Array($0.notifications.values) }) { notify() }
    }

    fileprivate func remove(_ key: UInt64) {
        state.withLock { _ = $0.notifications.removeValue(forKey: key) }
    }
}

/// A place among watchers; ends with `cancel` or when it is let go.
package final class Watch: Sendable {
    private let watchers: Watchers
    private let key: UInt64

    fileprivate init(among watchers: Watchers, key: UInt64) {
        self.watchers = watchers
        self.key = key
    }
    package func cancel() { watchers.remove(key) }
    deinit { watchers.remove(key) }
}
