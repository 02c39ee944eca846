// A parsed message under more header lines is what parsing it with them gives.

import Mail
import Testing

struct UnderLinesTests {
    private static let lines = Array(
        "Return-Path: <a@example.org>\r\nReceived: from x\r\n\tby y;\r\n\tThu, 1 Jan 2026 00:00:00 +0000\r\n".utf8)

    static let messages: [String] = [
        "", "\r\n", "\n", "\r\nbody", "body without a header", "Subject: x", "Subject: x\r\n", "Subject: x\r\n\r\n",
        "From a@example.org Thu Jan  1\r\nSubject: x\r\n\r\nbody\r\n", "no field\r\nSubject: x\r\n\r\nbody\r\n",
        "Subject: x\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <a@b>\n\nbody\n.\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
            + "Subject: inner\r\nContent-Type: multipart/digest; boundary=c\r\n\r\n--c\r\n\r\nSubject: y\r\n\r\nz\r\n"
            + "--c--\r\n--b--\r\nepilogue",
        "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext", "Content-Type: multipart/mixed; boundary=b",
        ":\r\n\r\nx", "\r\r\n\r\nx", "Received: one\r\nReceived: two\r\n\r\n",
    ]

    @Test("The same as parsed anew", arguments: messages)
    func sameAsParsed(text: String) throws {
        let message = Array(text.utf8)
        #expect(MessageParser.parse(message).under(Self.lines) == MessageParser.parse(Self.lines + message))
    }

    @Test("Large headers, which limits may cut, are not moved")
    func limits() {
        let long = Array("Subject: x\r\nX: ".utf8) + [UInt8](repeating: 0x78, count: 1 << 20) + Array("\r\n\r\n".utf8)
        #expect(MessageParser.parse(long).under(Self.lines) == nil)
        var limits = MessageLimits()
        limits.allHeaders = 100
        #expect(MessageParser.parse(Array("Subject: x\r\n\r\n".utf8)).under(Self.lines, limits: limits) == nil)
    }
}
