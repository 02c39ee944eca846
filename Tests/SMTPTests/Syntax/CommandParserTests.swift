// Command lines: each with the command it is, or the error that it is.

import Mail
import Testing

@testable import SMTP

private func parse(_ line: String, smtpUTF8: Bool = false) throws(SMTPSyntaxError) -> SMTPCommand {
    try parse(Array("\(line)\r\n".utf8), smtpUTF8: smtpUTF8)
}

private func parse(_ line: [UInt8], smtpUTF8: Bool = false) throws(SMTPSyntaxError) -> SMTPCommand {
    try CommandParser(limits: SMTPLimits()).parse(line, smtpUTF8: smtpUTF8)
}

private func rcpt(_ text: String) throws -> SMTPCommand { .rcpt(RcptCommand(.address(try EmailAddress(text)))) }

@Suite struct CommandParserTests {
    @Test(
        arguments: [
            ("LHLO client.example", SMTPCommand.lhlo("client.example")), ("lhlo [192.0.2.1]", .lhlo("[192.0.2.1]")),
            ("EHLO x", .hello("x")), ("HELO", .hello("")), ("DATA", .data), ("data ", .data), ("RSET", .rset),
            ("NOOP", .noop), ("NOOP anything at all", .noop), ("VRFY alice", .vrfy), ("HELP", .help),
            ("help DATA", .help), ("QUIT", .quit), ("BDAT 10", .bdat), ("BDAT 18446744073709551616 LAST", .bdat),
            ("STARTTLS", .startTLS), ("auth plain", .auth(mechanism: "PLAIN", initial: nil)),
            ("AUTH PLAIN AAAA", .auth(mechanism: "PLAIN", initial: "AAAA")), ("EXPN list", .notImplemented),
            ("MAIL FROM:<>", .mail(MailCommand(reversePath: ""))),
            ("mail from:<Bob@Example.org>", .mail(MailCommand(reversePath: "Bob@example.org"))),
            ("MAIL FROM:<a@b> SIZE=1000", .mail(MailCommand(reversePath: "a@b", size: 1_000))),
            (
                "MAIL FROM:<a@b> size=0 body=8bitmime SMTPUTF8",
                .mail(MailCommand(reversePath: "a@b", size: 0, body: .eightBitMIME, smtpUTF8: true))
            ),
            (
                "MAIL FROM:<a@b> SMTPUTF8 BODY=7BIT",
                .mail(MailCommand(reversePath: "a@b", body: .sevenBit, smtpUTF8: true))
            ),
            ("MAIL FROM:<ü@b> SMTPUTF8", .mail(MailCommand(reversePath: "ü@b", smtpUTF8: true))),
            ("MAIL FROM:<\"a > b\"@c.d>", .mail(MailCommand(reversePath: "\"a > b\"@c.d"))),
            ("MAIL FROM:<a..b@c.d>", .mail(MailCommand(reversePath: "a..b@c.d"))),
            (
                "MAIL FROM:<prvs=\(String(repeating: "x", count: 90))=a@b>",
                .mail(MailCommand(reversePath: "prvs=\(String(repeating: "x", count: 90))=a@b"))
            ),
            ("RCPT TO:<postmaster>", .rcpt(RcptCommand(.postmaster))),
            ("RCPT TO:<PostMaster>", .rcpt(RcptCommand(.postmaster))),
        ])
    func right(line: String, command: SMTPCommand) throws {
        #expect(try parse(line) == command)
    }

    @Test(arguments: ["alice@example.org", "a+b@example.org", "\"a b\"@example.org", "x@[192.0.2.1]"])
    func recipients(address: String) throws {
        #expect(try parse("RCPT TO:<\(address)>") == rcpt(address))
    }

    @Test(arguments: ["", "FOO", "MAILFROM:<a@b>", "\u{e4}", " DATA"])
    func unknown(line: String) {
        #expect(throws: SMTPSyntaxError.unknownCommand) { try parse(line) }
    }

    @Test(arguments: ["DATA x", "RSET x", "QUIT now"])
    func unexpected(line: String) {
        #expect(throws: SMTPSyntaxError.unexpectedArgument) { try parse(line) }
    }

    @Test(arguments: ["LHLO", "LHLO ", "LHLO a b", "LHLO \(String(repeating: "x", count: 256))", "VRFY"])
    func missing(line: String) {
        #expect(throws: SMTPSyntaxError.self) { try parse(line) }
    }

