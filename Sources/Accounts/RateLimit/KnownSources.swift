// From where each account has logged in lately: there its owner is not suspected for what strangers do elsewhere.

internal import MailStore

/// The networks (an IPv4 address or an IPv6 /64) of every account's successes. A value: whoever holds it guards it.
struct KnownSources: Sendable {
    private struct Pair: Hashable {
        let account: AccountID
        let network: Network
    }
    /// In seconds.
    static let memory: Int64 = 30 * 86_400
    static let capacity = 50_000
    private var pairs: [Pair: Int64] = [:]
    private var networks: [Network: Int64] = [:]

    mutating func note(_ account: AccountID, _ network: Network, at time: Int64) {
        let pair = Pair(account: account, network: network)
        pairs[pair] = max(pairs[pair] ?? time, time)
        networks[network] = max(networks[network] ?? time, time)
        if pairs.count > Self.capacity { pairs = Self.newest(pairs) }
        if networks.count > Self.capacity { networks = Self.newest(networks) }
    }

    /// Whether the account has logged in from there within the last 30 days.
    func contains(_ account: AccountID, _ network: Network, at now: Int64) -> Bool {
        Self.isRecent(pairs[Pair(account: account, network: network)], now)
    }

    /// Whether anybody has.
    func contains(_ network: Network, at now: Int64) -> Bool { Self.isRecent(networks[network], now) }

    private static func isRecent(_ time: Int64?, _ now: Int64) -> Bool {
        time.map { now &- $0 < memory } ?? false
    }

    private static func newest<Key: Hashable>(_ times: [Key: Int64]) -> [Key: Int64] {
        let kept = times.sorted { $0.value > $1.value }.prefix(capacity - capacity / 8)
        return Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
