// The conversation as a table: what the client says, what it is answered, what is done.

import Foundation
import Mail
import MailStore
import NIOCore
import Testing

@testable import SMTP

private let hello = "LHLO client.example"
private let mail = "MAIL FROM:<bob@elsewhere.example>"
private let alice = "RCPT TO:<alice@example.org>"
private let carol = "RCPT TO:<carol@example.org>"
private let nobody = "RCPT TO:<nobody@example.org>"

@Suite struct LMTPConversationTests {
    @Test func greetsAndAnnounces() {
        var conversation = LMTPConversation(hostname: "mx.example", limits: SMTPLimits())
        #expect(conversation.next() == .send(ByteBuffer(string: "220 mx.example LMTP Martlet\r\n")))
        var driver = LMTPDriver()
        #expect(driver.codes(hello) == [250])
        for word in ["mx.example", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 67108864"] {
            #expect(driver.sent.contains(word))
        }
    }

    @Test("one reply for each accepted recipient, in their order")
    func repliesPerRecipient() {
        var driver = LMTPDriver()
        #expect(driver.codes(hello, mail, alice, nobody, carol, "DATA") == [250, 250, 250, 550, 250, 354])
        driver.outcomes = [Reply(250, "2.0.0", "OK"), Reply(452, "4.2.2", "Full")]
        #expect(driver.codes("Subject: x", "", "body", ".") == [250, 452])
        #expect(driver.messages.count == 1)
        #expect(driver.messages.first?.body == "Subject: x\r\n\r\nbody\r\n")
        #expect(driver.messages.first?.envelope.recipients.map(\.localPart) == ["alice", "carol"])
        #expect(driver.messages.first?.envelope.sender == "bob@elsewhere.example")
        #expect(driver.codes(mail, alice, "DATA", "x", ".", "QUIT") == [250, 250, 354, 250, 221])
        #expect(driver.isClosed)
    }

    @Test("a pipelined group gets its replies in one write, whole or byte by byte")
    func everyPiece() {
        let stream = [hello, mail, alice, nobody, "DATA", "..x", ".", "NOOP", "QUIT"].map { "\($0)\r\n" }.joined()
        var whole = LMTPDriver()
        whole.say(stream)
        var single = LMTPDriver()
        for byte in stream.utf8 where !single.isClosed { single.say(String(decoding: [byte], as: UTF8.self)) }
        #expect(whole.sent == single.sent)
        #expect(whole.messages.map(\.body) == [".x\r\n"])
        #expect(single.messages.map(\.body) == [".x\r\n"])
        var conversation = LMTPConversation(hostname: "mx.example", limits: SMTPLimits())
        conversation.receive(ByteBuffer(string: "LHLO a\r\nMAIL FROM:<>\r\nNOOP\r\n"))
        guard case .send(let bytes) = conversation.next() else {
            Issue.record("nothing was sent")
            return
        }
        #expect(String(buffer: bytes).split(separator: "\r\n").count == 9)
    }

    @Test(
        "cases 24 to 26, case 45: commands in every order",
        arguments: [
            ([mail], [503]), ([alice], [503]), (["DATA"], [503]), ([hello, alice], [250, 503]),
            ([hello, "DATA"], [250, 503]), ([hello, mail, "DATA"], [250, 250, 503]),
            ([hello, mail, mail], [250, 250, 503]), ([hello, mail, nobody, "DATA"], [250, 250, 550, 503]),
            ([hello, mail, alice, "RSET", "DATA"], [250, 250, 250, 250, 503]),
            ([hello, mail, alice, hello, "DATA"], [250, 250, 250, 250, 503]),
            ([hello, mail, alice, "RSET", alice], [250, 250, 250, 250, 503]),
            ([hello, mail, "VRFY x", alice, "DATA"], [250, 250, 252, 250, 354]),
            ([hello, mail, "VRFY ü", "NOOP", alice, "DATA"], [250, 250, 252, 250, 250, 354]),
            (["EHLO x", mail], [500, 503]), (["HELO x"], [500]), ([hello, "EHLO x", mail], [250, 500, 250]),
            ([hello, "MAIL FROM:<>", nobody], [250, 250, 550]),
            (["RSET", "NOOP", "HELP", "QUIT"], [250, 250, 214, 221]),
            ([hello, "STARTTLS", "AUTH PLAIN", "EXPN x", "FOO"], [250, 502, 502, 502, 500]),
        ])
    func order(lines: [String], codes: [Int]) {
        var driver = LMTPDriver()
        driver.say(lines.map { "\($0)\r\n" }.joined())
        #expect(driver.replyCodes == codes)
        #expect(driver.messages.isEmpty)
    }

