// Who may try once more: the limits on guessing, and the bans that follow.
//
// Theory. A failure counts for its source (an IPv4 address or an IPv6 /64), for the wider network around it (/24, /48)
// at three times the limit, and, when it is a guess at a main password from where the account has not logged in for 30
// days, for the account's name, whether anybody has that name or not. A try at a main password is counted before it is
// checked and taken back when it was right, so that any number of tries at once are no more than the limit. A success
// takes nothing back but itself: who has an account of their own cannot wipe out what they do to others.
//
// A source over its day's limit is banned, unless it is one of ours or somebody has logged in from it in 30 days: then
// it is only limited, because to be banned for a neighbour's failures is what must not happen. Where the account is
// known, a wrong password that was wrong before is no new guess and does not count for the day: a forgotten device with
// an old password repeats itself for ever.

internal import MailStore
internal import Synchronization

/// The figures.
package struct LoginLimits: Hashable, Sendable {
    /// Failures of one source in a minute, and in a day; the network around it has three times as many.
    package var perMinute = 10
    package var perDay = 50
    /// Failures for one name in 15 minutes from strange sources, and in 30 days without a success in between.
    package var perName = 10
    package var perNameInARow = 100
    /// How long a ban lasts, in seconds.
    package var banTime: Int64 = 86_400
    /// Besides loopback: the trusted proxies' own addresses.
    package var neverBanned: [Network] = []

    package init() {}
}

/// The limiter of the process. In memory; what is to outlive it is taken with `takeUnsaved`.
final class LoginLimiter: Sendable {
    /// A try that was let through, to be ended with `wasWrong` or `withdraw`.
    struct Permit: Sendable {
        fileprivate let source: Source?
        fileprivate let name: GuessSubject
        fileprivate let isKnown: Bool
        fileprivate let time: Int64
    }

    /// A client's address as the limits see it.
    struct Source: Hashable, Sendable {
        let address: IPAddress
        var narrow: Network { Network(address, prefixLength: address.isIPv4 ? 32 : 64) }
        var wide: Network { Network(address, prefixLength: address.isIPv4 ? 24 : 48) }
    }

    fileprivate struct State {
        var table = GuessTable()
        var known = KnownSources()
        var bans = BanList()
    }
    private let state = Mutex(State())
    private let limits: LoginLimits

    init(_ limits: LoginLimits) { self.limits = limits }

    /// Lets a try at a main password through, or nil when there were too many.
    func admit(_ source: Source?, _ account: AccountID?, _ name: GuessSubject, at now: Int64) -> Permit? {
        state.withLock { state in
            let isKnown = state.isKnown(account, source, now)
            guard !isOver(source, state.table, now) else { return nil }
            if !isKnown {
                let count = state.table.count(name, at: now)
                guard count.short < limits.perName, count.long < limits.perNameInARow else { return nil }
                state.count(source, now, isLong: true)
                state.table.add(name, at: now)
            }
            return Permit(source: source, name: name, isKnown: isKnown, time: now)
        }
    }

    /// The password was right, or nothing was decided.
    func withdraw(_ permit: Permit, at now: Int64) {
        guard !permit.isKnown else { return }
        state.withLock { state in
            for network in permit.source?.networks ?? [] {
                state.table.takeBack(.network(network), from: permit.time, at: now)
            }
            state.table.takeBack(permit.name, from: permit.time, at: now)
        }
    }

    /// The password was wrong.
    /// - Parameter isRepeated: this very password has been wrong before.
    /// - Returns: the ban that the source has earned by it.
    func wasWrong(_ permit: Permit, isRepeated: Bool, at now: Int64) -> BanRecord? {
        state.withLock { state in
            if permit.isKnown { state.count(permit.source, now, isLong: !isRepeated) }
            return ban(permit.source, &state, now)
        }
    }

