// How many connections there are, in all and from each source, so that one client cannot take them all.

import NIOCore

/// A value: `admit` counts a connection in, `leave` counts it out.
struct ConnectionCounts: Sendable {
    private var bySource: [String: Int] = [:]
    private(set) var total = 0

    /// Counts a connection in, unless there are `most` already or `mostPerSource` from its source.
    /// - Parameter source: nil for one that only the total bounds.
    mutating func admit(_ source: String?, most: Int, mostPerSource: Int) -> Bool {
        guard total < most else { return false }
        if let source {
            let count = bySource[source, default: 0]
            guard count < mostPerSource else { return false }
            bySource[source] = count + 1
        }
        total += 1
        return true
    }

    /// Whether `admit` would take one more from there, if there were room in all.
    func hasRoom(for source: String?, mostPerSource: Int) -> Bool {
        source.map { bySource[$0, default: 0] < mostPerSource } ?? true
    }

    mutating func leave(_ source: String?) {
        total -= 1
        guard let source, let count = bySource[source] else { return }
        bySource[source] = count > 1 ? count - 1 : nil
    }

    /// What a connection is counted under: its address, of IPv6 the first 64 bits, which are one customer's. nil for
    /// this machine itself, on which a webmail program may serve many people.
    static func source(of address: SocketAddress?) -> String? {
        guard let text = address?.ipAddress else { return nil }
        if case .v6? = address {
            if text == "::1" || text.hasPrefix("::ffff:127.") { return nil }
            if text.hasPrefix("::ffff:") { return text }
            return network(text)
        }
        return text.hasPrefix("127.") ? nil : text
    }

    /// The first four groups of an IPv6 address as inet_ntop writes it.
    private static func network(_ text: String) -> String {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var groups: [String] = []
        for (index, field) in fields.enumerated() {
            let isGap = field.isEmpty && index > 0 && index < fields.count - 1
            let missing = max(0, 8 - fields.filter { !$0.isEmpty }.count)
            if isGap {
                groups += [String](repeating: "0", count: missing)
            } else if !field.isEmpty {
                groups.append(field)
            }
        }
        return groups.prefix(4).joined(separator: ":")
    }
}