    @Test("case 24: after a refused message everything begins anew")
    func refusedMessage() {
        var driver = LMTPDriver()
        _ = driver.codes(hello, mail, alice, "DATA")
        driver.outcomes = [Reply(451, "4.3.0", "no")]
        #expect(driver.codes("x", ".", alice, "NOOP", "DATA") == [451, 503, 250, 503])
    }

    @Test("case 37: a message sent with a DATA that is refused is not read as commands")
    func messageWithoutData() {
        var driver = LMTPDriver()
        _ = driver.codes(hello, mail, nobody)
        #expect(driver.codes("DATA", "RSET", mail, alice, "DATA", "smuggled", ".") == [503])
        #expect(driver.isClosed && driver.messages.isEmpty)
    }

    @Test(
        "cases 14 to 20: no end but the real one gives a second message, wherever the stream is cut",
        arguments: [
            "\n.\n", "\n.\r\n", "\r.\r", "\r.\n", "\r.\r\n", "\n.\r", "\r\n.\n", "\r\n.\r", "\r\n.\r\r\n",
            "\r\r\n.\r\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n",
        ])
    func smuggling(end: String) {
        let head = [hello, mail, alice, "DATA"].map { "\($0)\r\n" }.joined()
        let second = ["MAIL FROM:<e@e>", alice, "DATA", "second", "."].map { "\($0)\r\n" }.joined()
        let stream = Array((head + "first" + end + second).utf8)
        for cut in stream.indices {
            var driver = LMTPDriver()
            driver.say(String(decoding: stream[..<cut], as: UTF8.self))
            driver.say(String(decoding: stream[cut...], as: UTF8.self))
            #expect(driver.messages.count == 1)
            #expect(driver.replyCodes == [250, 250, 250, 354, 250])
        }
    }

    @Test("case 30: BDAT is not ours, and its bytes are not commands", arguments: ["BDAT 40 LAST", "BDAT -1", "BDAT"])
    func bdat(line: String) {
        var driver = LMTPDriver()
        _ = driver.codes(hello, mail, alice)
        #expect(driver.codes(line, mail, alice, "DATA", "x", ".") == [502])
        #expect(driver.isClosed && driver.messages.isEmpty)
    }

    @Test("case 36: a line without end")
    func endlessLine() {
        var driver = LMTPDriver()
        for _ in 0..<1_000 where !driver.isClosed { driver.say(String(repeating: "x", count: 1_000)) }
        #expect(driver.replyCodes == [500])
        #expect(driver.isClosed)
        var just = LMTPDriver()
        #expect(just.codes("NOOP " + String(repeating: "x", count: 4_089)) == [250])
        #expect(just.codes("NOOP " + String(repeating: "x", count: 4_090)) == [500])
    }

    @Test("case 38: recipients beyond the limit are sent away, the others stay")
    func manyRecipients() {
        var limits = SMTPLimits()
        limits.recipients = 100
        var driver = LMTPDriver(limits)
        _ = driver.codes(hello, mail)
        driver.sent = ""
        for index in 0..<1_000 { driver.say("RCPT TO:<u\(index)@example.org>\r\n") }
        #expect(driver.replyCodes.filter { $0 == 250 }.count == 100)
        #expect(driver.replyCodes.filter { $0 == 452 }.count == 900)
        #expect(driver.codes("DATA", "x", ".").count == 101)
    }

    @Test("case 39: a message over the limit: 552 with SIZE=, 552 for each recipient, and an end to reading")
    func tooLarge() {
        var limits = SMTPLimits()
        limits.messageSize = 1_000
        limits.messageExcess = 1_000
        var driver = LMTPDriver(limits)
        _ = driver.codes(hello)
        #expect(driver.codes("\(mail) SIZE=1001") == [552])
        #expect(driver.codes("\(mail) SIZE=18446744073709551615") == [552])
        #expect(driver.codes("\(mail) SIZE=1000", alice, carol, "DATA") == [250, 250, 250, 354])
        #expect(driver.codes(String(repeating: "x", count: 1_200), ".") == [552, 552])
        #expect(driver.discarded == 1 && driver.messages.isEmpty)
        _ = driver.codes(mail, alice, "DATA")
        driver.sent = ""
        for _ in 0..<100 where !driver.isClosed { driver.say(String(repeating: "y", count: 100) + "\r\n") }
        #expect(driver.replyCodes == [552])
        #expect(driver.isClosed && driver.messages.isEmpty)
    }

