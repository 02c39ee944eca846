// Log lines: one event is one line, in a fixed order, and nothing in a value looks like another value.

import Accounts
import Foundation
import Logging
import Synchronization
import Testing

@testable import martletd

/// Logs one event and gives the line.
private func line(
    _ metadata: Logger.Metadata, as format: LogFormat = .logfmt
) -> String {
    let written = Mutex("")
    let sink = LogSink(level: .info, format: format) { text in written.withLock { $0 += text } }
    Logger(label: "t") { _ in LineLogHandler(sink: sink) }
        .log(level: .notice, "auth-failed", metadata: metadata)
    return written.withLock { $0 }
}

@Suite struct LineLogHandlerTests {
    @Test func order() {
        let text = line(["user": "a@b", "zone": "1", "rip": "192.0.2.7", "mech": "PLAIN"])
        let rest = text.drop { $0 != " " }
        #expect(text.hasPrefix("time=20"))
        #expect(rest == " level=notice rip=192.0.2.7 msg=auth-failed mech=PLAIN zone=1 user=a@b\n")
    }

    @Test(
        "case 157: line ends, quotes, control and direction characters are escaped",
        arguments: [
            ("x\r\nauth ok user=root", #""x\r\nauth ok user=root""#), ("\u{1b}[2J", #""\u001b[2J""#),
            ("a\"b\\c", #""a\"b\\c""#), ("a b", #""a b""#), ("", #""""#), ("\u{202e}abc", #""\u202eabc""#),
            ("\u{85}\u{2028}\u{7f}\0", #""\u0085\u2028\u007f\u0000""#), ("a=b", #""a=b""#), ("ü", #""ü""#),
        ])
    func escapes(value: String, written: String) {
        let text = line(["rip": "192.0.2.7", "user": "\(value)"])
        #expect(text.hasSuffix(" user=\(written)\n"))
        #expect(text.split(separator: "\n").count == 1)
        let json = line(["rip": "192.0.2.7", "user": "\(value)"], as: .json)
        #expect(json.hasSuffix(",\"user\":\(written.hasPrefix("\"") ? written : "\"\(written)\"")}\n"))
    }

    @Test("case 158: the first rip= is the true address, whatever the name says")
    func forgedAddress() throws {
        let text = line(["rip": "192.0.2.7", "user": "x rip=198.51.100.9", "mech": "PLAIN rip=198.51.100.9"])
        let first = try #require(text.range(of: "rip="))
        #expect(text[first.upperBound...].hasPrefix("192.0.2.7 "))
        let filter = try Regex(#"^time=\S+ level=notice rip=(\S+) msg=auth-failed"#)
        let match = try filter.firstMatch(in: text)
        #expect(match?.output[1].substring == "192.0.2.7")
    }

    @Test("case 157: a value of a megabyte is cut")
    func cut() {
        let text = line(["user": "\(String(repeating: "y", count: 1_000_000))"])
        #expect(text.utf8.count < 1_200)
    }

    @Test func jsonIsJSON() throws {
        let text = line(["rip": "::1", "user": "\u{0}\"\\\n", "list": .array(["a", "b"])], as: .json)
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
        #expect(value?["user"] == "\u{0}\"\\\n")
        #expect(value?["rip"] == "::1")
        #expect(value?["level"] == "notice")
    }

    @Test func levelCanChange() {
        let written = Mutex(0)
        let sink = LogSink(level: .warning, format: .logfmt) { _ in written.withLock { $0 += 1 } }
        let logger = Logger(label: "t") { _ in LineLogHandler(sink: sink) }
        logger.info("not this")
        sink.currentLevel = .info
        logger.info("this")
        #expect(written.withLock { $0 } == 1)
    }
}
