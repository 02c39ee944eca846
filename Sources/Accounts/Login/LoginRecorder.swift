// What logins leave behind: history, failures, counters and bans, gathered for a second and stored in one go.
//
// Theory. Nothing of this is waited for by a login, and a crash loses a second of it at the most. The first thing noted
// starts the task that stores; it ends when nothing is left to store. A success without a client's name stays two
// seconds, because IMAP clients name themselves right after their login, and is stored once with the name then.

internal import Logging
internal import MailStore
internal import Synchronization

/// Gathers and stores.
final class LoginRecorder: Sendable {
    /// Failures of which the details are kept until they are stored; of more only the counters know.
    static let mostFailures = 1_000
    static let interval = Duration.seconds(1)
    /// For a client to name itself, in seconds.
    static let clientPatience: Int64 = 2

    fileprivate struct Way: Hashable {
        let account: AccountID
        let credential: CredentialID
        let protocolName: String
        let address: String
        let tls: String?
        var client: String?

        init(_ login: Login, client: String?) {
            account = login.account.id
            credential = login.credential
            protocolName = login.connection.protocolName
            address = login.connection.remoteAddress
            tls = login.connection.tls?.version
            self.client = client
        }
    }

    fileprivate struct State {
        var uses: [Way: LoginUse] = [:]
        var failures: [LoginFailureRecord] = []
        var bans: [BanRecord] = []
        var isScheduled = false
        var isEmpty: Bool { uses.isEmpty && failures.isEmpty && bans.isEmpty }
    }

    private let state = Mutex(State())
    private let directory: Directory
    private let limiter: LoginLimiter
    private let clock: LoginClock
    private let log: LoginLog

    init(directory: Directory, limiter: LoginLimiter, clock: LoginClock, log: LoginLog) {
        self.directory = directory
        self.limiter = limiter
        self.clock = clock
        self.log = log
    }

    func succeeded(_ login: Login) {
        let way = Way(login, client: login.connection.client)
        state.withLock { $0.add(way, at: clock.now()) }
        schedule()
    }

    /// The client of a login has named itself: its success is moved to the name, if it is not stored yet.
    func named(_ login: Login, client: String) {
        state.withLock { state in
            let nameless = Way(login, client: nil)
            guard var use = state.uses[nameless] else { return }
            use.count -= 1
            state.uses[nameless] = use.count > 0 ? use : nil
            state.add(Way(login, client: client), at: use.last)
        }
    }

    func failed(_ failure: LoginFailureRecord, ban: BanRecord?) {
        state.withLock { state in
            if state.failures.count < Self.mostFailures { state.failures.append(failure) }
            if let ban { state.bans.append(ban) }
        }
        schedule()
    }

    /// Bans that are not stored yet.
    var pendingBans: [BanRecord] { state.withLock { $0.bans } }

    private func schedule() {
        let isFirst = state.withLock { state in
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard isFirst else { return }
        Task { [self] in
            repeat {
                await clock.sleep(Self.interval)
                await store(everything: false)
            } while !state.withLock({ $0.endIfEmpty() })
        }
    }

    /// Stores what there is. What cannot be stored is logged and, but for the counters, lost.
    /// - Parameter everything: false leaves the young successes whose clients may still name themselves.
    func store(everything: Bool) async {
        let now = clock.now()
        let (uses, failures, bans) = state.withLock { $0.take(at: now, everything: everything) }
        let guesses = limiter.takeUnsaved()
        do throws(StoreError) {
            try await directory.saveGuesses(guesses)
        } catch {
            limiter.putBack(guesses)
            log.cannotStore(error)
        }
        do throws(StoreError) {
            for ban in bans { try await directory.addBan(ban, isAutomatic: true, by: "martletd") }
            try await directory.recordLogins(uses)
            try await directory.recordFailures(failures)
        } catch {
            log.cannotStore(error)
        }
    }
}

extension LoginRecorder.State {
    fileprivate mutating func add(_ way: LoginRecorder.Way, at time: Int64) {
        var use =
            uses[way]
            ?? LoginUse(
                accountID: way.account, credentialID: way.credential, protocolName: way.protocolName,
                address: way.address, client: way.client, tls: way.tls, first: time, last: time, count: 0)
        use.last = max(use.last, time)
        use.count += 1
        uses[way] = use
    }

    /// A success of later than now was noted before the clock was set back.
    fileprivate mutating func take(
        at now: Int64, everything: Bool
    ) -> (uses: [LoginUse], failures: [LoginFailureRecord], bans: [BanRecord]) {
        let ready = uses.filter { way, use in
            everything || way.client != nil || !(0..<LoginRecorder.clientPatience).contains(now - use.last)
        }
        for way in ready.keys { uses[way] = nil }
        defer {
            failures = []
            bans = []
        }
        return (Array(ready.values), failures, bans)
    }

    /// True, once, when the storing task may end.
    fileprivate mutating func endIfEmpty() -> Bool {
        if isEmpty { isScheduled = false }
        return isEmpty
    }
}
