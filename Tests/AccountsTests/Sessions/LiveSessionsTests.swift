// The registry of sessions: listed, named, kicked.

import Accounts
import Synchronization
import Testing

@Suite struct LiveSessionsTests {
    @Test("sessions are listed by age, ended by name or by account, and leave by themselves")
    func registry() async throws {
        try await LoginHouse.with { door in
            let live = LiveSessions()
            let ended = Mutex<[String]>([])
            func add(_ id: String, _ name: String, since: Int64) async throws -> LiveSession {
                var connection = door.connection()
                connection.session = id
                let outcome = await door.outcome(name, LoginHouse.password, connection)
                guard case .success(let login) = outcome else { throw NotLoggedIn() }
                let session = LiveSession(login, since: since)
                live.add(session) { ended.withLock { $0.append(id) } }
                return session
            }
            let first = try await add("s1", LoginHouse.alice, since: 20)
            _ = try await add("s2", LoginHouse.alice, since: 10)
            _ = try await add("s3", LoginHouse.bob, since: 30)
            #expect(live.all.map(\.id) == ["s2", "s1", "s3"])
            #expect(first.address == LoginHouse.alice)
            #expect(first.tls == "TLSv1.3")
            live.setClient("mutt", of: "s1")
            live.setClient("none", of: "s9")
            #expect(live.all.map(\.client) == [nil, "mutt", nil])
            #expect(live.kick("s3"))
            #expect(!live.kick("s9"))
            #expect(live.kick(account: first.account) == 2)
            #expect(ended.withLock { $0.sorted() } == ["s1", "s2", "s3"])
            func enters(_ session: LiveSession) -> Bool { live.add(session, most: 2) {} }
            #expect(enters(first), "entered anew it counts once")
            let another = try await add("s4", LoginHouse.alice, since: 40)
            live.remove("s4")
            #expect(!enters(another) && live.all.count == 3)
            live.remove("s1")
            #expect(enters(another))
            live.remove("s4")
            for id in ["s1", "s2", "s3"] { live.remove(id) }
            #expect(live.all.isEmpty)
            #expect(live.kick(account: first.account) == 0)
        }
    }
}
