// What the server says, byte for byte, and as a strict client reads it.

import IMAPSyntax
import Mail
import NIOCore
import Testing

private func written(utf8Accepted: Bool = false, _ write: (inout ResponseWriter) -> Void) -> String {
    var writer = ResponseWriter()
    writer.acceptsUTF8 = utf8Accepted
    write(&writer)
    return String(buffer: writer.take())
}

private func read(utf8Accepted: Bool = false, _ write: (inout ResponseWriter) -> Void) throws -> [Response] {
    var writer = ResponseWriter()
    writer.acceptsUTF8 = utf8Accepted
    write(&writer)
    return try StrictReader.read(Array(writer.take().readableBytesView))
}

/// What clients and messages would love to have written raw.
private let hostile = [
    "", "a\r\n* BYE gone", "\"", "\\", ")", "(", "{9}", "{9}\r\n123456789", "x\0y", "x]y", "[ALERT] x", " ", "NIL", "é",
    "\u{7f}",
    "a\n* 1 EXPUNGE\r", "\u{1b}[31m", String(repeating: "x", count: 3_000), "a\"b\\c", "%*", "\r", "\n", "] x",
]

struct StatusResponseTests {
    @Test("tagged and untagged, with and without a code")
    func plain() {
        #expect(written { $0.tagged("a1", .ok, "done") } == "a1 OK done\r\n")
        #expect(written { $0.untagged(.bye, "bye") } == "* BYE bye\r\n")
        #expect(written { $0.untagged(.ok, code: .alert, "see") } == "* OK [ALERT] see\r\n")
        #expect(written { $0.bad(BadCommand(tag: "t", reason: "no")) } == "t BAD no\r\n")
        #expect(written { $0.bad(BadCommand(tag: nil, reason: "no"), code: .tooBig) } == "* BAD [TOOBIG] no\r\n")
    }

    @Test("a continuation has its space even when there is nothing to say")
    func continuation() {
        #expect(written { $0.continuation() } == "+ OK\r\n")
        #expect(written { $0.continuation(challenge: []) } == "+ \r\n")
        #expect(written { $0.continuation(challenge: Array("foo".utf8)) } == "+ Zm9v\r\n")
        #expect(written { $0.continuation("") } != "+ \r\n")
    }

    static let codes: [(ResponseCode, String)] = [
        (.alert, "ALERT"), (.badCharset([]), "BADCHARSET"),
        (.badCharset(["UTF-8", "a b"]), "BADCHARSET (UTF-8 \"a b\")"),
        (.capability(["IMAP4rev1", "AUTH=PLAIN"]), "CAPABILITY IMAP4rev1 AUTH=PLAIN"), (.parse, "PARSE"),
        (
            .permanentFlags(Flags([.seen, .answered], keywords: [Keyword("$X")!]), mayCreateKeywords: true),
            "PERMANENTFLAGS (\\Answered \\Seen $X \\*)"
        ),
        (.permanentFlags(.none, mayCreateKeywords: false), "PERMANENTFLAGS ()"), (.readOnly, "READ-ONLY"),
        (.readWrite, "READ-WRITE"),
        (.tryCreate, "TRYCREATE"), (.uidNext(4_294_967_295), "UIDNEXT 4294967295"),
        (.uidValidity(UIDValidity(7)!), "UIDVALIDITY 7"),
        (.unseen(10), "UNSEEN 10"), (.appendUID(UIDValidity(3)!, UIDSet([5...5])), "APPENDUID 3 5"),
        (
            .copyUID(UIDValidity(3)!, source: UIDSet([1...4, 7...7]), destination: UIDSet([10...14])),
            "COPYUID 3 1:4,7 10:14"
        ),
        (.uidNotSticky, "UIDNOTSTICKY"), (.unavailable, "UNAVAILABLE"), (.authenticationFailed, "AUTHENTICATIONFAILED"),
        (.authorizationFailed, "AUTHORIZATIONFAILED"), (.expired, "EXPIRED"), (.privacyRequired, "PRIVACYREQUIRED"),
        (.contactAdmin, "CONTACTADMIN"), (.noPerm, "NOPERM"), (.inUse, "INUSE"), (.expungeIssued, "EXPUNGEISSUED"),
        (.corruption, "CORRUPTION"), (.serverBug, "SERVERBUG"), (.clientBug, "CLIENTBUG"), (.cannot, "CANNOT"),
        (.limit, "LIMIT"),
        (.overQuota, "OVERQUOTA"), (.alreadyExists, "ALREADYEXISTS"), (.nonexistent, "NONEXISTENT"),
        (.closed, "CLOSED"),
        (.tooBig, "TOOBIG"), (.useAttr, "USEATTR"), (.compressionActive, "COMPRESSIONACTIVE"), (.noModSeq, "NOMODSEQ"),
        (.highestModSeq(ModSeq(9)!), "HIGHESTMODSEQ 9"),
    ]

