// The networks that may not connect, ready to be asked at every connection.

internal import MailStore

/// A value: whoever holds it guards it.
struct BanList: Sendable {
    private var bans: [Network: BanRecord] = [:]
    /// The prefix lengths that occur: so many look-ups a question costs.
    private var lengths: Set<Int> = []

    /// What names no network bans nobody.
    init(_ records: [BanRecord] = []) {
        for record in records { add(record) }
    }

    mutating func add(_ record: BanRecord) {
        guard let network = try? Network(record.network) else { return }
        bans[network] = record
        lengths.insert(network.prefixLength)
    }

    func contains(_ address: IPAddress, at now: Int64) -> Bool {
        lengths.contains { length in
            bans[Network(address, prefixLength: length)].map { !$0.isOver(at: now) } ?? false
        }
    }
}
