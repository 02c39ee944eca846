// What is an administrator's, an owner's, or another server's to do, tried by somebody who is none of these.

import Accounts
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct AdministrationTests {
    private static let team = SharingServer.team

    /// Everything that a client could see of both accounts.
    private func state(_ sharing: SharingServer) async throws -> [String] {
        var state: [String] = []
        for account in [sharing.bob, sharing.server.alice] {
            for mailbox in try await account.mailboxes() {
                let list = try await account.accessList(of: mailbox.name)
                state.append("\(account.id) \(mailbox.name) \(mailbox.messages) \(mailbox.modSeq) \(list)")
            }
            state.append("\(try await account.quotaUsage().quota)")
        }
        for record in try await sharing.server.store.directory.accounts() {
            state.append("\(record.address) \(record.status) \(record.generation)")
        }
        return state
    }

    @Test(
        "case 139: every right but the administrator's: access lists are neither told nor changed",
        arguments: [
            "SETACL TEAM alice@example.org lrswipkxtea", "SETACL TEAM alice@example.org +a", "SETACL TEAM anyone a",
            "SETACL TEAM -bob@example.org lrswipkxtea", "SETACL TEAM bob@example.org \"\"",
            "DELETEACL TEAM bob@example.org", "DELETEACL TEAM alice@example.org", "GETACL TEAM",
            "LISTRIGHTS TEAM alice@example.org", "LISTRIGHTS TEAM nobody@example.org",
            "SETACL TEAM nobody@example.org lr",
        ])
    func accessLists(line: String) async throws {
        try await SharingServer.with("lrswipkxte") { sharing in
            let before = try await state(sharing)
            let client = try await sharing.alice()
            let reply = try await client.command(line.replacing("TEAM", with: Self.team))
            #expect(reply.isNO && reply.code == "NOPERM" && reply.untagged.isEmpty, "\(reply.tagged)")
            #expect(try await state(sharing) == before)
        }
    }

    @Test("case 139: who may administer a mailbox takes nothing from its owner, and gets no further than it")
    func guestAdministrators() async throws {
        try await SharingServer.with("lra") { sharing in
            let before = try await state(sharing)
            let client = try await sharing.alice()
            for (line, code) in [
                ("SETACL TEAM bob@example.org \"\"", "CANNOT"), ("SETACL TEAM -bob@example.org lra", "CANNOT"),
                ("DELETEACL TEAM bob@example.org", "CANNOT"), ("DELETE TEAM", "NOPERM"), ("CREATE NEW", "NOPERM"),
                ("SETACL \"Other Users/bob@example.org/Secret\" alice@example.org lr", "NONEXISTENT"),
                ("SETACL \"Other Users/bob@example.org/INBOX\" alice@example.org lr", "NONEXISTENT"),
                ("SETACL \"Other Users/bob@example.org\" alice@example.org lr", "NONEXISTENT"),
                ("SETACL \"Other Users\" alice@example.org lr", "NONEXISTENT"),
            ] {
                let text = line.replacing("TEAM", with: Self.team).replacing("NEW", with: "\(Self.team.dropLast())/n\"")
                let reply = try await client.command(text)
                #expect(reply.isNO && reply.code == code, "\(line): \(reply.tagged)")
            }
            #expect(try await state(sharing) == before)
        }
    }

    @Test(
        "case 139: what the server's administrator sets is not a client's to set",
        arguments: [
            ("SETQUOTA \"\" (STORAGE 999999)", "NOPERM"), ("SETQUOTA \"\" (MESSAGE 999999)", "NOPERM"),
            ("SETQUOTA \"\" ()", "NOPERM"), ("SETQUOTA \"bob@example.org\" (STORAGE 1)", "NONEXISTENT"),
            ("SETQUOTA \"#2\" (STORAGE 1)", "NONEXISTENT"), ("GETQUOTA \"#2\"", "NONEXISTENT"),
            ("SETMETADATA \"\" (/shared/admin \"mailto:eve@example.org\")", "NOPERM"),
            ("SETMETADATA \"\" (/shared/comment NIL)", "NOPERM"),
            ("SETMETADATA \"\" (/private/comment \"x\" /shared/comment \"y\")", "NOPERM"),
        ])
    func serverSettings(line: String, code: String) async throws {
        try await SharingServer.with("lr") { sharing in
            let before = try await state(sharing)
            let client = try await sharing.alice()
            let reply = try await client.command(line.replacing("TEAM", with: Self.team))
            #expect(reply.isNO && reply.code == code && reply.untagged.isEmpty, "\(reply.tagged)")
            #expect(try await state(sharing) == before)
            let told = try await client.command("GETMETADATA \"\" (/shared/admin /shared/comment /private/comment)")
            #expect(told.data("METADATA").flatMap { $0.values.last?.list ?? [] }.allSatisfy { $0.bytes == nil })
        }
    }

    /// Administrators' commands of other servers, and the protocols between their parts.
    private static let foreign = [
        "LOCALDELETE INBOX", "LOCALAPPEND INBOX", "LOCALCREATE x", "DUMP INBOX", "UNDUMP INBOX", "RECONSTRUCT INBOX",
        "XFER INBOX elsewhere.example", "XMEOWMEOW", "SYNCGET", "SYNCAPPLY RESET alice@example.org", "APPLY x",
        "SETANNOTATION \"\" \"/admin\" (\"value.shared\" \"x\")", "GETANNOTATION \"\" \"*\" \"*\"", "X-STATE", "XSTATS",
        "XRUNANNOTATOR 1", "XKILLMY", "XBACKUP INBOX", "XWARMUP INBOX", "PROXYAUTH bob@example.org", "X-CANCEL",
        "CREATE x default", "CREATE x (PARTITION default)", "DELETE INBOX elsewhere", "RENAME Drafts Drafts2 default",
        "LOGIN bob@example.org secret bob@example.org", "UID LOCALDELETE 1", "USERDELETE bob@example.org", "SHUTDOWN",
        "RELOAD", "XYZZY",
    ]

    @Test("case 139: other servers' commands for administrators are unknown, and do nothing")
    func foreignCommands() async throws {
        try await SharingServer.with("lrswipkxtea") { sharing in
            let before = try await state(sharing)
            for start in [false, true] {
                for line in Self.foreign {
                    // A few wrong commands end a session.
                    let client = start ? try await sharing.alice() : try await sharing.server.connect()
                    let reply = try await client.command(line)
                    #expect(reply.isBAD && reply.untagged.isEmpty, "\(line): \(reply.tagged)")
                    await client.close()
                }
            }
            #expect(try await state(sharing) == before)
        }
    }

    @Test("case 139: a right password lets nobody in as somebody else", arguments: ["bob@example.org", "root", "cyrus"])
    func anothersName(name: String) async throws {
        try await SharingServer.with("lrswipkxtea") { sharing in
            let client = try await sharing.server.connect()
            let secret = "\(name)\0alice@example.org\0secret"
            let line = "AUTHENTICATE PLAIN \(String(decoding: SASLBase64.encode(Array(secret.utf8)), as: UTF8.self))"
            let reply = try await client.command(line)
            #expect(reply.isNO, "\(reply.tagged)")
            #expect(try await client.command("SELECT INBOX").isBAD)
        }
    }
}
