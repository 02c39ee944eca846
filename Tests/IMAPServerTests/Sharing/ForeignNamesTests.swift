// Names of others' mailboxes that one may not see: every command says of them what it says of names that nobody has.
//
// The commands are those of the enumeration, so a new one fails here until it has its lines, or is shown to name no
// mailbox. What is compared are the bytes on the wire, with nothing left out but the name itself.

import IMAPSyntax
import Mail
import MailStore
import NIOCore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ForeignNamesTests {
    /// With a message in the selected INBOX; `NAME` is the name, `URL` the same in a URL. Each line is one command.
    static let lines: [CommandName: [String]] = [
        .select: ["SELECT NAME", "SELECT INBOX", "SELECT INBOX"], .examine: ["EXAMINE NAME", "SELECT INBOX"],
        .create: ["CREATE NAME", "CREATE NAME/below", "CREATE NAME/", "CREATE NAME (USE (\\Important))"],
        .delete: ["DELETE NAME", "DELETE NAME/below"],
        .rename: ["RENAME NAME new", "RENAME Drafts NAME", "RENAME NAME NAME2", "RENAME INBOX NAME",
            "RENAME Nothing NAME",
        ],
        .subscribe: ["SUBSCRIBE NAME"],
        .list: [
            "LIST \"\" NAME", "LIST \"\" NAME*", "LIST NAME %", "LIST NAME \"\"",
            "LIST (SUBSCRIBED) \"\" * RETURN (STATUS (MESSAGES))",
            "LIST \"\" (INBOX NAME NAME/%) RETURN (CHILDREN SUBSCRIBED)", "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"*\"",
        ],
        .lsub: ["LSUB \"\" NAME", "LSUB \"\" *", "LSUB \"\" %"], .unsubscribe: ["UNSUBSCRIBE NAME", "UNSUBSCRIBE NAME"],
        .status: ["STATUS NAME (MESSAGES)", "STATUS NAME (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN SIZE)"],
        .append: [
            "APPEND NAME {6+}\r\na: b\r\n", "APPEND NAME (\\Seen) {0+}\r\n", "APPEND NAME {999999999}",
            "APPEND NAME {6+}\r\na: b\r\n {6+}\r\nc: d\r\n", "APPEND NAME CATENATE (TEXT {6+}\r\na: b\r\n)",
            "APPEND INBOX CATENATE (URL URL;UID=1)", "APPEND NAME CATENATE (URL URL/;UID=1/;SECTION=HEADER)",
            "APPEND INBOX CATENATE (TEXT {6+}\r\na: b\r\n URL URL;UIDVALIDITY=2/;UID=1)",
        ],
        .replace: ["REPLACE 1 NAME {6+}\r\na: b\r\n", "UID REPLACE 1 NAME {6+}\r\na: b\r\n"],
        .copy: ["COPY 1 NAME", "UID COPY 1 NAME", "UID COPY 99 NAME"],
        .move: ["MOVE 1 NAME", "UID MOVE 1 NAME", "UID MOVE 99 NAME"],
        .setACL: ["SETACL NAME anyone lr", "SETACL NAME bob@example.org lr", "SETACL NAME nobody@example.org lr"],
        .getQuotaRoot: ["GETQUOTAROOT NAME"],
        .getMetadata: ["GETMETADATA NAME /private/comment", "GETMETADATA NAME (DEPTH infinity) /shared"],
        .setMetadata: ["SETMETADATA NAME (/private/comment \"x\")", "SETMETADATA NAME (/private/specialuse NIL)"],
        .esearch: [
            "ESEARCH IN (mailboxes NAME) ALL", "ESEARCH IN (subtree NAME) ALL", "ESEARCH IN (subtree-one NAME) ALL",
            "ESEARCH IN (mailboxes (INBOX NAME)) RETURN (COUNT) ALL",
        ],
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

    /// The first is of a mailbox that is there; the others are nobody's, or of somebody who shares nothing. Alice has a
    /// mailbox of her own that is called so too.
    static func names(_ inner: String) -> [String] {
        [
            "bob@example.org/\(inner)", "bob@example.org/Nothing", "carl@example.org/\(inner)",
            "nick@example.org/\(inner)", "#2/\(inner)", "bob/\(inner)",
        ].map { "Other Users/\($0)" }
    }

    // MARK: The list of commands

    @Test("case 138: every command has its lines here, or names no mailbox")
    func everyCommandIsHere() {
        for name in CommandName.allCases {
            #expect((Self.lines[name] != nil) != Self.nameless.contains(name), "\(name): does it name a mailbox?")
            #expect(Self.lines[name]?.isEmpty != true, "\(name)")
        }
    }

    @Test("case 138: what is said to name no mailbox has no place for one")
    func namelessHaveNoPlace() throws {
        for (name, line) in CommandTableTests.lines where Self.nameless.contains(name) {
            #expect(try !Self.hasPlaceForMailbox(parseCommand(ByteBuffer(string: "a \(line)")).get()), "\(line)")
        }
        // That it would be seen: APPEND and REPLACE are read in another way.
        for (name, lines) in Self.lines where ![.append, .replace].contains(name) {
            let line = Self.filled(lines[0], "x")
            #expect(try Self.hasPlaceForMailbox(parseCommand(ByteBuffer(string: "a \(line)")).get()), "\(line)")
        }
    }

    /// Whether among a value's parts, also those that are not given, there is one that names mailboxes.
    private static func hasPlaceForMailbox(_ value: Any, depth: Int = 0) -> Bool {
        let type = String(describing: type(of: value))
        if ["MailboxArgument", "MailboxFilter", "MailboxPattern", "MailboxName"].contains(where: type.contains) {
            return true
        }
        return depth < 12 && Mirror(reflecting: value).children.contains {
            hasPlaceForMailbox($0.value, depth: depth + 1)
        }
    }

    // MARK: Byte for byte

    @Test(
        "case 138: hidden mailboxes answer as names that nobody has, byte for byte", arguments: ClientMode.allCases,
        ["Secret", "INBOX", "Secret/below"])
    func sameBytes(mode: ClientMode, inner: String) async throws {
        try await withSecrets("lr") { sharing in
            try await compare(Self.names(inner)) { name in
                let client = try await sharing.alice(mode)
                try await client.command("SELECT INBOX")
                return try await transcript(of: name, client)
            }
        }
    }

    @Test(
        "case 138: the same out of a mailbox of his that is shared, and after one's own login alone",
        arguments: ["SELECT \(SharingServer.team)", "EXAMINE \(SharingServer.team)", "NOOP"])
    func sameBytesFromElsewhere(first: String) async throws {
        try await withSecrets("lrswite") { sharing in
            try await compare(Self.names("Secret")) { name in
                let client = try await sharing.alice()
                try await client.command(first)
                let destinations: [CommandName] = [
                    .append, .copy, .move, .replace, .rename, .esearch, .status, .examine,
                ]
                return try await transcript(of: name, client, destinations)
            }
        }
    }

    @Test("case 138: the same in packets, where commands that come together are carried out together")
    func sameBytesTogether() async throws {
        try await withSecrets("lr") { sharing in
            try await compare(Self.names("Secret")) { name in
                let client = try await sharing.alice()
                try await client.command("SELECT INBOX")
                client.heard = []
                for command in CommandName.allCases {
                    for line in Self.lines[command] ?? [] where !line.hasSuffix("}") {
                        let text = Self.filled(line, name)
                        try await client.send((1...3).map { "\($0) \(text)\r\n" }.joined())
                        for tag in 1...3 { _ = try await client.reply(to: String(tag)) }
                    }
                }
                return Self.shown(client, name)
            }
        }
    }

    @Test("case 138: a subscription to a hidden mailbox is one to nothing", arguments: ClientMode.allCases)
    func sameSubscription(mode: ClientMode) async throws {
        let list = [
            "SUBSCRIBE NAME", "LIST \"\" *", "LIST (SUBSCRIBED) \"\" *", "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %",
            "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" *", "LIST (REMOTE SUBSCRIBED) \"\" * RETURN (CHILDREN SUBSCRIBED)",
            "LIST (SUBSCRIBED) \"\" * RETURN (STATUS (MESSAGES) MYRIGHTS)", "LSUB \"\" *", "LSUB \"\" %",
            "LSUB \"Other Users/\" %", "ESEARCH IN (subscribed) ALL", "NOTIFY SET STATUS (subscribed (MailboxName))",
            "UNSUBSCRIBE NAME",
        ]
        try await withSecrets("lr") { sharing in
            // Both stand before Team in the alphabet.
            try await compare(Array(Self.names("Secret").prefix(2))) { name in
                let client = try await sharing.alice(mode)
                client.heard = []
                for line in list { try await client.command(Self.filled(line, name)) }
                return Self.shown(client, name)
            }
        }
    }

    @Test("case 138: NOTIFY tells nothing of what happens to a hidden mailbox", arguments: ClientMode.allCases)
    func sameNews(mode: ClientMode) async throws {
        try await withSecrets("lr") { sharing in
            let secret = try MailboxName("Secret")
            try await compare(Self.names("Secret")) { name in
                let client = try await sharing.alice(mode)
                client.heard = []
                let events = "MessageNew MessageExpunge FlagChange MailboxName MailboxMetadataChange"
                try await client.command(
                    "NOTIFY SET STATUS (mailboxes \"\(name)\" (\(events))) (subtree \"Other Users\" (\(events)))")
                let message = try await sharing.server.temporary.message(Sample.message(1))
                let uids = try await sharing.bob.append([message], to: secret).uids.compactMap { $0 }
                let id = try #require(try await sharing.bob.mailbox(secret)).id
                _ = try await sharing.bob.storeFlags(UIDSet(uids), in: id, .add(Flags(.seen)))
                _ = try await sharing.bob.renameMailbox(secret, to: try MailboxName("Moved"))
                _ = try await sharing.bob.renameMailbox(try MailboxName("Moved"), to: secret)
                _ = try await sharing.bob.createMailbox(try MailboxName("Secret/more"))
                try await sharing.bob.deleteMailbox(try MailboxName("Secret/more"))
                let owner = try await sharing.bobClient()
                try await owner.command("SETMETADATA Secret (/shared/comment \"x\")")
                try await owner.command("SETACL Secret carl@example.org lr")
                await owner.close()
                try await client.command("NOOP")
                return Self.shown(client, name)
            }
        }
    }

    @Test("case 138: identifiers of others' messages, mailboxes and quota roots, as those that nobody has")
    func identifiers() async throws {
        try await withSecrets("") { sharing in
            let owner = try await sharing.bobClient()
            try await owner.command("EXAMINE Secret")
            let items = try #require(try await owner.command("FETCH 1 (EMAILID THREADID)").fetches.first?.items)
            let email = try #require(items["EMAILID"]?.list?.first?.text)
            let thread = try #require(items["THREADID"]?.list?.first?.text)
            let client = try await sharing.server.select()
            for line in [
                "SEARCH EMAILID ID", "UID SEARCH THREADID ID", "SEARCH RETURN (COUNT) OR EMAILID ID THREADID ID",
                "ESEARCH IN (personal) THREADID ID", "GETQUOTA ID", "SETQUOTA ID (STORAGE 9)", "GETQUOTAROOT ID",
                "STATUS ID (MAILBOXID)",
            ] {
                var answers: Set<String> = []
                for id in [email, thread, "M999-1", "T999-1", "bob@example.org", "nick@example.org"] {
                    // What is no identifier is BAD in a search, whoever it is called after.
                    if id.contains("@"), line.contains("SEARCH") { continue }
                    client.heard = []
                    try await client.send("I \(line.replacing(" ID", with: " \(id)"))\r\n")
                    _ = try await client.reply(to: "I")
                    answers.insert(Self.shown(client, id).joined())
                }
                #expect(answers.count == 1, "\(line): \(answers)")
            }
        }
    }

    // MARK: Tools

    /// Bob has a message in Secret, Secret/below and INBOX; Alice has mailboxes of these names, and one message.
    private func withSecrets(
        _ rights: String, _ test: @Sendable (SharingServer) async throws -> Void
    ) async throws {
        try await SharingServer.with(rights) { sharing in
            _ = try await sharing.server.temporary.account("carl@example.org")
            _ = try await sharing.bob.createMailbox(try MailboxName("Secret/below"))
            _ = try await sharing.server.alice.createMailbox(try MailboxName("Secret/below"))
            for name in ["Secret", "Secret/below", "INBOX"] {
                let message = try await sharing.server.temporary.message(Sample.message(1))
                _ = try await sharing.bob.append([message], to: try MailboxName(name))
            }
            try await sharing.fill(1)
            try await sharing.server.fill(1)
            // Somebody must have seen the message: from then on it is \Recent to nobody.
            try await sharing.server.select().close()
            try await test(sharing)
            #expect(try await sharing.server.alice.mailbox(.inbox)?.messages == 1)
            for name in ["Secret", "Secret/below", "INBOX", "Team"] {
                let mailbox = try #require(try await sharing.bob.mailbox(try MailboxName(name)), "\(name) is gone")
                #expect(mailbox.messages >= 1 && mailbox.deleted == 0)
            }
        }
    }

    private func compare(
        _ names: [String], _ transcript: (String) async throws -> [String]
    ) async throws {
        let first = try await transcript(names[0])
        #expect(first.count > 2)
        for name in names.dropFirst() {
            let other = try await transcript(name)
            let place = zip(first, other).first { $0 != $1 }
            #expect(other == first, "\(name) and \(names[0]): \(place.map { "\($0)" } ?? "one says more")")
        }
    }

    /// What the commands say of a name, as it came.
    private func transcript(
        of name: String, _ client: IMAPTestClient, _ commands: [CommandName] = CommandName.allCases
    ) async throws -> [String] {
        client.heard = []
        for command in commands {
            for line in Self.lines[command] ?? [] {
                let text = Self.filled(line, name)
                if text.hasSuffix("}") {
                    let size = Int(text.split(separator: "{").last?.dropLast() ?? "") ?? 0
                    let head = String(text.prefix { $0 != "{" }.dropLast())
                    try await client.command(head, literal: [UInt8](repeating: 0x20, count: size))
                } else {
                    try await client.command(text)
                }
            }
        }
        await client.close()
        return Self.shown(client, name)
    }

    /// The lines that the client has heard, with the name left out.
    private static func shown(_ client: IMAPTestClient, _ name: String) -> [String] {
        String(decoding: client.heard ?? [], as: UTF8.self)
            .replacing(url(name), with: "URL").replacing(name, with: "NAME").split(separator: "\r\n").map(String.init)
    }

    private static func url(_ name: String) -> String {
        "/" + name.replacing(" ", with: "%20").replacing("#", with: "%23")
    }

    private static func filled(_ line: String, _ name: String) -> String {
        line.split(separator: " ", omittingEmptySubsequences: false).map { word in
            if word.hasPrefix("URL;") || word.hasPrefix("URL/") {
                let rest = word.dropFirst(3)
                let parenthesis = rest.hasSuffix(")") ? ")" : ""
                let separator = rest.hasPrefix(";UID=") ? "/" : ""
                return "\"\(url(name))\(separator)\(rest.dropLast(parenthesis.count))\"\(parenthesis)"
            }
            let before = word.prefix { $0 == "(" }
            guard word.dropFirst(before.count).hasPrefix("NAME") else { return String(word) }
            // What belongs to the name stands in the quotes with it; the parentheses of a list do not.
            let behind = word.dropFirst(before.count + 4)
            let end = behind.prefix { $0 != ")" }
            return "\(before)\"\(name)\(end)\"\(behind.dropFirst(end.count))"
        }.joined(separator: " ")
    }
}
