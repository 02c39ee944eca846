// Commands in, responses out: the framer, the command parser, sets of numbers, FETCH responses, the end of DATA.

import IMAPServer
import IMAPSyntax
import Mail
import NIOCore
import SMTP

private let commands = [
    "a1 CAPABILITY", "a2 LOGIN alice@example.org \"correct horse\"", "a3 SELECT INBOX (CONDSTORE)", "a4 NOOP",
    "a5 LIST \"\" \"*\" RETURN (SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT HIGHESTMODSEQ))",
    "a6 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 715194045007)",
    "a7 UID FETCH 4711:4760 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)",
    "a8 UID FETCH 4711 (BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID REFERENCES)])",
    "a9 UID FETCH 4711 (BODY.PEEK[1.2.MIME] BODY.PEEK[1.2]<0.65536>)", "a10 IDLE",
    "a11 UID STORE 4711:4720 (UNCHANGEDSINCE 99) +FLAGS.SILENT (\\Seen \\Flagged $Forwarded)",
    "a12 UID SEARCH RETURN (ALL COUNT) CHARSET UTF-8 UNSEEN NOT DELETED SINCE 1-Feb-2026 (OR FROM \"bob\" TO bob)",
    "a13 UID SORT (REVERSE DATE SUBJECT) UTF-8 ALL", "a14 UID MOVE 4711,4713,4720:4730 \"Archive/2026\"",
    "a15 STATUS \"Entw&APw-rfe\" (MESSAGES UNSEEN)", "a16 UID EXPUNGE 4711:4720", "a17 ENABLE QRESYNC",
    "a18 SELECT INBOX (QRESYNC (67890007 20050715194045000 41:211,214:541))", "a19 THREAD REFERENCES UTF-8 ALL",
]

private let evenUIDs = (1...300).map { "\($0 * 7):\($0 * 7 + $0 % 5)" }.joined(separator: ",")

let syntaxWorkloads = [
    Workload("command-parser") {
        let lines = commands.map { ByteBuffer(string: $0) }
        return {
            lines.reduce(0) { sum, line in
                if case .success(let parsed) = parseCommand(line) { sum + parsed.tag.utf8.count } else { sum - 1 }
            }
        }
    },
    Workload("message-set") {
        let line = ByteBuffer(string: "a UID STORE \(evenUIDs) FLAGS.SILENT ()")
        return {
            guard case .success(let parsed) = parseCommand(line), case .store(let store) = parsed.command,
                case .uid(let set) = store.messages
            else { return 0 }
            let numbers = set.resolved(last: UID(5_000))
            return numbers.count + numbers.wireForm.utf8.count
        }
    },
    Workload("command-framer") {
        let lines = commands + ["a LOGIN {5+}", "alice {5+}", "horse", ""]
        let bytes = ByteBuffer(string: lines.joined(separator: "\r\n"))
        return {
            var framer = CommandFramer()
            framer.authenticated = true
            return feed(&framer, bytes)
        }
    },
    Workload("append-framer") {
        let message = Messages.alternative
        var bytes = ByteBuffer(string: "a APPEND INBOX (\\Seen) {\(message.count)+}\r\n")
        bytes.writeBytes(message)
        bytes.writeString("\r\n")
        return { [bytes] in
            var framer = CommandFramer()
            framer.authenticated = true
            return feed(&framer, bytes)
        }
    },
    Workload("fetch-flags") {
        let flags = ByteBuffer(string: "(\\Seen \\Answered $Forwarded)")
        let date = MailDate(secondsSince1970: 1_795_000_000, zoneMinutes: 60)
        return {
            var writer = ResponseWriter()
            for number in UInt32(1)...50 {
                writer.beginFetch(number, uid: number + 4_000)
                writer.fetchUID(number + 4_000)
                writer.fetchFlags(encoded: flags)
                writer.fetchInternalDate(date)
                writer.fetchSize(40_000)
                if let modSeq = ModSeq(715_194) { writer.fetchModSeq(modSeq) }
                writer.endFetch()
            }
            return writer.buffer.readableBytes
        }
    },
    Workload("fetch-envelope") {
        let parsed = MessageParser.parse(Messages.mixed)
        let (envelope, structure) = (ByteBuffer(bytes: parsed.envelope), ByteBuffer(bytes: parsed.bodyStructure))
        return {
            var writer = ResponseWriter()
            for number in UInt32(1)...50 {
                writer.beginFetch(number, uid: number + 4_000)
                writer.fetchEnvelope(encoded: envelope)
                writer.fetchBodyStructure(encoded: structure)
                writer.endFetch()
            }
            return writer.buffer.readableBytes
        }
    },
    Workload("data-reader") {
        let message = ByteBuffer(bytes: Messages.alternative + Array(".\r\n..dots\r\n.\r\n".utf8))
        return {
            var (reader, input, output) = (DataReader(), message, ByteBuffer())
            return reader.read(&input, into: &output) ? output.readableBytes : 0
        }
    },
]

private func feed(_ framer: inout CommandFramer, _ bytes: ByteBuffer) -> Int {
    var (bytes, events) = (bytes, 0)
    framer.append(&bytes)
    while let event = framer.next() {
        events += 1
        if case .appendLiteral = event { framer.acceptLiteral() }
    }
    return events
}
