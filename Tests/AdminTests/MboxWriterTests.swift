// The text of an mbox.

import Mail
import Testing

@testable import martlet

private func convert(_ text: String, pieceSize: Int) -> String {
    var converter = MboxText()
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: pieceSize) {
        result += converter.convert(Array(bytes[start..<min(bytes.count, start + pieceSize)]))
    }
    return String(decoding: result + converter.finish(), as: UTF8.self)
}

@Test(
    "lines that look like a From line are quoted, and lines end in LF",
    arguments: [
        ("a\r\nFrom b\r\n", "a\n>From b\n\n"),
        ("From x\r\n>From y\r\n>>From z\r\n", ">From x\n>>From y\n>>>From z\n\n"),
        ("Fro\r\nFrom\r\n>x\r\n", "Fro\nFrom\n>x\n\n"), ("no end", "no end\n\n"), ("", "\n\n"),
        ("a\rb\r\r\nc\r\n", "a\rb\r\nc\n\n"), ("\r\n\r\nFrom ", "\n\n>From \n\n"), ("x From y\r\n", "x From y\n\n"),
        (">>>", ">>>\n\n"), ("a\r\nFrom", "a\nFrom\n\n"), ("aFrom b\r\n From c\r\n", "aFrom b\n From c\n\n"),
    ], [1, 2, 5, 100])
func quotes(message: (text: String, mbox: String), pieceSize: Int) {
    #expect(convert(message.text, pieceSize: pieceSize) == message.mbox)
}

@Test(
    "the date of a From line is in asctime's form, in UTC",
    arguments: [
        (MailDate(secondsSince1970: 0), "Thu Jan  1 00:00:00 1970"),
        (MailDate(secondsSince1970: 1_600_000_000, zoneMinutes: 120), "Sun Sep 13 12:26:40 2020"),
    ])
func fromDates(date: MailDate, text: String) { #expect(MboxText.fromDate(date) == text) }

@Test("CRLF becomes LF, however the bytes come", arguments: [1, 2, 3, 50])
func lineFeeds(pieceSize: Int) {
    var lines = LineFeeds()
    let bytes = Array("a\r\nb\rc\r\r\nd\n\r".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: pieceSize) {
        result += lines.convert(Array(bytes[start..<min(bytes.count, start + pieceSize)]))
    }
    #expect(String(decoding: result + lines.finish(), as: UTF8.self) == "a\nb\rc\r\nd\n\r")
}

@Test(
    "flags that are written are read back",
    arguments: [[], ["\\Seen"], ["\\Answered", "\\Deleted", "\\Draft", "$Work", "b"]])
func statusRoundTrip(names: [String]) {
    let flags = names.compactMap { Flags(name: $0) }.reduce(Flags.none) { $0.union($1) }
    let header = Array("Subject: x\r\nStatus: D\r\nX-Status: D\r\n\r\n".utf8)
    let written = MboxText.withStatus(flags, header: header)
    #expect(written.starts(with: "Subject: x\r\nStatus: ".utf8))
    var status = MboxStatus()
    let text = (written + Array("body".utf8)).reduce(into: [UInt8]()) { $0 += status.consume([$1]) } + status.finish()
    #expect(status.flags == flags)
    #expect(String(decoding: text, as: UTF8.self) == "Subject: x\r\n\nbody")
}
