// SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS.

import Accounts
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ACLCommandTests {
    private static let owner = "bob@example.org lrswipkxteacd"

    private func acl(_ client: IMAPTestClient, _ mailbox: String = "Team") async throws -> String? {
        let reply = try await client.command("GETACL \(mailbox)")
        return reply.data("ACL").first?.values.dropFirst(2).map(\.description).joined(separator: " ")
    }

    @Test("RFC 4314 §3.1 to §3.3: lines are set, added to, taken from and deleted")
    func setAndGet() async throws {
        try await SharingServer.with("") { sharing in
            let bob = try await sharing.bobClient()
            #expect(try await acl(bob) == Self.owner)
            #expect(try await bob.command("SETACL Team alice@example.org lrswida").isOK)
            #expect(try await acl(bob) == Self.owner + " alice@example.org lrswitead")
            #expect(try await bob.command("SETACL Team ALICE@example.org +k").isOK)
            #expect(try await bob.command("SETACL Team alice@example.org -ad").isOK)
            #expect(try await acl(bob) == Self.owner + " alice@example.org lrswikc")
            #expect(try await bob.command("SETACL Team anyone l").isOK)
            #expect(try await bob.command("SETACL Team -anyone w").isOK)
            #expect(try await acl(bob) == Self.owner + " anyone l -anyone w alice@example.org lrswikc")
            #expect(try await bob.command("DELETEACL Team alice@example.org").isOK)
            #expect(try await bob.command("DELETEACL Team alice@example.org").isOK)
            #expect(try await bob.command("SETACL Team -anyone \"\"").isOK)
            #expect(try await acl(bob) == Self.owner + " anyone l")
        }
    }

    @Test func refusals() async throws {
        try await SharingServer.with { sharing in
            let bob = try await sharing.bobClient()
            for line in [
                "SETACL Team bob@example.org lr", "DELETEACL Team bob@example.org", "SETACL Team -bob@example.org w",
            ] {
                #expect(try await bob.command(line).tagged.code == "CANNOT", "\(line)")
            }
            for line in [
                "SETACL Team nobody@example.org lr", "SETACL Team nonsense lr", "DELETEACL Team nobody@example.org",
                "LISTRIGHTS Team nobody@example.org", "SETACL Nothing anyone lr", "GETACL Nothing", "MYRIGHTS Nothing",
                "LISTRIGHTS Nothing anyone", "DELETEACL Nothing anyone",
            ] {
                let reply = try await bob.command(line)
                #expect(reply.isNO && reply.tagged.code == "NONEXISTENT", "\(line)")
            }
            // Unknown rights are BAD (§3.1).
            for line in ["SETACL Team anyone lrQ", "SETACL Team anyone lrq", "SETACL Team \"\" lr"] {
                #expect(try await bob.command(line).isBAD, "\(line)")
            }
            // Only who has "a" (§4).
            let alice = try await sharing.alice()
            for line in ["SETACL NAME anyone lr", "DELETEACL NAME anyone", "GETACL NAME", "LISTRIGHTS NAME anyone"] {
                let reply = try await alice.command(line.replacing("NAME", with: SharingServer.team))
                #expect(reply.isNO && reply.tagged.code == "NOPERM", "\(line)")
            }
            #expect(try await acl(bob) == Self.owner + " alice@example.org lr")
        }
    }

    @Test("RFC 4314 §3: identifiers are prepared with SASLprep; what it refuses is BAD")
    func preparedIdentifiers() async throws {
        try await SharingServer.with("") { sharing in
            let bob = try await sharing.bobClient()
            func set(_ identifier: String) async throws -> IMAPReply {
                let bytes = Array(identifier.utf8)
                let head = Array("SETACL Team {\(bytes.count)+}\r\n".utf8)
                return try await bob.command(head + bytes + Array(" lr".utf8))
            }
            // A soft hyphen is nothing, wide letters are letters.
            #expect(try await set("any\u{ad}one").isOK)
            #expect(try await set("\u{ff0d}\u{ff41}lice@example.org").isOK)
            #expect(try await acl(bob) == Self.owner + " anyone lr -alice@example.org lr")
            for bad in ["", "\u{ad}", "-", "-\u{200b}", "a\u{7}", "a\u{e000}", "a\u{202e}b", "a\u{fffd}", "a\u{378}"] {
                #expect(try await set(bad).isBAD, "\(bad.debugDescription)")
            }
            #expect(try await set("\u{e9}@example.org").tagged.code == "NONEXISTENT")
        }
    }

    @Test("SETACL and DELETEACL are in the audit trail, by whoever did them")
    func auditTrail() async throws {
        try await SharingServer.with("lra") { sharing in
            let (alice, bob) = (try await sharing.alice(), try await sharing.bobClient())
            #expect(try await bob.command("SETACL Team anyone lr").isOK)
            #expect(try await alice.command("SETACL \(SharingServer.team) -anyone +w").isOK)
            #expect(try await bob.command("DELETEACL Team anyone").isOK)
            #expect(try await alice.command("SETACL Other anyone lr").isNO)
            let lines = try await sharing.server.store.directory.audit(subject: "bob@example.org", limit: 10)
                .filter { $0.action == "acl.set" }.reversed().map { "\($0.actor) \($0.detail)" }
            #expect(
                lines == [
                    "imap:bob@example.org Team anyone \"lr\"", "imap:alice@example.org Team -anyone \"+w\"",
                    "imap:bob@example.org Team anyone \"\"",
                ])
        }
    }

    @Test func rightsThatAreAndThatCouldBe() async throws {
        try await SharingServer.with("lrsa") { sharing in
            let (alice, bob) = (try await sharing.alice(), try await sharing.bobClient())
            func rights(_ client: IMAPTestClient, _ line: String) async throws -> String? {
                try await client.command(line).untagged.first?.values.dropFirst().map(\.description)
                    .joined(separator: " ")
            }
            #expect(try await rights(bob, "MYRIGHTS Team") == "Team lrswipkxteacd")
            #expect(try await rights(alice, "MYRIGHTS \(SharingServer.team)") == "\(SharingServer.team) lrsa")
            #expect(try await rights(alice, "MYRIGHTS INBOX") == "INBOX lrswipkxteacd")
            let all = "l r s w i p k x t e a c d"
            #expect(try await rights(bob, "LISTRIGHTS Team anyone") == "Team anyone \"\" \(all)")
            #expect(
                try await rights(bob, "LISTRIGHTS Team ALICE@example.org") == "Team ALICE@example.org \"\" \(all)")
            #expect(
                try await rights(bob, "LISTRIGHTS Team bob@example.org") == "Team bob@example.org lrswipkxteacd")
            #expect(
                try await rights(alice, "LISTRIGHTS \(SharingServer.team) -anyone")
                    == "\(SharingServer.team) -anyone \"\" \(all)")
            // An administrator who is a guest.
            #expect(try await alice.command("SETACL \(SharingServer.team) anyone lr").isOK)
            #expect(try await acl(alice, SharingServer.team) == Self.owner + " anyone lr alice@example.org lrsa")
        }
    }

    @Test("a login that may only read has the rights of a reader and changes no list")
    func readOnlyLogin() async throws {
        try await SharingServer.with("lrswa") { sharing in
            let password = try await sharing.server.appPassword([.imap, .readOnly])
            let alice = try await sharing.server.connect()
            #expect(try await alice.login("alice@example.org", password.secret).isOK)
            let own = try await alice.command("MYRIGHTS INBOX").data("MYRIGHTS").first?.values.last?.text
            #expect(own == "lr")
            #expect(try await alice.command("SETACL INBOX anyone lr").tagged.code == "NOPERM")
            #expect(try await alice.command("SELECT \(SharingServer.team)").code("READ-ONLY") != nil)
            #expect(try await alice.command("STORE 1 +FLAGS (\\Seen)").isNO)
        }
    }

    @Test func namespaceAndLists() async throws {
        try await SharingServer.with("lr") { sharing in
            let alice = try await sharing.alice()
            let namespace = try await alice.command("NAMESPACE").data("NAMESPACE").first
            #expect(namespace?.values[2].description == "((\"Other Users/\" \"/\"))")
            func names(_ line: String) async throws -> [String] {
                let told = try await alice.command(line).untagged
                return told.map { $0.values.dropFirst().map(\.description).joined(separator: " ") }
                    .filter { $0.contains("Other Users") }
            }
            let team = SharingServer.team
            #expect(try await names("LIST \"\" *") == ["(\\HasNoChildren) \"/\" \(team)"])
            #expect(try await names("LIST \"\" %") == ["(\\Noselect \\HasChildren) \"/\" \"Other Users\""])
            #expect(
                try await names("LIST \"Other Users/\" %")
                    == ["(\\Noselect \\HasChildren) \"/\" \"Other Users/bob@example.org\""])
            let below = try await names("LIST \"\" \"Other Users/bob@example.org/%\"")
            #expect(below == ["(\\HasNoChildren) \"/\" \(team)"])
            #expect(try await names("LSUB \"\" *") == [])
            #expect(try await alice.command("SUBSCRIBE \(team)").isOK)
            #expect(try await names("LSUB \"\" *").count == 1)
            #expect(try await names("LIST (SUBSCRIBED) \"\" *") == ["(\\HasNoChildren \\Subscribed) \"/\" \(team)"])
            try await sharing.allow("l")
            let listed = try await alice.command("LIST \"\" \"Other*\" RETURN (STATUS (MESSAGES))")
            #expect(listed.data("LIST").count == 1 && listed.data("STATUS").isEmpty)
            #expect(try await alice.command("STATUS \(team) (MESSAGES)").tagged.code == "NOPERM")
            try await sharing.allow("r")
            #expect(try await names("LIST \"\" *") == [])
            #expect(try await names("LIST \"\" %") == [])
            let left = try await names("LIST (SUBSCRIBED) \"\" *")
            #expect(left == ["(\\NonExistent \\HasNoChildren \\Subscribed) \"/\" \(team)"])
        }
    }
}
