// Line ends, trace headers, and mbox files.

import Mail
import TestSupport
import Testing

@Suite struct LineEndingsTests {
    @Test(arguments: [
        ("a\nb", "a\r\nb"), ("a\r\nb", "a\r\nb"), ("a\rb", "a\rb"), ("\n", "\r\n"), ("\n\n", "\r\n\r\n"),
        ("\r\r\n", "\r\r\n"),
        ("", ""), ("a\r", "a\r"), ("\r\n\r\n", "\r\n\r\n"), ("a\n\rb", "a\r\n\rb"),
    ])
    func wherePiecesAreCutChangesNothing(_ given: String, expected: String) {
        for size in 1...max(1, given.utf8.count) {
            var endings = LineEndings()
            var output: [UInt8] = []
            let input = Array(given.utf8)
            for start in stride(from: 0, to: input.count, by: size) {
                endings.toCRLF(Array(input[start..<min(input.count, start + size)]).span, into: &output)
            }
            #expect(text(output) == expected)
        }
    }
}

@Suite struct TraceHeaderTests {
    private static let date = MailDate(secondsSince1970: 837_596_665, zoneMinutes: -420)

    @Test func lines() {
        #expect(text(TraceHeader.returnPath("a@b")) == "Return-Path: <a@b>\r\n")
        #expect(text(TraceHeader.returnPath(nil)) == "Return-Path: <>\r\n")
        #expect(text(TraceHeader.deliveredTo("a@b")) == "Delivered-To: a@b\r\n")
        #expect(
            text(
                TraceHeader.received(
                    from: "mx.example", clientAddress: "192.0.2.1", by: "mail.example", with: "LMTP", id: "7",
                    recipient: "a@b", date: TraceHeaderTests.date))
                == "Received: from mx.example ([192.0.2.1])\r\n\tby mail.example with LMTP id 7\r\n\tfor <a@b>;\r\n"
                + "\tWed, 17 Jul 1996 02:44:25 -0700\r\n")
    }

    @Test(
        "nothing breaks out of its line",
        arguments: ["a\r\nEvil: x", "\n", "\0", "\u{85}", String(repeating: "ü", count: 5_000)])
    func injection(_ evil: String) {
        for line in [
            TraceHeader.returnPath(evil), TraceHeader.deliveredTo(evil),
            TraceHeader.received(
                from: evil, clientAddress: evil, by: evil, with: evil, id: evil, recipient: evil, date: .now()),
        ] {
            #expect(Array(HeaderFields(line)).count == 1)
            #expect(!line.contains(0))
            #expect(line.suffix(2) == [0x0d, 0x0a])
        }
        #expect(TraceHeader.deliveredTo(evil).count < 998)
    }
}

@Suite struct MboxTests {
    /// One message as `sender date|text`.
    private func split(_ file: String, quoting: MboxReader.Quoting = .mboxrd, piece: Int = .max) -> [String] {
        var reader = MboxReader(quoting: quoting)
        var found: [String] = []
        var current: [UInt8] = []
        func handle(_ event: MboxReader.Event) {
            switch event {
            case .message(let sender, let date): current = Array("\(sender) \(date?.imapDateTime ?? "-")|".utf8)
            case .bytes(let bytes): current += bytes
            case .end: found.append(text(current))
            }
        }
        let input = Array(file.utf8)
        for start in stride(from: 0, to: input.count, by: min(piece, max(1, input.count))) {
            reader.consume(Array(input[start..<min(input.count, start + min(piece, input.count))]), handle)
        }
        reader.finish(handle)
        #expect(reader.messages == found.count)
        return found
    }

    private static let cases: [(String, [String])] = [
        (
            "From a@b Mon Jan  1 00:00:00 2001\nA: b\n\nbody\n\nFrom c Tue Jan  2 00:00:00 2001\nC: d\n\nx\n",
            ["a@b  1-Jan-2001 00:00:00 +0000|A: b\n\nbody\n", "c  2-Jan-2001 00:00:00 +0000|C: d\n\nx\n"]
        ),
        (
            "From a Mon Jan  1 00:00:00 2001\n\n>From x\n>>From y\n> From z\n>Frog\n>\n",
            ["a  1-Jan-2001 00:00:00 +0000|\nFrom x\n>From y\n> From z\n>Frog\n>\n"]
        ),
        (
            "From a Mon Jan  1 00:00:00 2001\n\nFrom here on it is text\nFrom\nFro",
            ["a  1-Jan-2001 00:00:00 +0000|\nFrom here on it is text\nFrom\nFro"]
        ),
        (
            "From a Mon Jan  1 00:00:00 2001\r\nA: b\r\n\r\nx\r\n\r\n",
            ["a  1-Jan-2001 00:00:00 +0000|A: b\r\n\r\nx\r\n"]
        ),
        ("From a\nA: b\n", ["a -|A: b\n"]), ("no mbox at all\n", []), ("", []), ("\n\n", []),
        ("From - Mon Jan  1 00:00:00 2001\n\nx\n\n\n\n", ["-  1-Jan-2001 00:00:00 +0000|\nx\n\n\n"]),
        ("From a Mon Jan  1 00:00:00 2001", ["a  1-Jan-2001 00:00:00 +0000|"]),
    ]

    @Test(arguments: MboxTests.cases, [1, 2, 3, 7, .max])
    func splits(_ file: (String, [String]), piece: Int) {
        #expect(split(file.0, piece: piece) == file.1)
    }

    @Test func mboxoUnquotesOneOnly() {
        #expect(
            split("From a Mon Jan  1 00:00:00 2001\n>From x\n>>From y\n", quoting: .mboxo) == [
                "a  1-Jan-2001 00:00:00 +0000|From x\n>>From y\n"
            ])
    }

    @Test(arguments: [
        "A: b\r\n\r\nFrom x\r\n>From y\r\n>>>From z\r\n\r\nFrom a@b Mon Jan  1 00:00:00 2001\r\nend", "", "x", "\r\n",
        "From ", ">", ">F",
        "a\rb\r", "Fro\r\nFrom\r\n", "From\r\n From \r\n", "\r\n\r\n\r\n", ">\r\n>>\r\n",
    ])
    func writtenFilesReadBack(_ original: String) {
        var writer = MboxWriter()
        let date = MailDate(secondsSince1970: 1_000_000_000, zoneMinutes: 60)
        var file = writer.begin(sender: "a b@c", date: date)
        for byte in original.utf8 { file += writer.write([byte]) }
        file += writer.end()
        file += writer.begin(sender: nil, date: date) + writer.write(bytes("x\n")) + writer.end()
        let found = split(text(file))
        #expect(found.count == 2)
        var expected = original.replacing("\r\n", with: "\n")
        if !expected.isEmpty, !expected.hasSuffix("\n") { expected += "\n" }
        #expect(found.first == "a-b@c  9-Sep-2001 01:46:40 +0000|" + expected)
        #expect(found.last == "MAILER-DAEMON  9-Sep-2001 01:46:40 +0000|x\n")
    }

    @Test func linesOfAnyLengthAreLinear() {
        for piece in ["From ", ">", "x", "\n", "F", "\r", ">From "] {
            func file(_ count: Int) -> [UInt8] {
                bytes("From a Mon Jan  1 00:00:00 2001\n" + String(repeating: piece, count: count))
            }
            let growth = growth(to: 40_000, of: file) {
                var reader = MboxReader()
                reader.consume($0) { _ in }
                reader.finish { _ in }
            }
            #expect(growth < 1.5, "\(piece)")
        }
    }
}
