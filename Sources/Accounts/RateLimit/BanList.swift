// The networks that may not connect, ready to be asked at every connection.

internal import MailStore

/// A value: whoever holds it guards it.
struct BanList: Sendable {
    /// By network; the end in seconds since 1970, nil for none.
    private var ends: [Network: Int64?] = [:]
    /// The prefix lengths that occur: so many look-ups a question costs.
    private var lengths: Set<Int> = []

    /// What names no network bans nobody.
    init(_ records: [BanRecord] = []) {
        for record in records { add(record) }
    }

    mutating func add(_ record: BanRecord) {
        guard let network = try? Network(record.network) else { return }
        ends[network] = .some(record.expires)
        lengths.insert(network.prefixLength)
    }

    func contains(_ address: IPAddress, at now: Int64) -> Bool {
        lengths.contains { length in
            guard let end = ends[Network(address, prefixLength: length)] else { return false }
            return end.map { $0 > now } ?? true
        }
    }
}
