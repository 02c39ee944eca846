// Annotations, quotas and LIST-MYRIGHTS where mailboxes are another account's.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct SharedMetadataTests {
    private func value(_ reply: IMAPReply) -> IMAPValue? { reply.data("METADATA").first?.values[2].list?.last }

    @Test("private annotations of a shared mailbox are each user's own, shared ones are one")
    func annotations() async throws {
        try await SharingServer.with("lr") { sharing in
            let (alice, bob) = (try await sharing.alice(), try await sharing.bobClient())
            let team = SharingServer.team
            #expect(try await bob.command("SETMETADATA Team (/private/comment \"bob\" /shared/comment \"all\")").isOK)
            #expect(value(try await alice.command("GETMETADATA \(team) /private/comment")) == IMAPValue.none)
            #expect(value(try await alice.command("GETMETADATA \(team) /shared/comment"))?.text == "all")
            #expect(try await alice.command("SETMETADATA \(team) (/private/comment \"alice\")").isOK)
            #expect(value(try await bob.command("GETMETADATA Team /private/comment"))?.text == "bob")
            #expect(try await alice.command("SETMETADATA \(team) (/private/specialuse \"\\\\Junk\")").code == "USEATTR")
            try await sharing.allow("l")
            #expect(try await alice.command("GETMETADATA \(team) /shared/comment").code == "NOPERM")
            #expect(try await alice.command("SETMETADATA \(team) (/private/comment NIL)").code == "NOPERM")
            try await sharing.allow("")
            #expect(try await alice.command("GETMETADATA \(team) /shared/comment").code == "NONEXISTENT")
        }
    }

    @Test("LIST-MYRIGHTS: each mailbox with one's rights on it; the quota of others is not told")
    func listMyRights() async throws {
        try await SharingServer.with("lrs") { sharing in
            let alice = try await sharing.alice()
            let reply = try await alice.command("LIST \"\" (INBOX \"Other*\") RETURN (MYRIGHTS)")
            let rights = reply.data("MYRIGHTS").map { "\($0.values[1].text ?? "") \($0.values[2].text ?? "")" }
            #expect(rights.count == 2)
            #expect(rights.contains("Other Users/bob@example.org/Team lrs"))
            #expect(rights.contains { $0.hasPrefix("INBOX lrswi") })
            let quota = try await alice.command("GETQUOTAROOT \(SharingServer.team)")
            #expect(quota.isOK && quota.data("QUOTA").isEmpty && quota.data("QUOTAROOT").first?.values.count == 2)
        }
    }
}
