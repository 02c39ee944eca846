// EMAILID and THREADID on both sides of a COPY or MOVE between accounts.

import Mail
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct SharedObjectTests {
    /// EMAILID and THREADID of every message.
    private func ids(_ client: IMAPTestClient) async throws -> [[String?]] {
        try await client.command("UID FETCH 1:* (EMAILID THREADID)").fetches.map { fetch in
            ["EMAILID", "THREADID"].map { fetch.items[$0]?.list?.first?.text }
        }
    }

    @Test("RFC 8474 §5.1, §5.2: what COPYUID pairs has one EMAILID and one THREADID", arguments: ClientMode.allCases)
    func pairs(mode: ClientMode) async throws {
        try await SharingServer.with("lrswite") { sharing in
            try await sharing.fill(2)
            try await sharing.server.fill(2)
            let client = try await sharing.alice(mode)
            try await client.command("SELECT INBOX")
            let before = try await ids(client)
            #expect(Set(before.map(\.description)).count == 2)
            #expect(try await client.command("UID COPY 1 \(SharingServer.team)").isOK)
            #expect(try await client.command("UID MOVE 2 \(SharingServer.team)").isOK)
            let (email, thread) = (try #require(before[1][0]), try #require(before[1][1]))
            #expect(try await client.command("UID SEARCH EMAILID \(email)").found == [])
            try await client.command("SELECT \(SharingServer.team)")
            #expect(Array(try await ids(client).suffix(2)) == before)
            #expect(try await client.command("UID SEARCH EMAILID \(email)").found == [4])
            #expect(try await client.command("UID SEARCH THREADID \(thread)").found == [4])
            let not = try await client.command("UID SEARCH NOT EMAILID \(email) NOT THREADID \(thread)")
            #expect(not.found == [1, 2, 3])
            let or = try await client.command("UID SEARCH OR EMAILID \(email) EMAILID \(before[0][0] ?? "")")
            #expect(or.found == [3, 4])
            // The keys that the copies have in Bob's file are nobody's names.
            #expect(try await client.command("UID SEARCH OR EMAILID M2-3 EMAILID M2-4").found == [])
            // The owner sees the same.
            let bob = try await sharing.bobClient(mode)
            try await bob.command("SELECT Team")
            #expect(Array(try await ids(bob).suffix(2)) == before)
            // And back.
            #expect(try await client.command("UID MOVE 4 INBOX").isOK)
            try await client.command("SELECT INBOX")
            #expect(try await ids(client) == before)
            #expect(try await client.command("UID SEARCH EMAILID \(email)").found == [3])
        }
    }
}
