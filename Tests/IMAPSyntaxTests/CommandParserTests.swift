// Every command but SEARCH and FETCH: right ones and what they mean, wrong ones.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct CommandParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var line: String
        var command: Command
        init(_ line: String, _ command: Command) {
            self.line = line
            self.command = command
        }
        var testDescription: String { line }
    }

    static let simple: [Case] = [
        Case("CAPABILITY", .capability), Case("noop", .noop), Case("Logout", .logout), Case("STARTTLS", .startTLS),
        Case("NAMESPACE", .namespace), Case("IDLE", .idle), Case("CHECK", .check), Case("CLOSE", .close),
        Case("UNSELECT", .unselect), Case("EXPUNGE", .expunge(Expunge())), Case("NOOP ", .noop), Case("NOOP  ", .noop),
        Case("UID EXPUNGE 3:5,*", .expunge(Expunge(uids: .uid(uids((3, 5), (nil, nil)))))),
        Case("uid expunge 7", .expunge(Expunge(uids: .uid(uids((7, 7)))))),
    ]

    static let authentication: [Case] = [
        Case("LOGIN alice secret", .login(Login(user: Array("alice".utf8), password: Array("secret".utf8)))),
        Case(#"LOGIN "a b" "p\"w\\d""#, .login(Login(user: Array("a b".utf8), password: Array(#"p"w\d"#.utf8)))),
        Case(
            "LOGIN {5}\r\nalice {6+}\r\np\r\nw d",
            .login(Login(user: Array("alice".utf8), password: Array("p\r\nw d".utf8)))),
        Case("LOGIN alice \"\"", .login(Login(user: Array("alice".utf8), password: []))),
        Case("LOGIN alice \"pässwörd\"", .login(Login(user: Array("alice".utf8), password: Array("pässwörd".utf8)))),
        Case("LOGIN a]b+c p]", .login(Login(user: Array("a]b+c".utf8), password: Array("p]".utf8)))),
        Case("AUTHENTICATE plain", .authenticate(Authenticate(mechanism: "PLAIN"))),
        Case("AUTHENTICATE PLAIN =", .authenticate(Authenticate(mechanism: "PLAIN", initialResponse: []))),
        Case(
            "AUTHENTICATE PLAIN AGEAYg==",
            .authenticate(Authenticate(mechanism: "PLAIN", initialResponse: [0, 0x61, 0, 0x62]))),
        Case("COMPRESS deflate", .compress(Compress(algorithm: "DEFLATE"))),
        Case("AUTHENTICATE SCRAM-SHA-256", .authenticate(Authenticate(mechanism: "SCRAM-SHA-256"))),
    ]

    static let mailboxes: [Case] = [
        Case("SELECT INBOX", .select(Select(mailbox: "INBOX"))),
        Case("EXAMINE \"My Mail\"", .examine(Select(mailbox: "My Mail"))),
        Case("SELECT {3}\r\nabc", .select(Select(mailbox: "abc"))),
        Case("CREATE a/b/", .create(Create(mailbox: "a/b/"))),
        Case("CREATE a (USE (\\Sent \\drafts))", .create(Create(mailbox: "a", uses: [.sent, .drafts]))),
        Case("CREATE a (USE ())", .create(Create(mailbox: "a"))),
        Case("CREATE a (USE (\\Junk \\Foo \\junk))", .create(Create(mailbox: "a", uses: [.junk], hasUnknownUse: true))),
        Case("DELETE ~x", .delete(Delete(mailbox: "~x"))),
        Case("RENAME a \"b c\"", .rename(Rename(from: "a", to: "b c"))),
        Case("SUBSCRIBE #news.x", .subscribe(Subscribe(mailbox: "#news.x"))),
        Case("UNSUBSCRIBE a]b", .unsubscribe(Unsubscribe(mailbox: "a]b"))),
        Case(
            "SETACL a bob@example.org lrs",
            .setACL(
                SetACL(
                    mailbox: "a", identifier: .init(name: "bob@example.org"),
                    change: .replace([.lookup, .read, .seen])))),
        Case(
            "SETACL a -anyone +",
            .setACL(SetACL(mailbox: "a", identifier: .init(name: "anyone", isNegative: true), change: .add([])))),
        Case(
            "SETACL a b \"-cd\"",
            .setACL(SetACL(mailbox: "a", identifier: .init(name: "b"), change: .remove([.create, .delete])))),
        Case("SETACL a b \"\"", .setACL(SetACL(mailbox: "a", identifier: .init(name: "b"), change: .replace([])))),
        Case("deleteacl a {2+}\r\né", .deleteACL(DeleteACL(mailbox: "a", identifier: .init(name: "é")))),
        Case(
            "LISTRIGHTS a {3+}\r\n\u{2168}", .listRights(ListRights(mailbox: "a", identifier: .init(name: "IX")))),
        Case("GETACL a", .getACL(GetACL(mailbox: "a"))),
        Case("LISTRIGHTS a -b", .listRights(ListRights(mailbox: "a", identifier: .init(name: "b", isNegative: true)))),
        Case("MYRIGHTS \"a b\"", .myRights(MyRights(mailbox: "a b"))),
        Case("STATUS x (MESSAGES ) ", .status(Status(mailbox: "x", items: [.messages]))),
        Case("STATUS x (MESSAGES)", .status(Status(mailbox: "x", items: [.messages]))),
        Case(
            "status x (unseen UIDNEXT UIDVALIDITY RECENT SIZE UNSEEN)",
            .status(Status(mailbox: "x", items: [.unseen, .uidNext, .uidValidity, .recent, .size]))),
        Case("COPY 1:4,9:* dest", .copy(Copy(messages: .sequence(sequence((1, 4), (9, nil))), mailbox: "dest"))),
        Case("UID COPY *:5 dest", .copy(Copy(messages: .uid(uids((nil, 5))), mailbox: "dest"))),
        Case("MOVE 7 {4+}\r\ndest", .move(Move(messages: .sequence(sequence((7, 7))), mailbox: "dest"))),
        Case("UID MOVE 4294967295 d", .move(Move(messages: .uid(uids((.max, .max))), mailbox: "d"))),
    ]

    static let lists: [Case] = [
        Case("LIST \"\" *", .list(List(reference: "", patterns: ["*"]))),
        Case("LIST \"\" \"\"", .list(List(reference: "", patterns: [""]))),
        Case("LIST a/ %", .list(List(reference: "a/", patterns: ["%"]))),
        Case("LSUB \"\" {1}\r\n*", .lsub(Lsub(reference: "", pattern: "*"))),
        Case("LIST () \"\" (\"INBOX\" Sent/%)", .list(List(reference: "", patterns: ["INBOX", "Sent/%"]))),
        Case("LIST () \"\" \"\"", .list(List(reference: "", patterns: [""], isExtended: true))),
        Case("LIST \"\" (\"\")", .list(List(reference: "", patterns: [""], isExtended: true))),
        Case(
            "LIST (remote SUBSCRIBED subscribed) \"\" %",
            .list(List(reference: "", patterns: ["%"], selections: [.remote, .subscribed]))),
        Case(
            "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" * RETURN (CHILDREN)",
            .list(
                List(
                    reference: "", patterns: ["*"], selections: [.subscribed, .recursiveMatch],
                    returns: [.children]))),
        Case("LIST \"\" % RETURN ()", .list(List(reference: "", patterns: ["%"], isExtended: true))),
        Case(
            "LIST \"\" % RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN SIZE) STATUS (MESSAGES UNSEEN SIZE))",
            .list(
                List(
                    reference: "", patterns: ["%"],
                    returns: [.subscribed, .specialUse, .status([.messages, .unseen, .size])]))),
    ]

    static let quotas: [Case] = [
        Case("GETQUOTA \"\"", .getQuota(GetQuota(root: []))),
        Case("getquota #user/alice", .getQuota(GetQuota(root: Array("#user/alice".utf8)))),
        Case("GETQUOTAROOT INBOX", .getQuotaRoot(GetQuotaRoot(mailbox: "INBOX"))),
        Case("SETQUOTA \"\" ()", .setQuota(SetQuota(root: [], limits: []))),
        Case(
            "SETQUOTA {1}\r\nx (storage 9223372036854775807 MESSAGE 0 X-Other 7)",
            .setQuota(
                SetQuota(
                    root: [0x78], limits: [.init(.storage, UInt64(Int64.max)), .init(.message, 0), .init(nil, 7)]))),
        Case(
            "STATUS x (DELETED deleted-storage)", .status(Status(mailbox: "x", items: [.deleted, .deletedStorage]))),
    ]

    static let others: [Case] = [
        Case("ID NIL", .id(ID(fields: []))), Case("ID ()", .id(ID(fields: []))),
        Case(
            "ID (\"name\" \"x\" \"version\" NIL)",
            .id(ID(fields: [.init(name: "name", value: "x"), .init(name: "version", value: nil)]))),
        Case("ENABLE condstore UTF8=ACCEPT", .enable(Enable(capabilities: ["CONDSTORE", "UTF8=ACCEPT"]))),
        Case(
            "STORE 1 FLAGS (\\Seen $Work)",
            .store(
                Store(
                    messages: .sequence(sequence((1, 1))), operation: .replace,
                    flags: Flags([.seen], keywords: [Keyword("$Work")!])))),
        Case(
            "UID STORE 1:* +flags.silent \\deleted \\SEEN",
            .store(
                Store(messages: .uid(uids((1, nil))), operation: .add, silent: true, flags: Flags([.deleted, .seen])))),
        Case(
            "STORE 1 -FLAGS ()",
            .store(Store(messages: .sequence(sequence((1, 1))), operation: .remove, flags: .none))),
    ]

    @Test("a command is understood", arguments: simple + authentication + mailboxes + lists + quotas + others)
    func understood(_ entry: Case) throws {
        #expect(try command("a1 " + entry.line) == entry.command)
        #expect(try parse("A.1]x " + entry.line).get().tag == "A.1]x")
    }

    @Test(
        "no beginning of a command traps, and none but a whole one is understood as the whole",
        arguments: simple + authentication + mailboxes + lists + quotas + others)
    func beginnings(_ entry: Case) {
        let bytes = Array(("a1 " + entry.line).utf8)
        for length in 0..<bytes.count {
            guard case .success(let tagged) = parseCommand(ByteBuffer(bytes: bytes[..<length])) else { continue }
            #expect(
                tagged.command != entry.command || entry.line.hasSuffix(" ") || entry.line.contains("()"),
                "\(entry.line) cut to \(length)")
        }
    }

    @Test(
        "a command that is wrong is BAD and keeps its tag",
        arguments: [
            "a", "a ", "a FOO", "a FOO BAR", "a  NOOP", "a NOOP x", "a UID", "a UID ", "a UID NOOP",
            "a UID LOGIN a b", "a LOGIN", "a LOGIN a", "a LOGIN a ", "a LOGIN  a b", "a LOGIN a b c", "a LOGIN (a) b",
            "a LOGIN \"a b", "a LOGIN a {3}\r\nab", "a LOGIN a {3}\r\nabcd", "a LOGIN a {3}abc", "a LOGIN a {3\r\nabc",
            "a LOGIN a ~{3}\r\nabc", "a SELECT", "a SELECT a b", "a SELECT %", "a SELECT a*", "a SELECT füü",
            "a CREATE a (USE)", "a CREATE a (USE (Sent))", "a CREATE a (FOO)", "a CREATE a ()", "a RENAME a",
            "a STATUS a",
            "a STATUS a ()", "a STATUS a (FOO)", "a STATUS a MESSAGES", "a LIST", "a LIST \"\"", "a LIST (FOO) \"\" *",
            "a LIST (RECURSIVEMATCH) \"\" *", "a LIST (REMOTE RECURSIVEMATCH) \"\" *",
            "a LIST \"\" * RETURN", "a LIST \"\" * RETURN (FOO)",
            "a LIST \"\" ()", "a LIST \"\" * FOO (CHILDREN)", "a COPY 1", "a COPY x y", "a COPY 1,, y", "a COPY 1: y",
            "a COPY , y", "a STORE 1 FLAGS", "a STORE 1 FOO (\\Seen)", "a STORE 1 +FLAGS (\\Recent)",
            "a STORE 1 +FLAGS (\\*)", "a STORE 1 +FLAGS (\\Foo)", "a STORE 1 +FLAGS (\\Seen", "a STORE 1 FLAGS (a]b)",
            "a STORE 1 FLAGS (a  b)", "a ENABLE", "a ID", "a ID (\"a\")", "a ID (a b)", "a ID NILL",
            "a AUTHENTICATE", "a AUTHENTICATE PLAIN !", "a AUTHENTICATE PLAIN AGE", "a AUTHENTICATE PLAIN AGEAYg== x",
            "a GETQUOTA", "a GETQUOTA a b", "a GETQUOTAROOT", "a SETQUOTA a", "a SETQUOTA a (STORAGE)",
            "a SETQUOTA a (STORAGE -1)", "a SETQUOTA a (STORAGE 9223372036854775808)",
            "a APPEND INBOX", "a APPEND INBOX \"text\"", "a NOOP\u{0}", "a NOOP\t", "a EXPUNGE 1",
            "a SETACL a b", "a SETACL a b lrQ", "a SETACL a b lrq", "a SETACL a b +l+", "a SETACL a \"\" lr",
            "a SETACL a - lr",
            "a SETACL a \"b\u{7}\" lr", "a SETACL a {1+}\r\n\u{7f} lr", "a DELETEACL a", "a DELETEACL a -", "a GETACL",
            "a GETACL a b", "a LISTRIGHTS a", "a MYRIGHTS", "a MYRIGHTS a b",
        ])
    func refused(_ line: String) {
        guard case .failure(let bad) = parse(line) else {
            Issue.record("understood")
            return
        }
        #expect(bad.tag == "a")
        #expect(!bad.reason.isEmpty && bad.reason.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    }

    @Test(
        "case 77: a tag that is none is BAD, and is not kept",
        arguments: [
            "", " ", "\r", "+ NOOP", "* NOOP", "a+b NOOP", "a*b NOOP", "(a) NOOP", "\"a\" NOOP", "a{3} NOOP", "{3}",
            "a\u{7f} NOOP", "ä NOOP", "a\u{0} NOOP", "a\\b NOOP", "%1 NOOP",
        ])
    func tags(_ line: String) {
        #expect(parse(line) == .failure(BadCommand(tag: nil, reason: reason(line) ?? "")))
    }

    @Test("case 77: a tag of 10,000 characters is BAD")
    func longTag() {
        let limit = SyntaxLimits.standard.tagLength
        #expect(reason(String(repeating: "t", count: 10_000) + " NOOP") == "the tag is too long")
        #expect(reason(String(repeating: "t", count: limit + 1) + " NOOP") != nil)
        #expect(reason(String(repeating: "t", count: limit) + " NOOP") == nil)
    }

    @Test("a login prints neither its name nor its password")
    func secrets() throws {
        let login = try command("a LOGIN alice secret")
        let authenticate = try command("a AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==")
        var dumped = ""
        dump(login, to: &dumped)
        dump(authenticate, to: &dumped)
        for text in ["\(login)", "\(authenticate)", dumped, String(reflecting: authenticate)] {
            #expect(!text.contains("secret") && !text.contains("115, 101") && !text.contains("alice"))
        }
    }

    @Test("the head of a command that has only begun")
    func head() {
        func head(_ text: String) -> CommandHead? {
            try? parseCommandHead(ByteBuffer(string: text), limits: .standard).get()
        }
        #expect(head("a LOGIN {3}") == CommandHead(tag: "a", name: .login))
        #expect(head("a uid fetch {3}") == CommandHead(tag: "a", name: .fetch))
        #expect(head("a FOO {3}") == CommandHead(tag: "a", name: nil))
        #expect(head("a") == CommandHead(tag: "a", name: nil))
        #expect(head("{3}") == nil)
    }
}
