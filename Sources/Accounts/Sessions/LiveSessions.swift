// Who is logged in now: the sessions of every protocol in one place, to be listed and ended.

internal import Mail
package import MailStore
internal import Synchronization

/// A session that is logged in.
package struct LiveSession: Hashable, Sendable {
    /// The session's name in the log.
    package let id: String
    package let account: AccountID
    /// The account's own address.
    package let address: String
    package let protocolName: String
    package let remoteAddress: String
    /// The version; nil in plain text.
    package let tls: String?
    /// What the client calls itself, in its own words; nil until it says so.
    package var client: String?
    package let credential: CredentialID
    package let credentialKind: CredentialKind
    /// What people call the credential.
    package let label: String
    /// Seconds since 1970.
    package let since: Int64

    package init(_ login: Login, since: Int64 = LoginClock.system.now()) {
        id = login.connection.session
        account = login.account.id
        address = login.account.address.description
        protocolName = login.connection.protocolName
        remoteAddress = login.connection.remoteAddress
        tls = login.connection.tls?.version
        client = login.connection.client
        credential = login.credential
        credentialKind = login.credentialKind
        label = login.label
        self.since = since
    }
}

/// The registry of the process. Each session enters itself after its login and leaves at its end.
package final class LiveSessions: Sendable {
    private struct Entry {
        var session: LiveSession
        let end: @Sendable () -> Void
    }
    private struct State {
        var entries: [String: Entry] = [:]
        var counts: [AccountID: Int] = [:]

        mutating func remove(_ id: String) {
            guard let account = entries.removeValue(forKey: id)?.session.account else { return }
            let rest = counts[account, default: 0] - 1
            counts[account] = rest > 0 ? rest : nil
        }
    }
    private let state = Mutex(State())

    package init() {}

    /// Enters a session, unless its account has as many already as it may.
    /// - Parameters:
    ///   - most: of one account.
    ///   - end: ends the session soon; called at most once for each kick, from any thread, and must not block.
    /// - Returns: whether it was entered.
    @discardableResult
    package func add(_ session: LiveSession, most: Int = .max, end: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            state.remove(session.id)
            guard state.counts[session.account, default: 0] < most else { return false }
            state.counts[session.account, default: 0] += 1
            state.entries[session.id] = Entry(session: session, end: end)
            return true
        }
    }

    package func remove(_ id: String) {
        state.withLock { $0.remove(id) }
    }

    /// Notes what a session's client calls itself.
    package func setClient(_ client: String, of id: String) {
        state.withLock { $0.entries[id]?.session.client = client }
    }

    /// All of them, the oldest first.
    package var all: [LiveSession] {
        state.withLock { $0.entries.values.map(\.session) }.sorted { ($0.since, $0.id) < ($1.since, $1.id) }
    }

    /// Ends the session; false when there is none of that name.
    package func kick(_ id: String) -> Bool { kick { $0.id == id } > 0 }

    /// Ends every session of the account, and says how many those were.
    package func kick(account: AccountID) -> Int { kick { $0.account == account } }

    private func kick(_ isMeant: (LiveSession) -> Bool) -> Int {
        let ends = state.withLock { $0.entries.values.filter { isMeant($0.session) }.map(\.end) }
        for end in ends { end() }
        return ends.count
    }
}