    @Test("every code", arguments: codes)
    func code(_ code: ResponseCode, _ wire: String) throws {
        #expect(written { $0.tagged("a", .no, code: code, "text") } == "a NO [\(wire)] text\r\n")
        #expect(try read { $0.untagged(.ok, code: code, "x") }.count == 1)
    }

    @Test("case 76: no text breaks out of its line, is empty, or passes for a code", arguments: hostile)
    func text(_ text: String) throws {
        for code in [nil, ResponseCode.cannot] {
            let responses = try read {
                $0.tagged("a", .no, code: code, text)
                $0.bad(BadCommand(tag: "b", reason: text), code: code)
                $0.continuation(text)
                $0.untagged(.bye, code: code, text)
            }
            #expect(responses.count == 4)
            for response in responses {
                guard case .status(_, _, let readCode, _) = response else { continue }
                #expect(readCode == code.map { _ in [.atom("CANNOT")] })
            }
        }
    }

    @Test("case 76: charsets that a client named are safe in BADCHARSET", arguments: hostile)
    func charset(_ text: String) throws {
        let responses = try read { $0.tagged("a", .no, code: .badCharset([text, "UTF-8"]), "x") }
        let held = Array(text.utf8.filter { $0 != 0 })
        guard case .status(_, _, .some(let code), _) = responses.first, case .list(let names) = code.last else {
            Issue.record("no code")
            return
        }
        #expect(names.count == 2)
        #expect(names.first == .string(held) || names.first == .atom(text))
    }
}