    @Test(
        "case 31: paths that are none",
        arguments: [
            "<\"\"@x>", "<@>", "<a@>", "<@a>", "<\"a@b>", "<a\"@b>", "<\(String(repeating: "x", count: 1_000))@b>",
            "<@a,@b:c@d>", "a@b", "< a@b>", "<a@b >", "<a@b", "<<a@b>>", "", "<a b@c>", "<a@b>x",
            "<\(String(repeating: "x", count: 4_000))>",
        ])
    func badPaths(path: String) {
        #expect(throws: SMTPSyntaxError.self) { try parse("RCPT TO:\(path)") }
        #expect(throws: SMTPSyntaxError.self) { try parse("MAIL FROM:\(path)") }
    }

    @Test("case 31: no recipient is empty")
    func emptyRecipient() {
        #expect(throws: SMTPSyntaxError.self) { try parse("RCPT TO:<>") }
    }

    @Test(
        "case 32: what a shell would run is text",
        arguments: ["${run{id}}@example.org", "|prog@example.org", "`id`@example.org", "\";id\"@example.org"])
    func inert(address: String) throws {
        #expect(try parse("RCPT TO:<\(address)>") == rcpt(address))
    }

    @Test(
        "case 33: parameters",
        arguments: [
            "AUTH=\"", "=", "SIZE=1 SIZE=2", "SIZE", "SIZE=", "SIZE=-1", "SIZE=1x", "BODY=BINARYMIME", "BODY",
            "SMTPUTF8=1", "FOO", "FOO=bar", "RET=FULL", "-X=1", "ä=1",
            (0..<10_000).map { "X\($0)=1" }.joined(separator: " "),
        ])
    func badParameters(parameters: String) {
        #expect(throws: SMTPSyntaxError.self) { try parse("MAIL FROM:<a@b> \(parameters)") }
        #expect(throws: SMTPSyntaxError.self) { try parse("RCPT TO:<a@b> \(parameters)") }
    }

    @Test(
        "case 27: sizes beyond every number",
        arguments: ["18446744073709551616", "99999999999999999999999999"])
    func hugeSizes(size: String) throws {
        #expect(throws: SMTPSyntaxError.sizeOutOfRange) { try parse("MAIL FROM:<a@b> SIZE=\(size)") }
        let most = MailCommand(reversePath: "a@b", size: .max)
        #expect(try parse("MAIL FROM:<a@b> SIZE=\(UInt64.max)") == .mail(most))
    }

    @Test("case 34: CR, LF, NUL and ESC anywhere in a line", arguments: [UInt8(0), 0x0d, 0x1b, 0x7f, 0x08])
    func controls(byte: UInt8) {
        for line in ["LHLO a?b", "MAIL FROM:<a?b@c>", "RCPT TO:<\"a?b\"@c>", "MAIL FROM:<a@b> SIZE=1?"] {
            let bytes = Array(line.utf8).map { $0 == UInt8(ascii: "?") ? byte : $0 } + [0x0d, 0x0a]
            #expect(throws: SMTPSyntaxError.badCharacters) { try parse(bytes) }
        }
    }

    @Test("a line ends with CR LF and nothing else", arguments: ["DATA\n", "\n", "DATA\r\r\n"])
    func lineEnds(line: String) {
        #expect(throws: SMTPSyntaxError.self) { try parse(Array(line.utf8)) }
    }

    @Test("case 46: UTF-8 addresses need SMTPUTF8, and must be UTF-8")
    func utf8() throws {
        #expect(throws: SMTPSyntaxError.needsSMTPUTF8) { try parse("MAIL FROM:<ü@example.org>") }
        #expect(throws: SMTPSyntaxError.needsSMTPUTF8) { try parse("RCPT TO:<ü@example.org>") }
        #expect(try parse("RCPT TO:<ü@bücher.example>", smtpUTF8: true) == rcpt("ü@bücher.example"))
        for broken: [UInt8] in [[0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff]] {
            let line = Array("RCPT TO:<a".utf8) + broken + Array("@b>\r\n".utf8)
            #expect(throws: SMTPSyntaxError.badCharacters) { try parse(line, smtpUTF8: true) }
        }
    }
}
