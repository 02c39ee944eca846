// The frame decoder as it is driven: what is asked for, what is refused, what passes through in pieces.

import IMAPServer
import IMAPSyntax
import Mail
import NIOCore
import Testing

struct CommandFramerFlowTests {
    @Test("case 1: what came in plain text behind STARTTLS can be seen and dropped")
    func startTLS() {
        var framer = CommandFramer()
        var buffer = ByteBuffer(string: "a STARTTLS\r\nb LOGIN u p\r\nc LOG")
        framer.append(&buffer)
        #expect(framer.next() == .command(ByteBuffer(string: "a STARTTLS")))
        #expect(framer.bufferedBytes > 0)
        framer.discardBuffered()
        #expect(framer.bufferedBytes == 0)
        #expect(framer.next() == nil)
        buffer = ByteBuffer(string: "d NOOP\r\n")
        framer.append(&buffer)
        #expect(framer.next() == .command(ByteBuffer(string: "d NOOP")))
    }

    @Test("nothing happens until the session has decided about a literal")
    func decides() {
        var framer = CommandFramer()
        framer.authenticated = true
        var buffer = ByteBuffer(string: "a APPEND x {2+}\r\nhi\r\nb LOGIN {1}\r\nx y\r\n")
        framer.append(&buffer)
        #expect(framer.next() == .append(.begin(AppendHead(tag: "a", mailbox: MailboxArgument("x")))))
        #expect(framer.next() == .append(.message(AppendOptions())))
        #expect(framer.next() == .appendLiteral(AppendLiteral(.text, size: 2, synchronizing: false)))
        #expect(framer.next() == nil)
        #expect(framer.next() == nil)
        framer.acceptLiteral()
        #expect(framer.next() == .appendData(ByteBuffer(string: "hi")))
        #expect(framer.next() == .appendEnded(nil))
        #expect(framer.next() == .continuationNeeded(CommandHead(tag: "b", name: .login)))
        #expect(framer.next() == nil)
        framer.acceptLiteral()
        #expect(framer.next() == .command(ByteBuffer(string: "b LOGIN {1}\r\nx y")))
        framer.acceptLiteral()
        framer.refuseLiteral()
        #expect(framer.next() == nil)
    }

    @Test("case 83: of 100,000 NOOPs no more is read than was asked for")
    func pulls() {
        var framer = CommandFramer()
        var buffer = ByteBuffer()
        for _ in 0..<100_000 { buffer.writeStaticString("a NOOP\r\n") }
        framer.append(&buffer)
        #expect(framer.bufferedBytes == 800_000)
        for _ in 0..<10 { #expect(framer.next() != nil) }
        #expect(framer.bufferedBytes == 799_920)
        var count = 10
        while framer.next() != nil { count += 1 }
        #expect(count == 100_000)
    }

    @Test("a message of 64 MiB passes through in the pieces in which it came")
    func streams() {
        var framer = CommandFramer()
        framer.authenticated = true
        let size = 64 * 1_024 * 1_024
        var buffer = ByteBuffer(string: "a APPEND x {\(size)+}\r\n")
        framer.append(&buffer)
        for _ in 0..<3 { #expect(framer.next() != nil) }
        framer.acceptLiteral()
        var received = 0
        let piece = ByteBuffer(repeating: UInt8(ascii: "\n"), count: 65_536)
        for _ in 0..<(size / 65_536) {
            buffer = piece
            framer.append(&buffer)
            while case .appendData(let bytes)? = framer.next() { received += bytes.readableBytes }
            #expect(framer.bufferedBytes == 0)
        }
        #expect(received == size)
        buffer = ByteBuffer(string: "\r\n")
        framer.append(&buffer)
        #expect(framer.next() == .appendEnded(nil))
    }

    @Test("random bytes never trap, and the events do not depend on the cuts")
    func noise() {
        var state: UInt64 = 0xf4a3e
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let words = [
            "a ", "APPEND ", "x ", "{3+}", "{3}", "\r\n", "\r\n", "\r", "\n", "(", "{99999999999999999999+}", "abc",
            "IDLE", "{0+}", "\"", "+", "{20000+}", "~", "CATENATE (", "TEXT ", "URL ", ")", "REPLACE 1 ",
        ]
        for _ in 0..<3_000 {
            let bytes = Array((0..<random(14)).map { _ in words[random(words.count)] }.joined().utf8)
            let script = Script(authenticated: random(2) == 0, accepts: random(2) == 0)
            let whole = events([bytes], script)
            #expect(events(bytes.map { [$0] }, script) == whole, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