struct MailboxResponseTests {
    @Test("LIST, LSUB, STATUS")
    func mailboxes() throws {
        let name = try MailboxName("Entwürfe/a b")
        #expect(
            written { $0.list(name, attributes: [.hasNoChildren, .drafts]) }
                == "* LIST (\\HasNoChildren \\Drafts) \"/\" \"Entw&APw-rfe/a b\"\r\n")
        #expect(written(utf8Accepted: true) { $0.list(.inbox, attributes: []) } == "* LIST () \"/\" \"INBOX\"\r\n")
        #expect(written(utf8Accepted: true) { $0.list(name, attributes: []) } == "* LIST () \"/\" \"Entwürfe/a b\"\r\n")
        #expect(
            written { $0.list(.inbox, attributes: [.noSelect], childInfoSubscribed: true) }
                == "* LIST (\\Noselect) \"/\" INBOX (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n")
        #expect(
            written { $0.list(.inbox, attributes: [], childInfoSubscribed: true, oldName: "inBOX") }
                == "* LIST () \"/\" INBOX (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (inBOX))\r\n")
        #expect(
            written {
                $0.acceptsUTF8 = true
                $0.list(name, attributes: [], oldName: "Entwu\u{308}rfe/a b")
            }
                == "* LIST () \"/\" \"Entwürfe/a b\" (\"OLDNAME\" (\"Entwu\u{308}rfe/a b\"))\r\n")
        #expect(written { $0.quota("", []) } == "* QUOTA \"\" ()\r\n")
        #expect(
            written { $0.quota("a b", [(.storage, 1, 2), (.message, 0, UInt64(Int64.max))]) }
                == "* QUOTA \"a b\" (STORAGE 1 2 MESSAGE 0 9223372036854775807)\r\n")
        #expect(written { $0.quotaRoot(name, ["", "x"]) } == "* QUOTAROOT \"Entw&APw-rfe/a b\" \"\" x\r\n")
        #expect(written { $0.lsub(.inbox, attributes: []) } == "* LSUB () \"/\" INBOX\r\n")
        #expect(written { $0.listDelimiter() } == "* LIST (\\Noselect) \"/\" \"\"\r\n")
        #expect(written { $0.lsubDelimiter() } == "* LSUB (\\Noselect) \"/\" \"\"\r\n")
        #expect(
            written { $0.status(.inbox, [(.messages, 3), (.size, .number(1 << 40)), (.unseen, 0)]) }
                == "* STATUS INBOX (MESSAGES 3 SIZE 1099511627776 UNSEEN 0)\r\n")
        for use in SpecialUse.allCases { #expect(MailboxAttribute(use).rawValue == use.attribute) }
    }

    @Test("the short ones")
    func short() {
        #expect(written { $0.exists(0) } == "* 0 EXISTS\r\n")
        #expect(written { $0.recent(12) } == "* 12 RECENT\r\n")
        #expect(written { $0.expunge(.max) } == "* 4294967295 EXPUNGE\r\n")
        #expect(written { $0.search([]) } == "* SEARCH\r\n", "also without a hit")
        #expect(written { $0.search([1, 10, 100]) } == "* SEARCH 1 10 100\r\n")
        #expect(
            written { $0.flags(Flags([.seen, .draft], keywords: [Keyword("b")!, Keyword("A")!])) }
                == "* FLAGS (\\Seen \\Draft A b)\r\n")
        #expect(written { $0.capability(["IMAP4rev1", "LITERAL+"]) } == "* CAPABILITY IMAP4rev1 LITERAL+\r\n")
        #expect(written { $0.enabled([]) } == "* ENABLED\r\n")
        #expect(written { $0.namespace() } == "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n")
        #expect(written { $0.id([]) } == "* ID NIL\r\n")
        #expect(
            written { $0.id([.init(name: "name", value: "Martlet"), .init(name: "x", value: nil)]) }
                == "* ID (\"name\" \"Martlet\" \"x\" NIL)\r\n")
    }

    @Test("case 76: ID fields come back as they were, and as nothing else", arguments: hostile)
    func identification(_ text: String) throws {
        let responses = try read { $0.id([.init(name: text, value: text)]) }
        let held = Token.string(Array(text.utf8.filter { $0 != 0 }))
        #expect(responses == [.data([.atom("ID"), .list([held, held])])])
    }

    @Test("case 76: any mailbox name is one astring", arguments: hostile + ["a b", "R&D", "日本", "a{9}", "x)y"])
    func names(_ text: String) throws {
        guard let name = try? MailboxName(text) else { return }
        for utf8Accepted in [false, true] {
            let responses = try read(utf8Accepted: utf8Accepted) { $0.status(name, [(.messages, 1)]) }
            guard case .data(let tokens) = try #require(responses.first) else { continue }
            #expect(responses.count == 1 && tokens.count == 3)
            #expect(tokens.last == .list([.atom("MESSAGES"), .atom("1")]))
        }
    }

    @Test(
        "numbers",
        arguments: [0, 1, 9, 10, 99, 100, 12_345, UInt64(UInt32.max), .max, .max / 10, 10_000_000_000_000_000_000])
    func numbers(_ number: UInt64) { #expect(written { $0.write(number: number) } == String(number)) }
}

