// Who may try once more: the limits on guessing, and the bans that follow.
//
// Theory. A failure counts for its source (an IPv4 address or an IPv6 /64), for the wider network around it (/24, /48)
// at three times the limit, and, when it is a guess at a main password from where the account has not logged in for 30
// days, for the account's name, whether anybody has that name or not. A success takes nothing back: who has an account
// of their own cannot wipe out what they do to others.
//
// Tries of strangers that are being checked count as if they were wrong already; but where only they would reach the
// limit, the next one waits for their end instead of being refused. So any number of tries at once are no more guesses
// than the limit, and a new device may open as many connections at once as it likes: after the first success it is
// known. `underWay` counts them; a try is in it from its permit to `wasWrong` or `withdraw`, and each end looks at all
// that wait.
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
    /// Tries that wait for the end of others, at the most.
    static let mostWaiting = 256

    /// What is to be tried: whose main password, from where.
    struct Request: Sendable {
        let source: Source?
        /// nil when nobody has the name.
        let account: AccountID?
        let name: GuessSubject
    }

    /// A try that was let through, to be ended with `wasWrong` or `withdraw`.
    struct Permit: Sendable {
        fileprivate let request: Request
        /// The account has logged in from there lately.
        fileprivate let isKnown: Bool
    }

    enum Admission: Sendable {
        case permit(Permit)
        case limited
        /// Too many wait already.
        case overloaded
    }

    /// A client's address as the limits see it.
    struct Source: Hashable, Sendable {
        let address: IPAddress
        var narrow: Network { Network(address, prefixLength: address.isIPv4 ? 32 : 64) }
        var wide: Network { Network(address, prefixLength: address.isIPv4 ? 24 : 48) }
    }

    fileprivate struct Waiter {
        let request: Request
        let continuation: CheckedContinuation<Admission, Never>
    }

    fileprivate struct State {
        let limits: LoginLimits
        var table = GuessTable()
        var known = KnownSources()
        var bans = BanList()
        var underWay: [GuessSubject: Int] = [:]
        var waiting: [Waiter] = []
    }
    private let state: Mutex<State>
    private let limits: LoginLimits

    init(_ limits: LoginLimits) {
        self.limits = limits
        state = Mutex(State(limits: limits))
    }

    /// Lets a try at a main password through, now or when others have ended; or not, because there were too many.
    func admit(_ request: Request, at now: Int64) async -> Admission {
        await withCheckedContinuation { continuation in
            let admission: Admission? = state.withLock { state in
                if let admission = state.decide(request, now) { return admission }
                guard state.waiting.count < Self.mostWaiting else { return .overloaded }
                state.waiting.append(Waiter(request: request, continuation: continuation))
                return nil
            }
            if let admission { continuation.resume(returning: admission) }
        }
    }

    /// The password was right, or nothing was decided.
    func withdraw(_ permit: Permit, at now: Int64) {
        change(at: now) { $0.end(permit) }
    }

    /// The password was wrong.
    /// - Parameter isRepeated: this very password has been wrong before.
    /// - Returns: the ban that the source has earned by it.
    func wasWrong(_ permit: Permit, isRepeated: Bool, at now: Int64) -> BanRecord? {
        change(at: now) { state in
            state.end(permit)
            state.count(permit.request.source, now, isLong: !(permit.isKnown && isRepeated))
            if !permit.isKnown { state.table.add(permit.request.name, at: now) }
            return ban(permit.request.source, &state, now)
        }
    }

    /// Changes the state, then decides about those who wait.
    private func change<T: Sendable>(at now: Int64, _ work: (inout State) -> T) -> T {
        let (result, decided) = state.withLock { state in
            (work(&state), state.decideWaiting(now))
        }
        for (waiter, admission) in decided { waiter.continuation.resume(returning: admission) }
        return result
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
        state.withLock { $0.isOver(source, now) }
    }

    /// A login succeeded.
    /// - Parameter name: what guesses at the main password are counted for, when that was given: forgotten when the
    ///   source is known already.
    func succeeded(_ account: AccountID, _ source: Source?, _ name: GuessSubject?, at now: Int64) {
        guard let source else { return }
        change(at: now) { state in
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

    /// The source's own network and the one around it.
    fileprivate var networks: [Network] { [narrow, wide] }
}

extension LoginLimiter.Request {
    /// What the try counts for, with the factor by which each one's limit is multiplied.
    fileprivate var subjects: [(subject: GuessSubject, factor: Int)] {
        zip(source?.networks ?? [], [1, 3]).map { (.network($0), $1) } + [(name, 1)]
    }
}

extension LoginLimiter.State {
    fileprivate func isKnown(_ account: AccountID?, _ source: LoginLimiter.Source?, _ now: Int64) -> Bool {
        guard let account, let source else { return false }
        return known.contains(account, source.narrow, at: now)
    }

    /// Whether there were too many failures from there.
    fileprivate mutating func isOver(_ source: LoginLimiter.Source?, _ now: Int64) -> Bool {
        zip(source?.networks ?? [], [1, 3]).contains { room(.network($0), $1, now) <= 0 }
    }

    /// How many more failures the subject may have.
    private mutating func room(_ subject: GuessSubject, _ factor: Int, _ now: Int64) -> Int {
        let count = table.count(subject, at: now)
        let most: (short: Int, long: Int)
        switch subject {
        case .network: most = (limits.perMinute, limits.perDay)
        case .account, .name: most = (limits.perName, limits.perNameInARow)
        }
        return min(most.short * factor - Int(count.short), most.long * factor - Int(count.long))
    }

    /// nil when the request must wait for others to end.
    fileprivate mutating func decide(_ request: LoginLimiter.Request, _ now: Int64) -> LoginLimiter.Admission? {
        if isKnown(request.account, request.source, now) {
            return isOver(request.source, now) ? .limited : .permit(.init(request: request, isKnown: true))
        }
        let subjects = request.subjects
        let rooms = subjects.map { room($0.subject, $0.factor, now) }
        if rooms.contains(where: { $0 <= 0 }) { return .limited }
        for (subject, room) in zip(subjects, rooms) where underWay[subject.subject, default: 0] >= room { return nil }
        for (subject, _) in subjects { underWay[subject, default: 0] += 1 }
        return .permit(.init(request: request, isKnown: false))
    }

    /// Those who need not wait any longer, taken out of `waiting`.
    fileprivate mutating func decideWaiting(_ now: Int64) -> [(LoginLimiter.Waiter, LoginLimiter.Admission)] {
        guard !waiting.isEmpty else { return [] }
        var decided: [(LoginLimiter.Waiter, LoginLimiter.Admission)] = []
        var rest: [LoginLimiter.Waiter] = []
        for waiter in waiting {
            if let admission = decide(waiter.request, now) {
                decided.append((waiter, admission))
            } else {
                rest.append(waiter)
            }
        }
        waiting = rest
        return decided
    }

    fileprivate mutating func end(_ permit: LoginLimiter.Permit) {
        guard !permit.isKnown else { return }
        for (subject, _) in permit.request.subjects {
            let rest = underWay[subject, default: 0] - 1
            underWay[subject] = rest > 0 ? rest : nil
        }
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
