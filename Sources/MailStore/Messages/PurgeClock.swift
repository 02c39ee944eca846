// Whether the clock may be believed when mail goes for good: not when it has jumped ahead since the last look.
//
// Theory. What is expunged stays for the retention time, and a clock that is years ahead for an hour would end that
// time for all of it. So each daily round notes what the clock says. Between two rounds it goes on by a day, or by
// as long as the server was off. States: believed -> doubted when it goes on by more than `patience` -> believed
// once it has gone on evenly for as long as the retention time, so that by then everything has been kept so long
// whatever the clock was before; or when it is set back to where it may be by what it was when it was believed last.
// A clock that is set back otherwise keeps mail longer, and needs no such care.

import GRDB

/// What the rounds know of the clock. A value; in seconds since 1970.
struct PurgeClock: Hashable, Sendable {
    static let patience: Int64 = 3 * 86_400
    static let settingKey = "purge-clock"

    private struct Doubt: Hashable {
        /// The clock when it was believed last.
        let believed: Int64
        /// The clock after it had jumped.
        let since: Int64
    }
    /// The clock at the last round.
    private var last: Int64
    private var doubt: Doubt?

    init(at now: Int64) { last = now }

    /// Takes up what the clock says now.
    /// - Parameter retention: in seconds.
    mutating func move(to now: Int64, retention: Int64) {
        let isAhead = now > last &+ Self.patience
        if let old = doubt {
            if now < old.since {
                let isBack = now <= old.believed &+ Self.patience &+ retention
                doubt = isBack ? nil : Doubt(believed: old.believed, since: now)
            } else if isAhead {
                doubt = Doubt(believed: old.believed, since: now)
            } else if now &- old.since >= retention {
                doubt = nil
            }
        } else if isAhead {
            doubt = retention > 0 ? Doubt(believed: last, since: now) : nil
        }
        last = now
    }

    var isBelieved: Bool { doubt == nil }

    var text: String { doubt.map { "\(last) \($0.believed) \($0.since)" } ?? "\(last)" }

    /// Reads what `text` wrote; nil for anything else.
    init?(text: String) {
        let numbers = text.split(separator: " ").compactMap { Int64($0) }
        guard numbers.count == 1 || numbers.count == 3 else { return nil }
        last = numbers[0]
        if numbers.count == 3 { doubt = Doubt(believed: numbers[1], since: numbers[2]) }
    }
}

extension Store {
    /// The daily round of `purgeExpired`.
    /// - Parameter now: in seconds since 1970.
    /// - Returns: nil when nothing is purged because the clock is not believed.
    package func purgeDaily(now: Int64) async throws(StoreError) -> PurgeOutcome? {
        let retention = Int64(options.retentionDays) * 86_400
        let isBelieved = try await directory.note { db in
            var clock = try db.setting(PurgeClock.settingKey).flatMap(PurgeClock.init(text:)) ?? PurgeClock(at: now)
            clock.move(to: now, retention: retention)
            try db.set(PurgeClock.settingKey, clock.text)
            return clock.isBelieved
        }
        return isBelieved ? try await purgeExpired(now: now) : nil
    }
}
