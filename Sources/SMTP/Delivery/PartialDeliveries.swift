// Messages that some accounts of an alias have and others do not have yet: remembered until they come again.

import MailStore
import Synchronization

/// Bounded: when it is full, the oldest is forgotten.
final class PartialDeliveries: Sendable {
    /// A digest of sender, recipient and message.
    typealias Key = [UInt8]

    private struct State {
        var accounts: [Key: Set<AccountID>] = [:]
        var order: [Key] = []
    }
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = 1_000) { self.limit = limit }

    var isEmpty: Bool { state.withLock { $0.order.isEmpty } }

    func accounts(for key: Key) -> Set<AccountID> { state.withLock { $0.accounts[key] ?? [] } }

    func remember(_ accounts: Set<AccountID>, for key: Key) {
        state.withLock { state in
            if state.accounts.updateValue(accounts, forKey: key) == nil { state.order.append(key) }
            if state.order.count > limit { state.accounts[state.order.removeFirst()] = nil }
        }
    }

    func forget(_ key: Key) {
        state.withLock { state in
            state.accounts[key] = nil
            state.order.removeAll { $0 == key }
        }
    }
}
