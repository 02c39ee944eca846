// Every command in every state, against the table.

import IMAPSyntax
import NIOCore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct CommandTableTests {
    /// A lawful form of each command.
    static let lines: [(CommandName, String)] = [
        (.capability, "CAPABILITY"), (.noop, "NOOP"), (.id, "ID NIL"), (.enable, "ENABLE CONDSTORE"),
        (.select, "SELECT INBOX"), (.examine, "EXAMINE INBOX"), (.create, "CREATE new"), (.delete, "DELETE new"),
        (.rename, "RENAME Drafts d2"), (.subscribe, "SUBSCRIBE INBOX"), (.unsubscribe, "UNSUBSCRIBE INBOX"),
        (.list, "LIST \"\" *"), (.lsub, "LSUB \"\" *"), (.namespace, "NAMESPACE"), (.status, "STATUS INBOX (MESSAGES)"),
        (.getMetadata, "GETMETADATA INBOX /private/comment"), (.setMetadata, "SETMETADATA INBOX (/private/x NIL)"),
        (.getQuota, "GETQUOTA \"\""), (.getQuotaRoot, "GETQUOTAROOT INBOX"), (.setQuota, "SETQUOTA \"\" (STORAGE 9)"),
        (.setACL, "SETACL INBOX anyone lr"), (.deleteACL, "DELETEACL INBOX anyone"), (.getACL, "GETACL INBOX"),
        (.listRights, "LISTRIGHTS INBOX anyone"), (.myRights, "MYRIGHTS INBOX"),
        (.check, "CHECK"), (.expunge, "EXPUNGE"), (.expunge, "UID EXPUNGE 1:*"), (.search, "SEARCH ALL"),
        (.search, "UID SEARCH ALL"), (.sort, "SORT (DATE) UTF-8 ALL"), (.sort, "UID SORT (DATE) UTF-8 ALL"),
        (.esearch, "ESEARCH IN (personal) ALL"), (.cancelUpdate, "CANCELUPDATE \"x\""),
        (.thread, "THREAD REFS UTF-8 ALL"), (.thread, "UID THREAD REFS UTF-8 ALL"), (.fetch, "FETCH 1 FLAGS"),
        (.fetch, "UID FETCH 1 FLAGS"),
        (.store, "STORE 1 +FLAGS (\\Seen)"), (.store, "UID STORE 1 +FLAGS (\\Seen)"), (.copy, "COPY 1 Sent"),
        (.copy, "UID COPY 1 Sent"), (.move, "MOVE 1 Trash"), (.move, "UID MOVE 1 Trash"), (.close, "CLOSE"),
        (.unselect, "UNSELECT"), (.login, "LOGIN alice@example.org wrong"), (.startTLS, "STARTTLS"),
        (.authenticate, "AUTHENTICATE PLAIN AGFAYgB4"), (.unauthenticate, "UNAUTHENTICATE"), (.notify, "NOTIFY NONE"),
        (.append, "APPEND INBOX {6+}\r\nA: b\r\n"), (.replace, "REPLACE 1 INBOX {6+}\r\nA: b\r\n"),
        (.replace, "UID REPLACE 1 INBOX {6+}\r\nA: b\r\n"),
    ]

    /// What ends the connection, or changes how it is read, has tests of its own.
    @Test func everyCommandHasItsLine() {
        #expect(Set(Self.lines.map(\.0)).union([.logout, .idle, .compress]) == Set(CommandName.allCases))
    }

    enum Start: String, CaseIterable, Sendable {
        case notAuthenticated, authenticated, selected, examined

        var states: SessionStates {
            switch self {
            case .notAuthenticated: .notAuthenticated
            case .authenticated: .authenticated
            case .selected, .examined: .selected
            }
        }
    }

    @Test("case 78: each command in each state does what the table says", arguments: Start.allCases)
    func matrix(start: Start) async throws {
        for (name, line) in Self.lines {
            try await TestServer.with { server in
                try await server.fill(1)
                let client = try await server.connect()
                if start != .notAuthenticated { try await client.login() }
                if start == .selected { try await client.command("SELECT INBOX") }
                if start == .examined { try await client.command("EXAMINE INBOX") }
                let reply = try await client.command(line)
                let rule = CommandTable.rule(for: name)
                let what = "\(line) in state \(start): \(reply.tagged)"
                if !rule.states.contains(start.states) {
                    #expect(reply.isBAD, "\(what)")
                } else if start == .examined && rule.needsWritableMailbox {
                    #expect(reply.isNO, "\(what)")
                } else {
                    #expect(!reply.isBAD || name == .startTLS, "\(what)")
                }
                let isAlive = try await client.command("NOOP").isOK
                #expect(isAlive, "\(what)")
            }
        }
    }

    @Test func onlySequenceCommandsHoldExpungeBack() {
        for name in CommandName.allCases {
            let rule = CommandTable.rule(for: name)
            #expect(
                (rule.announcing == .withoutExpunge) == [.fetch, .store, .search, .sort, .thread].contains(name),
                "\(name)")
        }
        let uidForms = [
            "UID FETCH 1 FLAGS", "UID STORE 1 FLAGS ()", "UID SEARCH ALL", "UID SORT (DATE) UTF-8 ALL",
            "UID THREAD REFS UTF-8 ALL",
        ]
        for line in uidForms {
            guard case .success(let tagged) = parseCommand(.init(string: "a \(line)")) else {
                Issue.record("\(line) is wrong")
                continue
            }
            #expect(CommandTable.announcing(tagged.command) == .everything)
        }
        let withNumbers = [
            "UID SEARCH 1:*", "UID SORT (DATE) UTF-8 NOT 2", "UID THREAD REFS UTF-8 (ALL 1)", "ESEARCH OR SEEN 3",
        ]
        for line in withNumbers {
            guard case .success(let tagged) = parseCommand(.init(string: "a \(line)")) else {
                Issue.record("\(line) is wrong")
                continue
            }
            #expect(CommandTable.announcing(tagged.command) == .withoutExpunge)
        }
    }

    @Test func everyCapabilityOfTheTableIsAdvertised() {
        let all = Capabilities.list(.init(isAuthenticated: true, offersSTARTTLS: false, mayLogIn: true))
        for name in CommandName.allCases {
            if let capability = CommandTable.rule(for: name).capability { #expect(all.contains(capability)) }
        }
    }
}
