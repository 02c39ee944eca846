// GETMETADATA, SETMETADATA, LIST's METADATA: right ones and wrong ones, and how METADATA is written.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct MetadataTests {
    static func entry(_ text: String) -> MetadataEntry { MetadataEntry(Array(text.utf8))! }

    static let right: [CommandParserTests.Case] = [
        .init(
            "GETMETADATA \"\" /shared/comment",
            .getMetadata(GetMetadata(mailbox: "", entries: [entry("/shared/comment")]))),
        .init(
            "GETMETADATA INBOX (/shared/comment \"/PRIVATE/Comment\")",
            .getMetadata(
                GetMetadata(mailbox: "INBOX", entries: [entry("/shared/comment"), entry("/PRIVATE/Comment")]))),
        // The examples' order and the grammar's.
        .init(
            "GETMETADATA INBOX (MAXSIZE 1024 depth Infinity) /private",
            .getMetadata(
                GetMetadata(mailbox: "INBOX", entries: [entry("/private")], maxSize: 1_024, depth: .infinity))),
        .init(
            "GETMETADATA (DEPTH 1) INBOX (/private/filters/values)",
            .getMetadata(GetMetadata(mailbox: "INBOX", entries: [entry("/private/filters/values")], depth: .one))),
        .init(
            "SETMETADATA INBOX (/private/comment {5}\r\na\r\n\"b /shared/comment NIL /shared/vendor/x/y \"\")",
            .setMetadata(
                SetMetadata(
                    mailbox: "INBOX",
                    values: [
                        .init(entry("/private/comment"), Array("a\r\n\"b".utf8)), .init(entry("/shared/comment"), nil),
                        .init(entry("/shared/vendor/x/y"), []),
                    ]))),
        .init(
            "SETMETADATA \"\" (/private/comment ~{3}\r\na\0b)",
            .setMetadata(
                SetMetadata(mailbox: "", values: [.init(entry("/private/comment"), [0x61, 0, 0x62])]))),
        .init(
            "LIST \"\" % RETURN (METADATA (/shared/vendor/cmu/x \"/private/comment\") CHILDREN)",
            .list(
                List(
                    reference: "", patterns: ["%"],
                    returns: [.metadata([entry("/shared/vendor/cmu/x"), entry("/private/comment")]), .children]))),
    ]

    @Test(arguments: right)
    func understood(_ entry: CommandParserTests.Case) throws {
        #expect(try command("a1 " + entry.line) == entry.command)
        let bytes = Array(("a1 " + entry.line).utf8)
        for length in 0..<bytes.count {
            guard case .success(let tagged) = parseCommand(ByteBuffer(bytes: bytes[..<length])) else { continue }
            #expect(tagged.command != entry.command, "cut to \(length)")
        }
    }

    @Test(arguments: [
        "GETMETADATA", "GETMETADATA INBOX", "GETMETADATA INBOX ()", "GETMETADATA INBOX comment",
        "GETMETADATA INBOX /comment", "GETMETADATA INBOX /private//x", "GETMETADATA INBOX /private/x/",
        "GETMETADATA INBOX \"/private/*\"", "GETMETADATA INBOX \"/private/a%\"", "GETMETADATA INBOX \"/private/ä\"",
        "GETMETADATA INBOX (DEPTH 2) /private/x", "GETMETADATA INBOX (SIZE 2) /private/x",
        "GETMETADATA INBOX (MAXSIZE) /private/x", "GETMETADATA INBOX (MAXSIZE 1)", "SETMETADATA INBOX",
        "SETMETADATA INBOX /private/x NIL", "SETMETADATA INBOX ()", "SETMETADATA INBOX (/private/x)",
        "SETMETADATA INBOX (/private/x atom)", "SETMETADATA INBOX (/private NIL)",
        "SETMETADATA INBOX (/shared/vendor/x NIL)", "SETMETADATA INBOX (/private/x {2}\r\na\0)",
        "LIST \"\" * RETURN (METADATA)", "LIST \"\" * RETURN (METADATA /private/x)",
        "LIST \"\" * RETURN (METADATA ())",
    ])
    func refused(_ line: String) {
        #expect(reason("a " + line) != nil)
    }

    @Test func longNames() {
        #expect(MetadataEntry(Array("/private/\(String(repeating: "x", count: 240))".utf8)) != nil)
        #expect(MetadataEntry(Array("/private/\(String(repeating: "x", count: 250))".utf8)) == nil)
    }

    @Test func written() throws {
        func text(_ write: (inout ResponseWriter) -> Void) -> String {
            var writer = ResponseWriter()
            write(&writer)
            return String(buffer: writer.take())
        }
        #expect(
            text { $0.metadata(nil, [("/shared/comment", nil), ("/private/comment", Array("a \"b\"".utf8))]) }
                == "* METADATA \"\" (/shared/comment NIL /private/comment \"a \\\"b\\\"\")\r\n")
        #expect(text { $0.metadata(.inbox, [("/private/x", [])]) } == "* METADATA INBOX (/private/x \"\")\r\n")
        #expect(
            text { $0.metadata(.inbox, [("/private/x", [0x61, 0, 0x0a])]) }
                == "* METADATA INBOX (/private/x ~{3}\r\na\0\n)\r\n")
        #expect(
            text { $0.metadata(.inbox, [("/private/x", Array("a\r\nb".utf8))]) }
                == "* METADATA INBOX (/private/x {4}\r\na\r\nb)\r\n")
        #expect(
            text { $0.metadataChanged(.inbox, ["/private/x", "/shared/a b"]) }
                == "* METADATA INBOX /private/x \"/shared/a b\"\r\n")
        #expect(
            text { $0.tagged("a", .no, code: .metadataMaxSize(9), "x") } == "a NO [METADATA MAXSIZE 9] x\r\n")
        #expect(
            text { $0.tagged("a", .ok, code: .metadataLongEntries(9), "x") } == "a OK [METADATA LONGENTRIES 9] x\r\n")
        #expect(text { $0.tagged("a", .no, code: .metadataTooMany, "x") } == "a NO [METADATA TOOMANY] x\r\n")
    }
}
