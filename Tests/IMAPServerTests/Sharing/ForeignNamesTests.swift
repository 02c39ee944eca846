// Names of others' mailboxes that one may not see: every command says of them what it says of names that nobody has.

import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ForeignNamesTests {
    /// With a message in the selected INBOX; `NAME` is the name. Each line is one command, sent in this order.
    static let lines: [CommandName: [String]] = [
        .select: ["SELECT NAME", "SELECT INBOX", "SELECT INBOX"], .examine: ["EXAMINE NAME", "SELECT INBOX"],
        .create: ["CREATE NAME", "CREATE NAME/below", "CREATE NAME/", "CREATE NAME (USE (\\Important))"],
        .delete: ["DELETE NAME", "DELETE NAME/below"],
        .rename: ["RENAME NAME new", "RENAME Drafts NAME", "RENAME NAME NAME2", "RENAME INBOX NAME",
            "RENAME Nothing NAME",
        ],
        .subscribe: ["SUBSCRIBE NAME"],
        .list: [
            "LIST \"\" NAME", "LIST \"\" NAME*", "LIST (SUBSCRIBED) \"\" * RETURN (STATUS (MESSAGES))",
            "LIST \"\" (INBOX NAME NAME/%) RETURN (CHILDREN SUBSCRIBED)", "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"*\"",
        ],
        .lsub: ["LSUB \"\" NAME", "LSUB \"\" *", "LSUB \"\" %"], .unsubscribe: ["UNSUBSCRIBE NAME", "UNSUBSCRIBE NAME"],
        .status: ["STATUS NAME (MESSAGES)", "STATUS NAME (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN SIZE)"],
        .append: ["APPEND NAME {6+}\r\na: b\r\n", "APPEND NAME (\\Seen) {0+}\r\n", "APPEND NAME {999999999}"],
        .replace: ["REPLACE 1 NAME {6+}\r\na: b\r\n", "UID REPLACE 1 NAME {6+}\r\na: b\r\n"],
        .copy: ["COPY 1 NAME", "UID COPY 1 NAME", "UID COPY 99 NAME"],
        .move: ["MOVE 1 NAME", "UID MOVE 1 NAME", "UID MOVE 99 NAME"],
        .setACL: ["SETACL NAME anyone lr", "SETACL NAME bob@example.org lr", "SETACL NAME nobody@example.org lr"],
        .getQuotaRoot: ["GETQUOTAROOT NAME"],
        .getMetadata: ["GETMETADATA NAME /private/comment", "GETMETADATA NAME (DEPTH infinity) /shared"],
        .setMetadata: ["SETMETADATA NAME (/private/comment \"x\")", "SETMETADATA NAME (/private/specialuse NIL)"],
        .esearch: ["ESEARCH IN (mailboxes NAME) ALL", "ESEARCH IN (subtree NAME) ALL"],
        .notify: [
            "NOTIFY SET STATUS (mailboxes NAME (MessageNew MessageExpunge)) (subtree NAME (MailboxName))",
            "NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))",
        ],
        .deleteACL: ["DELETEACL NAME anyone"], .getACL: ["GETACL NAME"],
        .listRights: ["LISTRIGHTS NAME anyone", "LISTRIGHTS NAME bob@example.org"], .myRights: ["MYRIGHTS NAME"],
    ]
    /// They name no mailbox.
    static let nameless: Set<CommandName> = [
        .capability, .noop, .logout, .id, .startTLS, .authenticate, .login, .enable, .namespace, .idle,
        .check, .close, .unselect, .compress, .getQuota, .setQuota, .expunge, .search, .fetch, .store,
        .sort, .thread, .cancelUpdate, .unauthenticate,
    ]

    /// The first is of a mailbox that is there; the others are nobody's, or of somebody who shares nothing.
    static let names = [
        "Other Users/bob@example.org/Secret", "Other Users/bob@example.org/Nothin",
        "Other Users/carl@example.org/Secret", "Other Users/nick@example.org/Secret", "Other Users/#2/Secret",
    ]

    @Test func everyCommandIsHere() {
        for name in CommandName.allCases {
            #expect((Self.lines[name] != nil) != Self.nameless.contains(name), "\(name): does it name a mailbox?")
        }
    }

    @Test("hidden mailboxes answer as names that nobody has, byte for byte", arguments: ClientMode.allCases)
    func sameBytes(mode: ClientMode) async throws {
        try await SharingServer.with("lr") { sharing in
            _ = try await sharing.server.temporary.account("carl@example.org")
            try await sharing.server.fill(1)
            var transcripts: [[String]] = []
            for name in Self.names {
                let client = try await sharing.alice(mode)
                try await client.command("SELECT INBOX")
                transcripts.append(try await transcript(of: name, client))
                await client.close()
            }
            for (name, other) in zip(Self.names, transcripts).dropFirst() {
                #expect(other == transcripts[0], "\(name) and \(Self.names[0])")
            }
            #expect(try await sharing.server.alice.mailbox(.inbox)?.messages == 1)
        }
    }

    /// What every command says of a name, with the name itself and the tags left out.
    private func transcript(of name: String, _ client: IMAPTestClient) async throws -> [String] {
        var transcript: [String] = []
        for command in CommandName.allCases {
            for line in Self.lines[command] ?? [] {
                let text = Self.filled(line, name)
                let reply: IMAPReply
                if text.hasSuffix("}") {
                    let size = Int(text.split(separator: "{").last?.dropLast() ?? "") ?? 0
                    let head = String(text.prefix { $0 != "{" }.dropLast())
                    reply = try await client.command(head, literal: [UInt8](repeating: 0x20, count: size))
                } else {
                    reply = try await client.command(text)
                }
                let untagged = reply.untagged.map { "\($0.condition ?? "") \($0.code ?? "") \($0.text) \($0.values)" }
                let tagged = "\(reply.tagged.condition ?? "") \(reply.tagged.code ?? "") \(reply.tagged.text)"
                transcript.append(
                    (["\(line):"] + untagged + [tagged]).joined(separator: "\n").replacing(name, with: "NAME"))
            }
        }
        return transcript
    }

    private static func filled(_ line: String, _ name: String) -> String {
        line.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard let place = word.firstRange(of: "NAME") else { return String(word) }
            // What belongs to the name stands in the quotes with it; the parentheses of a list do not.
            let before = word[..<place.lowerBound]
            let behind = word[place.upperBound...]
            let parenthesis = behind.hasSuffix(")") ? ")" : ""
            return "\(before)\"\(name)\(behind.dropLast(parenthesis.count))\"\(parenthesis)"
        }.joined(separator: " ")
    }
}
