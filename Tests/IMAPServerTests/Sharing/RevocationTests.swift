// A session whose right to its selected mailbox is taken away: whatever it asks next, it learns nothing more.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct RevocationTests {
    static let lines = [
        "NOOP", "CHECK", "FETCH 1:* (FLAGS)", "UID FETCH 1:* (UID ENVELOPE BODYSTRUCTURE BODY.PEEK[] PREVIEW EMAILID)",
        "SEARCH ALL", "UID SEARCH TEXT text", "SORT (SUBJECT) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL",
        "STORE 1 +FLAGS (\\Seen)", "UID STORE 1 FLAGS.SILENT (\\Deleted)", "COPY 1 Sent", "UID MOVE 1 Trash",
        "COPY 1 \(SharingServer.team)", "EXPUNGE", "UID EXPUNGE 1:*", "FETCH 1 (FLAGS) (CHANGEDSINCE 1)",
        "ESEARCH IN (selected) ALL", "REPLACE 1 INBOX {6+}\r\na: b\r\n", "CLOSE", "UNSELECT",
    ]

    @Test("case 140: every command on the mailbox ends in BYE, and nothing of it is told or done", arguments: lines)
    func revoked(line: String) async throws {
        try await SharingServer.with("lrswite") { sharing in
            try await sharing.fill(2, flags: Flags(.deleted))
            let client = try await sharing.selected()
            try await sharing.allow("l")
            try await client.send("X \(line)\r\n")
            let told = try await client.untilClosed()
            let bye = try #require(told.last)
            #expect(bye.condition == "BYE" && bye.code == "NONEXISTENT", "\(told)")
            #expect(told.allSatisfy { !["FETCH", "SORT", "THREAD"].contains($0.name) }, "\(told)")
            let numbers = told.filter { ["SEARCH", "ESEARCH"].contains($0.name) }
            #expect(numbers.isEmpty, "\(told)")
            let team = try #require(try await sharing.bob.mailbox(try MailboxName("Team")))
            #expect(team.messages == 2 && team.unseen == 2 && team.deleted == 2)
            for name in ["Sent", "Trash"] {
                #expect(try await sharing.server.alice.mailbox(try MailboxName(name))?.messages == 0)
            }
        }
    }

    @Test("a right that anyone had, one that a negative line takes, and the owner's sessions, which stay")
    func otherWays() async throws {
        try await SharingServer.with("") { sharing in
            try await sharing.fill(1)
            let team = try MailboxName("Team")
            let store = sharing.server.store
            func set(_ grantee: Grantee, _ isNegative: Bool, _ rights: String) async throws {
                try await store.setRights(
                    on: team, of: sharing.bob, for: grantee, isNegative: isNegative,
                    .replace(try MailboxRights(letters: rights)))
            }
            let owner = try await sharing.bobClient()
            try await owner.command("SELECT Team")
            for isNegative in [false, true] {
                try await set(.anyone, false, "lrs")
                let client = try await sharing.selected()
                try await client.send("I IDLE\r\n")
                #expect(try await client.response().tag == "+")
                if isNegative {
                    try await set(.account(sharing.server.aliceID), true, "r")
                } else {
                    try await set(.anyone, false, "")
                }
                let told = try await client.untilClosed()
                #expect(told.last?.condition == "BYE", "\(told)")
            }
            #expect(try await owner.command("FETCH 1 (UID)").isOK)
        }
    }
}
