// How often somebody guessed: counters by network and by name, over a short and a long time, in bounded memory.

internal import MailStore

/// What failures are counted for.
enum GuessSubject: Hashable, Sendable {
    case network(Network)
    /// An account's main password, with the password's `changed`: a new password is guessed at from the beginning.
    case account(AccountID, changed: Int64)
    /// A name that nobody has, as a digest.
    case name(UInt64)

    /// Networks count by the minute and the day, names by the quarter of an hour and 30 days; in seconds.
    var windows: (short: Int64, long: Int64) {
        switch self {
        case .network: (60, 86_400)
        case .account, .name: (900, 30 * 86_400)
        }
    }

    /// As it is stored.
    var text: String {
        switch self {
        case .network(let network): network.description
        case .account(let id, let changed): "account:\(id):\(changed)"
        case .name(let digest): "name:\(String(digest, radix: 16))"
        }
    }

    /// Reads what `text` wrote; nil for anything else.
    init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.first == "account" {
            guard parts.count == 3, let id = Int64(parts[1]), let changed = Int64(parts[2]) else { return nil }
            self = .account(AccountID(rawValue: id), changed: changed)
        } else if parts.first == "name" {
            guard parts.count == 2, let digest = UInt64(parts[1], radix: 16) else { return nil }
            self = .name(digest)
        } else {
            guard let network = try? Network(text) else { return nil }
            self = .network(network)
        }
    }
}

/// Two counts and when each began, in seconds since 1970.
struct GuessCount: Hashable, Sendable {
    var shortStart: Int64
    var longStart: Int64
    var short: Int32 = 0
    var long: Int32 = 0

    init(at now: Int64) {
        shortStart = now
        longStart = now
    }

    /// Begins the times anew that are over. A clock that was set back makes a time last longer, never end.
    mutating func move(to now: Int64, _ windows: (short: Int64, long: Int64)) {
        (shortStart, short) = Self.moved(shortStart, short, now, windows.short)
        (longStart, long) = Self.moved(longStart, long, now, windows.long)
    }

    private static func moved(_ start: Int64, _ count: Int32, _ now: Int64, _ window: Int64) -> (Int64, Int32) {
        if now < start { return (now, count) }
        return now &- start >= window || count == 0 ? (now, 0) : (start, count)
    }
}

/// The counters. A value: whoever holds it guards it.
///
/// At most `capacity` subjects. Of more, an eighth goes at once: those that failed least, and of these the oldest, so
/// that a flood from everywhere does not push out the one who has much to answer for.
struct GuessTable: Sendable {
    /// A little below the number at which the dictionary doubles: under 10 MiB in all.
    static let capacity = 90_000
    private(set) var counts: [GuessSubject: GuessCount] = [:]
    private var unsaved: Set<GuessSubject> = []

    /// The counts as they are at `now`. A time that would begin later, because the clock was set back, begins now: who
    /// is refused adds nothing, and would be refused until the clock is there again.
    mutating func count(_ subject: GuessSubject, at now: Int64) -> GuessCount {
        guard var count = counts[subject] else { return GuessCount(at: now) }
        let isAhead = count.shortStart > now || count.longStart > now
        count.move(to: now, subject.windows)
        if isAhead {
            counts[subject] = count
            unsaved.insert(subject)
        }
        return count
    }

    /// Counts one failure.
    /// - Parameter isLong: false when it does not count for the long time.
    mutating func add(_ subject: GuessSubject, at now: Int64, isLong: Bool = true) {
        var count = count(subject, at: now)
        count.short = min(count.short, 1_000_000) + 1
        if isLong { count.long = min(count.long, 1_000_000) + 1 }
        counts[subject] = count
        unsaved.insert(subject)
        if counts.count > Self.capacity { shrink(at: now) }
    }

    mutating func forget(_ subject: GuessSubject) {
        if counts.removeValue(forKey: subject) != nil { unsaved.insert(subject) }
    }

    private mutating func shrink(at now: Int64) {
        counts = counts.filter { subject, count in
            var count = count
            count.move(to: now, subject.windows)
            return count.short > 0 || count.long > 0
        }
        guard counts.count > Self.capacity else { return }
        let order = counts.sorted { ($0.value.long, $0.value.longStart) < ($1.value.long, $1.value.longStart) }
        for (subject, _) in order.prefix(Self.capacity / 8) {
            counts[subject] = nil
            unsaved.remove(subject)
        }
    }
}

extension GuessTable {
    /// Takes up what was stored.
    mutating func load(_ records: [GuessRecord], at now: Int64) {
        for record in records {
            guard let subject = GuessSubject(text: record.subject) else { continue }
            var count = GuessCount(at: now)
            count.shortStart = record.shortStart
            count.longStart = record.longStart
            count.short = Int32(clamping: record.shortCount)
            count.long = Int32(clamping: record.longCount)
            count.move(to: now, subject.windows)
            if count.short > 0 || count.long > 0 { counts[subject] = count }
        }
        if counts.count > Self.capacity { shrink(at: now) }
    }

    /// Forgets the networks that are stored no more: somebody lifted their ban.
    mutating func keepNetworks(storedIn records: [GuessRecord]) {
        let stored = Set(records.map(\.subject))
        for subject in counts.keys where !unsaved.contains(subject) && !stored.contains(subject.text) {
            if case .network = subject { counts[subject] = nil }
        }
    }

    /// What has changed since the last call, to be stored; zeros for what is over.
    mutating func takeUnsaved() -> [GuessRecord] {
        defer { unsaved.removeAll() }
        return unsaved.map { subject in
            let count = counts[subject] ?? GuessCount(at: 0)
            return GuessRecord(
                subject: subject.text, shortStart: count.shortStart, shortCount: Int64(count.short),
                longStart: count.longStart, longCount: Int64(count.long))
        }
    }

    /// After storing failed: they are to be stored again.
    mutating func putBack(_ records: [GuessRecord]) {
        for record in records { if let subject = GuessSubject(text: record.subject) { unsaved.insert(subject) } }
    }
}
