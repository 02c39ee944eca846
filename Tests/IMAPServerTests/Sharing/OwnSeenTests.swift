// \Seen of a shared mailbox over the wire: each reader's own, told to their sessions and to nobody else's.

import Mail
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct OwnSeenTests {
    private func status(_ client: IMAPTestClient, _ mailbox: String, _ item: String) async throws -> UInt64? {
        try await client.command("STATUS \(mailbox) (\(item))").data("STATUS").first?.values.last?.list?.last?.number
    }

    @Test("three sessions: the reader's other one hears of it, the owner's does not", arguments: ClientMode.allCases)
    func threeSessions(mode: ClientMode) async throws {
        try await SharingServer.with("lrswi") { sharing in
            try await sharing.fill(3)
            let (first, second) = (try await sharing.selected(mode), try await sharing.selected(mode))
            let owner = try await sharing.bobClient(mode)
            try await owner.command("SELECT Team")
            let stored = try await first.command("STORE 1:2 +FLAGS (\\Seen)")
            let heard = try await second.command("NOOP")
            for reply in [stored, heard] {
                #expect(reply.fetches.map(\.number) == [1, 2])
                #expect(reply.fetches.allSatisfy { $0.flags?.contains("\\Seen") == true })
            }
            #expect(try await owner.command("NOOP").untagged.isEmpty)
            #expect(try await first.command("UID SEARCH UNSEEN").found == [3])
            #expect(try await owner.command("UID SEARCH UNSEEN").found == [1, 2, 3])
            #expect(try await status(second, SharingServer.team, "UNSEEN") == 1)
            #expect(try await status(owner, "Team", "UNSEEN") == 3)
            // The other way round; what else the owner changes is told with the guest's own \Seen.
            #expect(try await owner.command("STORE 2:3 FLAGS (\\Seen \\Flagged)").isOK)
            let told = try await first.command("NOOP").fetches
            #expect(told.map(\.number) == [2, 3] && told.allSatisfy { $0.flags?.contains("\\Flagged") == true })
            #expect(told.map { $0.flags?.contains("\\Seen") == true } == [true, false])
            // FETCH of a text sets it, a copy keeps it.
            let body = try await first.command("FETCH 3 BODY[TEXT]").fetches.first
            #expect(body?.flags?.contains("\\Seen") == true)
            #expect(try await first.command("STORE 1 -FLAGS (\\Seen)").isOK)
            #expect(try await first.command("COPY 1:3 Sent").isOK)
            try await first.command("SELECT Sent")
            #expect(try await first.command("UID SEARCH SEEN").found == [2, 3])
        }
    }

    @Test("RFC 7162: HIGHESTMODSEQ and CHANGEDSINCE are the reader's own")
    func modSeq() async throws {
        try await SharingServer.with("lrs") { sharing in
            try await sharing.fill(2)
            let (guest, owner) = (try await sharing.alice(.qresync), try await sharing.bobClient(.qresync))
            let opened = try await guest.command("SELECT \(SharingServer.team)")
            let before = try #require(opened.code("HIGHESTMODSEQ").flatMap { UInt64($0) })
            let validity = try #require(opened.code("UIDVALIDITY"))
            let owners = try #require(try await owner.command("SELECT Team").code("HIGHESTMODSEQ"))
            #expect(try await guest.command("UID STORE 2 +FLAGS.SILENT (\\Seen)").isOK)
            let changed = try await guest.command("UID FETCH 1:* (FLAGS) (CHANGEDSINCE \(before))").fetches
            #expect(changed.map(\.uid) == [2])
            let after = try #require(changed.first?.modSeq)
            #expect(after > before)
            #expect(try await status(guest, SharingServer.team, "HIGHESTMODSEQ") == after)
            #expect(try await owner.command("UID FETCH 1:* (FLAGS) (CHANGEDSINCE \(owners))").fetches.isEmpty)
            #expect(try await owner.command("SELECT Team").code("HIGHESTMODSEQ") == owners)
            // A client that comes back hears of it.
            let back = try await sharing.alice(.qresync)
            let resync = try await back.command("SELECT \(SharingServer.team) (QRESYNC (\(validity) \(before)))")
            #expect(resync.code("HIGHESTMODSEQ") == "\(after)")
            #expect(resync.fetches.map(\.uid) == [2] && resync.fetches.first?.flags?.contains("\\Seen") == true)
            // The guest's UNCHANGEDSINCE knows the guest's own changes.
            let modified = try await guest.command("UID STORE 2 (UNCHANGEDSINCE \(before)) -FLAGS (\\Seen)")
            #expect(modified.tagged.code == "MODIFIED 2")
        }
    }

    @Test("RFC 4314 §5.2: with s alone the mailbox is READ-ONLY, and \\Seen is kept all the same")
    func readOnly() async throws {
        try await SharingServer.with("lrs") { sharing in
            try await sharing.fill(1)
            let guest = try await sharing.alice()
            let opened = try await guest.command("SELECT \(SharingServer.team)")
            #expect(opened.tagged.code == "READ-ONLY" && opened.code("PERMANENTFLAGS") == "(\\Seen)")
            #expect(opened.code("UNSEEN") == "1")
            #expect(try await guest.command("STORE 1 +FLAGS (\\Seen \\Flagged)").isOK)
            #expect(try await guest.command("STORE 1 +FLAGS (\\Flagged)").tagged.code == "NOPERM")
            #expect(try await guest.command("EXPUNGE").tagged.code == "NOPERM")
            #expect(try await guest.command("CLOSE").isOK)
            #expect(try await guest.command("SELECT \(SharingServer.team)").code("UNSEEN") == nil)
            #expect(try await guest.command("FETCH 1 (FLAGS)").fetches.first?.flags?.contains("\\Flagged") == false)
            #expect(try await guest.command("EXAMINE \(SharingServer.team)").code("PERMANENTFLAGS") == "()")
            #expect(try await guest.command("STORE 1 -FLAGS (\\Seen)").isNO)
        }
    }
}