    @Test("case 41: commands that do nothing", arguments: ["NOOP", "RSET", "VRFY x", "HELP", hello])
    func idle(line: String) {
        var driver = LMTPDriver()
        for _ in 0..<200 where !driver.isClosed { driver.say("\(line)\r\n") }
        #expect(driver.replyCodes.count == 101)
        #expect(driver.replyCodes.last == 421)
    }

    @Test("a connection that delivers may go on for ever")
    func manyMessages() {
        var driver = LMTPDriver()
        _ = driver.codes(hello)
        for _ in 0..<300 { #expect(driver.codes("RSET", mail, alice, "DATA", "x", ".") == [250, 250, 250, 354, 250]) }
    }

    @Test("wrong commands end the connection at the limit")
    func badCommands() {
        var driver = LMTPDriver()
        for _ in 0..<200 where !driver.isClosed { driver.say("FOO\r\n") }
        #expect(driver.replyCodes.count == 21)
        #expect(driver.replyCodes.last == 421)
    }

    @Test("case 46: UTF-8 recipients only in a transaction with SMTPUTF8")
    func utf8() {
        var driver = LMTPDriver()
        #expect(driver.codes(hello, mail, "RCPT TO:<ü@example.org>") == [250, 250, 553])
        #expect(driver.codes("RSET", "\(mail) SMTPUTF8", "RCPT TO:<ü@example.org>", "DATA") == [250, 250, 250, 354])
        #expect(driver.codes("x", ".") == [250])
        #expect(driver.messages.last?.envelope.smtpUTF8 == true)
    }

    @Test("storage that fails while the message comes: it is read to its end and refused for each")
    func storageFails() {
        var driver = LMTPDriver()
        _ = driver.codes(hello, mail, alice, carol, "DATA", "one")
        driver.conversation.storageFailed(Reply(.unavailable("disk full")))
        #expect(driver.codes("RCPT TO:<x@y>", "two", ".", "NOOP") == [451, 451, 250])
        #expect(driver.discarded == 1 && driver.messages.isEmpty)
    }

    @Test("case 184: storage that fails at a message's last piece: what is refused is not delivered")
    func storageFailsAtTheEnd() {
        var driver = LMTPDriver()
        _ = driver.codes(hello, mail, alice, carol, "DATA", "one")
        driver.writeFails = Reply(.unavailable("disk full"))
        #expect(driver.codes("two", ".", "NOOP") == [451, 451, 250])
        #expect(driver.discarded == 1 && driver.messages.isEmpty)
        driver.writeFails = nil
        #expect(driver.codes(mail, alice, "DATA", "three", ".") == [250, 250, 354, 250])
        #expect(driver.messages.map(\.body) == ["three\r\n"])
    }

    @Test("a drain says 421 between messages and waits for the one that is coming")
    func drain() {
        var idle = LMTPDriver()
        _ = idle.codes(hello)
        idle.sent = ""
        idle.conversation.drain()
        idle.run()
        #expect(idle.replyCodes == [421] && idle.isClosed)
        var busy = LMTPDriver()
        _ = busy.codes(hello, mail, alice, "DATA", "x")
        busy.sent = ""
        busy.conversation.drain()
        busy.run()
        #expect(busy.sent.isEmpty && !busy.isClosed)
        #expect(busy.codes("y", ".") == [250, 421])
        #expect(busy.isClosed && busy.messages.map(\.body) == ["x\r\ny\r\n"])
    }

    @Test("case 40: time is up, with a message half way and without")
    func timeOut() {
        var driver = LMTPDriver()
        _ = driver.codes(hello, mail, alice, "DATA", "x")
        driver.sent = ""
        driver.conversation.timeOut()
        driver.run()
        #expect(driver.replyCodes == [421] && driver.isClosed && driver.discarded == 1 && driver.messages.isEmpty)
    }

    @Test("case 34: nothing a client writes breaks a reply's line")
    func replyInjection() {
        var driver = LMTPDriver()
        _ = driver.codes(hello, mail)
        driver.sent = ""
        driver.say("RCPT TO:<a\r250 x@b>\r\nMAIL FROM:<a@b> X\u{1b}=1\r\n")
        #expect(driver.sent.split(separator: "\r\n").allSatisfy { $0.hasPrefix("50") })
        var buffer = ByteBuffer()
        Reply(550, "5.1.1", "a\r\n250 b", String(repeating: "x", count: 5_000)).write(into: &buffer)
        let lines = String(buffer: buffer).components(separatedBy: "\r\n")
        #expect(lines.count == 3 && lines[0] == "550-5.1.1 a??250 b" && lines[1].utf8.count < 512)
    }
}
