// The message's end and its dots, with the stream cut at every place it can be cut.

import NIOCore
import TestSupport
import Testing

@testable import SMTP

/// What a reader makes of a stream that arrives in these pieces.
private func read(_ pieces: [[UInt8]]) -> (message: String, ended: Bool, rest: String) {
    var reader = DataReader()
    var message = ByteBuffer()
    var rest = ByteBuffer()
    var ended = false
    for piece in pieces {
        var input = ByteBuffer(bytes: piece)
        if !ended { ended = reader.read(&input, into: &message) }
        rest.writeBuffer(&input)
    }
    return (String(buffer: message), ended, String(buffer: rest))
}

/// The stream whole, byte by byte, and cut in two at every offset: all must give the same.
private func everyWay(_ stream: String) -> (message: String, ended: Bool, rest: String) {
    let bytes = Array(stream.utf8)
    let whole = read([bytes])
    let single = read(bytes.map { [$0] })
    #expect(single == whole)
    for cut in bytes.indices {
        let two = read([Array(bytes[..<cut]), Array(bytes[cut...])])
        #expect(two == whole, "cut at \(cut)")
    }
    return whole
}

@Suite struct DataReaderTests {
    @Test(
        "case 21: dots, byte for byte",
        arguments: [
            (".\r\n", ""), ("\r\n.\r\n", "\r\n"), ("a\r\n.\r\n", "a\r\n"), ("..\r\n.\r\n", ".\r\n"),
            ("...\r\n.\r\n", "..\r\n"), (".x\r\n.\r\n", "x\r\n"), ("a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
            ("a.\r\n.\r\n", "a.\r\n"), ("a\r\n.b\r\n..c\r\n.\r\n", "a\r\nb\r\n.c\r\n"),
        ])
    func dots(stream: String, message: String) {
        let result = everyWay(stream + "QUIT\r\n")
        #expect(result.message == message)
        #expect(result.ended)
        #expect(result.rest == "QUIT\r\n")
    }

    @Test(
        "cases 14 to 19: only CR LF . CR LF ends a message",
        arguments: [
            "\n.\n", "\n.\r\n", "\r.\r", "\r.\n", "\r.\r\n", "\n.\r", "\r\n.\n", "\r\n.\r", "\r\n.\r\r\n",
            "\r\r\n.\r\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n", "\n\n.\r\n", "\r\n .\r\n", "\r\n. \r\n", "\r\n.\r\0\n",
        ])
    func smuggling(end: String) {
        let second = "MAIL FROM:<evil@example.org>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nevil\r\n"
        let result = everyWay("first" + end + second + ".\r\nNOOP\r\n")
        #expect(result.ended)
        #expect(result.rest == "NOOP\r\n", "the second transaction is part of the first message")
        #expect(result.message.hasPrefix("first"))
        #expect(result.message.contains("MAIL FROM:<evil@example.org>"))
    }

    @Test(
        "a bare LF becomes CR LF, a bare CR stays",
        arguments: [
            ("a\nb\r\n.\r\n", "a\r\nb\r\n"), ("a\rb\r\n.\r\n", "a\rb\r\n"), ("\n\r\n.\r\n", "\r\n\r\n"),
            ("a\n.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"), ("a\r\r\n.\r\n", "a\r\r\n"), ("\0\r\n.\r\n", "\0\r\n"),
            ("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n"), ("a\r\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n"),
        ])
    func lineEnds(stream: String, message: String) {
        let result = everyWay(stream)
        #expect(result.message == message)
        #expect(result.ended && result.rest.isEmpty)
    }

    @Test("a message without an end has none", arguments: ["", "a", "a\r\n.", "a\r\n.\r", "a\r\n..\r\n", "\r\n"])
    func unended(stream: String) {
        #expect(!everyWay(stream).ended)
    }

    @Test("a stuffed message comes out as it was, wherever a buffer ends")
    func roundTrip() {
        var generator = SeededRandom()
        let seed = generator.next()
        var state = seed
        func next(_ bound: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % bound)
        }
        for _ in 0..<200 {
            let lines = (0..<next(8)).map { _ in
                String((0..<next(5)).map { _ in [".", "a", "..", " "][next(4)] }.joined())
            }
            let message = lines.map { "\($0)\r\n" }.joined()
            let stuffed = lines.map { ($0.hasPrefix(".") ? ".\($0)" : $0) + "\r\n" }.joined() + ".\r\n"
            #expect(everyWay(stuffed).message == message, "seed \(seed)")
        }
    }
}