struct FetchResponseTests {
    @Test("all items of one message")
    func items() throws {
        let date = try #require(MailDate(imapDateTime: " 7-Jul-1996 02:44:25 -0700"))
        let text = written {
            $0.beginFetch(12, uid: 900)
            $0.fetchUID(345)
            $0.fetchFlags(encoded: ByteBuffer(string: "\\Seen \\Recent $A"))
            $0.fetchInternalDate(date)
            $0.fetchSize(4_286)
            $0.fetchEnvelope(encoded: ByteBuffer(string: "(NIL)"))
            $0.fetchBody(encoded: ByteBuffer(string: "(1)"))
            $0.fetchBodyStructure(encoded: ByteBuffer(string: "(2)"))
            $0.fetchModSeq(ModSeq(77)!)
            $0.fetchLiteral(.rfc822, ByteBuffer(string: "a\r\nb"))
            $0.fetchLiteral(.section(.whole, offset: nil), size: 0)
            $0.fetchNil(.section(Section(path: [3], text: .mime), offset: 5))
            $0.endFetch()
            $0.beginFetch(13, uid: 900)
            $0.fetchFlags(encoded: ByteBuffer(string: "\\Seen"))
            $0.endFetch()
        }
        #expect(
            text == "* 12 FETCH (UID 345 FLAGS (\\Seen \\Recent $A) INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" "
                + "RFC822.SIZE 4286 ENVELOPE (NIL) BODY (1) BODYSTRUCTURE (2) MODSEQ (77) RFC822 {4}\r\na\r\nb "
                + "BODY[] {0}\r\n BODY[3.MIME]<5> NIL)\r\n* 13 FETCH (FLAGS (\\Seen))\r\n")
    }

    static let sections: [(Section, UInt64?, String)] = [
        (.whole, 0, "BODY[]<0>"), (Section(path: [1, 2]), nil, "BODY[1.2]"),
        (Section(text: .header), nil, "BODY[HEADER]"),
        (Section(path: [1], text: .text), nil, "BODY[1.TEXT]"),
        (Section(text: .headerFields(["From", "a b"])), nil, "BODY[HEADER.FIELDS (From \"a b\")]"),
        (Section(path: [4], text: .headerFieldsNot(["X"])), 4_294_967_296, "BODY[4.HEADER.FIELDS.NOT (X)]<4294967296>"),
    ]

    @Test("a section is named as it was asked for", arguments: sections)
    func sectionNames(_ section: Section, _ offset: UInt64?, _ wire: String) {
        let text = written {
            $0.beginFetch(1, uid: 900)
            $0.fetchLiteral(.section(section, offset: offset), ByteBuffer(string: "x"))
            $0.endFetch()
        }
        #expect(text == "* 1 FETCH (\(wire) {1}\r\nx)\r\n")
    }

    @Test("case 76: field names that a client asked for are safe", arguments: hostile)
    func fieldNames(_ text: String) throws {
        let responses = try read {
            $0.beginFetch(1, uid: 900)
            $0.fetchNil(.section(Section(text: .headerFields([text, "b"])), offset: nil))
            $0.fetchUID(7)
            $0.endFetch()
        }
        guard responses.count == 1, case .data(let tokens) = responses[0], case .list(let items) = tokens.last else {
            Issue.record("not one FETCH")
            return
        }
        #expect(items.suffix(2) == [.atom("UID"), .atom("7")])
    }

    @Test("case 76: strings come back as they were", arguments: hostile)
    func strings(_ text: String) throws {
        let responses = try read {
            $0.beginFetch(1, uid: 900)
            $0.fetchEnvelope(encoded: envelope(text))
            $0.endFetch()
        }
        let held = Token.string(Array(text.utf8.filter { $0 != 0 }))
        #expect(responses == [.data([.atom("1"), .atom("FETCH"), .list([.atom("ENVELOPE"), .list([held])])])])
    }

    private func envelope(_ text: String) -> ByteBuffer {
        var writer = ResponseWriter(buffer: ByteBuffer(string: "("))
        writer.write(string: text)
        writer.buffer.writeString(")")
        return writer.take()
    }

    @Test("the writer begins anew after its bytes were taken")
    func take() {
        var writer = ResponseWriter()
        writer.exists(1)
        #expect(String(buffer: writer.take()) == "* 1 EXISTS\r\n")
        writer.exists(2)
        #expect(String(buffer: writer.take()) == "* 2 EXISTS\r\n")
    }
}
