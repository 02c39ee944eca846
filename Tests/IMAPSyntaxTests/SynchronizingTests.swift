// The syntax of CONDSTORE and QRESYNC (RFC 7162 §7).

import Mail
import NIOCore
import Testing

@testable import IMAPSyntax

struct SynchronizingSyntaxTests {
    private func parse(_ text: String) -> Command? { try? parseCommand(ByteBuffer(string: "a \(text)")).get().command }
    private func modSeq(_ value: UInt64) -> ModSeq { ModSeq(value) ?? .zero }

    @Test func selectParameters() throws {
        guard case .select(let plain) = parse("SELECT INBOX (CONDSTORE)") else { throw NotStrict(what: "SELECT") }
        #expect(plain.condstore && plain.resync == nil)
        guard case .examine(let full) = parse("EXAMINE x (QRESYNC (67 9 1:3,9 (1,5:6 2,7:8)) condstore)"),
            let resync = full.resync
        else { throw NotStrict(what: "EXAMINE") }
        #expect(full.condstore && resync.uidValidity.rawValue == 67 && resync.modSeq == modSeq(9))
        #expect(resync.known?.wireForm == "1:3,9")
        #expect(resync.match?.numbers.wireForm == "1,5:6" && resync.match?.uids.wireForm == "2,7:8")
        guard case .select(let short) = parse("SELECT x (QRESYNC (67 9 (1 2)))") else { throw NotStrict(what: "x") }
        #expect(short.resync?.known == nil && short.resync?.match != nil)
    }

    @Test(arguments: [
        "SELECT x ()", "SELECT x (FOO)", "SELECT x (QRESYNC)", "SELECT x (QRESYNC (0 1))", "SELECT x (QRESYNC (1))",
        "SELECT x (QRESYNC (1 9223372036854775808))", "SELECT x (QRESYNC (1 1 *))", "SELECT x (QRESYNC (1 1 1:*))",
        "SELECT x (QRESYNC (1 1 1 (1)))", "SELECT x (QRESYNC (1 1 1 (2,1 1,2)))",
        "SELECT x (QRESYNC (1 1 1 (1:2 5:4)))",
        "SELECT x (QRESYNC (1 1 1 (1 *)))", "SELECT x (QRESYNC (1 1) QRESYNC (1 1))",
        "SELECT x (QRESYNC (1 1 1 (1,1 1,2)))",
        "FETCH 1 FLAGS (CHANGEDSINCE)", "FETCH 1 FLAGS (CHANGEDSINCE -1)", "FETCH 1 FLAGS ()",
        "FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)", "FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
        "UID FETCH 1 FLAGS (VANISHED)", "UID FETCH 1 FLAGS (CHANGEDSINCE 1) x", "STORE 1 () FLAGS (\\Seen)",
        "STORE 1 (UNCHANGEDSINCE) FLAGS (\\Seen)", "STORE 1 (UNCHANGEDSINCE 1)FLAGS (\\Seen)",
        "STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 1) FLAGS (\\Seen)",
        "STORE 1 (UNCHANGEDSINCE 18446744073709551615) FLAGS (\\Seen)",
    ])
    func bad(_ text: String) { #expect(parse(text) == nil) }

    @Test func fetchModifiers() {
        #expect(
            parse("UID FETCH 1 (FLAGS MODSEQ) (VANISHED CHANGEDSINCE 7)")
                == .fetch(
                    Fetch(
                        messages: .uid(MessageSet([.init(.number(UID(1)!), .number(UID(1)!))])),
                        items: [.flags, .modSeq],
                        modifiers: FetchModifiers(changedSince: modSeq(7), vanished: true))))
        guard case .fetch(let fetch) = parse("FETCH 1 ALL (CHANGEDSINCE 0)") else {
            Issue.record("pitfall 27: CHANGEDSINCE 0 is taken")
            return
        }
        #expect(fetch.modifiers.changedSince == .zero && fetch.items.count == 4)
    }

    @Test func storeModifier() {
        guard case .store(let store) = parse("UID STORE 1 (unchangedsince 12) -FLAGS.SILENT \\Seen") else {
            Issue.record("STORE")
            return
        }
        #expect(store.unchangedSince == modSeq(12) && store.silent && store.operation == .remove)
    }

    @Test func responses() {
        func written(_ write: (inout ResponseWriter) -> Void) -> String {
            var writer = ResponseWriter()
            write(&writer)
            return String(buffer: writer.take())
        }
        let uids = UIDSet([1...3, 7...7])
        #expect(written { $0.vanished(uids, earlier: true) } == "* VANISHED (EARLIER) 1:3,7\r\n")
        #expect(written { $0.vanished(uids, earlier: false) } == "* VANISHED 1:3,7\r\n")
        #expect(written { $0.vanished(UIDSet(), earlier: false) }.isEmpty)
        #expect(written { $0.search([3], modSeq: 9) } == "* SEARCH 3 (MODSEQ 9)\r\n")
        #expect(
            written { $0.tagged("a", .ok, code: .modified([1...1, 4...9]), "x") } == "a OK [MODIFIED 1,4:9] x\r\n")
        let many = UIDSet((0..<1_000).map { $0 * 2 + 1...$0 * 2 + 1 })
        let lines = written { $0.vanished(many, earlier: false) }.split(separator: "\r\n")
        #expect(lines.count == 3 && lines.allSatisfy { $0.utf8.count < 8_000 })
    }
}