    /// A failure that no permit was needed for: an app password, a proof, a certificate.
    func wasWrong(_ source: Source?, at now: Int64) -> BanRecord? {
        state.withLock { state in
            state.count(source, now, isLong: true)
            return ban(source, &state, now)
        }
    }

    /// Whether tries at main passwords from there are refused just now.
    func isLimited(_ source: Source?, at now: Int64) -> Bool {
        state.withLock { isOver(source, $0.table, now) }
    }

    /// A login succeeded.
    /// - Parameter name: the name that was guessed at from elsewhere, when the main password was given from a source that
    ///   is known already.
    func succeeded(_ account: AccountID, _ source: Source?, _ name: GuessSubject?, at now: Int64) {
        guard let source else { return }
        state.withLock { state in
            if let name, state.isKnown(account, source, now) { state.table.forget(name) }
            state.known.note(account, source.narrow, at: now)
        }
    }

    func mayConnect(_ address: IPAddress, at now: Int64) -> Bool {
        guard !isNeverBanned(address) else { return true }
        return state.withLock { !$0.bans.contains(address, at: now) }
    }

    private func isNeverBanned(_ address: IPAddress) -> Bool {
        address.isLoopback || limits.neverBanned.contains { $0.contains(address) }
    }

    private func isOver(_ source: Source?, _ table: GuessTable, _ now: Int64) -> Bool {
        guard let source else { return false }
        return zip(source.networks, [1, 3]).contains { network, factor in
            let count = table.count(.network(network), at: now)
            return count.short >= limits.perMinute * factor || count.long >= limits.perDay * factor
        }
    }

    private func ban(_ source: Source?, _ state: inout State, _ now: Int64) -> BanRecord? {
        guard let source, !isNeverBanned(source.address), !state.known.contains(source.narrow, at: now),
            state.table.count(.network(source.narrow), at: now).long >= limits.perDay,
            !state.bans.contains(source.address, at: now)
        else { return nil }
        let ban = BanRecord(
            network: source.narrow.description, created: now, expires: now + limits.banTime,
            reason: "\(limits.perDay) failed logins in a day")
        state.bans.add(ban)
        return ban
    }
}

extension LoginLimiter.Source {
    init?(_ address: String) {
        guard let address = IPAddress(address) else { return nil }
        self.address = address
    }

    fileprivate var networks: [Network] { [narrow, wide] }
}

extension LoginLimiter.State {
    fileprivate func isKnown(_ account: AccountID?, _ source: LoginLimiter.Source?, _ now: Int64) -> Bool {
        guard let account, let source else { return false }
        return known.contains(account, source.narrow, at: now)
    }

    fileprivate mutating func count(_ source: LoginLimiter.Source?, _ now: Int64, isLong: Bool) {
        for network in source?.networks ?? [] { table.add(.network(network), at: now, isLong: isLong) }
    }
}

// What is stored, and comes back.
extension LoginLimiter {
    /// Takes up what the process before left.
    func load(guesses: [GuessRecord], history: [LoginUse], bans: [BanRecord], at now: Int64) {
        state.withLock { state in
            state.table.load(guesses, at: now)
            for use in history {
                guard let source = Source(use.address) else { continue }
                state.known.note(use.accountID, source.narrow, at: use.last)
            }
            state.bans = BanList(bans)
        }
    }

    /// Takes up what somebody else changed.
    /// - Parameter pending: bans of our own that are not stored yet.
    func refresh(guesses: [GuessRecord], bans: [BanRecord], pending: [BanRecord]) {
        state.withLock { state in
            state.table.keepNetworks(storedIn: guesses)
            state.bans = BanList(bans + pending)
        }
    }

    func takeUnsaved() -> [GuessRecord] { state.withLock { $0.table.takeUnsaved() } }
    func putBack(_ records: [GuessRecord]) { state.withLock { $0.table.putBack(records) } }
    var subjectCount: Int { state.withLock { $0.table.counts.count } }
}
