// The compression layer alone: whole flushes, bounded inflation, hostile streams, memory given back.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct DeflateHandlerTests {
    /// What a well-behaved peer sends.
    static func deflated(_ bytes: [UInt8], with deflater: Deflater? = nil) throws -> [UInt8] {
        let deflater = try #require(deflater ?? Deflater())
        var output = ByteBuffer()
        #expect(deflater.compress(ByteBuffer(bytes: bytes), flush: true, into: &output))
        return Array(output.readableBytesView)
    }

    private static func channel(
        early: [UInt8] = [], keepTime: TimeAmount = .seconds(5)
    ) throws -> (EmbeddedChannel, DeflateHandler) {
        let channel = EmbeddedChannel()
        let handler = try DeflateHandler(early: ByteBuffer(bytes: early), keepTime: keepTime)
        try channel.pipeline.syncOperations.addHandler(handler)
        return (channel, handler)
    }

    private static func inbound(_ channel: EmbeddedChannel) throws -> [UInt8]? {
        try channel.readInbound(as: ByteBuffer.self).map { Array($0.readableBytesView) }
    }

    @Test("pitfall 10: each flush brings all that was written, to the last byte")
    func wholeFlushes() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let (channel, _) = try Self.channel()
        let inflater = try #require(Inflater())
        for size in [0, 1, 2, 100, 16_383, 16_384, 16_385, 65_536, 300_000, 3, 1_000_000] {
            let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) & (size % 2 == 0 ? 0xff : 3) }
            let half = size / 2
            channel.write(ByteBuffer(bytes: bytes[..<half]), promise: nil)
            let sent = channel.writeAndFlush(ByteBuffer(bytes: bytes[half...]))
            var compressed = try #require(try channel.readOutbound(as: ByteBuffer.self))
            #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
            var result = ByteBuffer()
            var outcome = Inflater.Outcome.full
            while outcome == .full || compressed.readableBytes > 0 {
                outcome = inflater.decompress(&compressed, atMost: 10_000, into: &result)
                try #require(outcome == .paused || outcome == .full)
            }
            #expect(Array(result.readableBytesView) == bytes, "\(size) bytes")
            try sent.wait()
        }
        _ = try channel.finish()
    }

    @Test("case 84: what a little blows up to is decompressed as it is asked for, in small pieces")
    func bomb() throws {
        let (channel, _) = try Self.channel()
        let total = 64 << 20
        let bomb = try Self.deflated([UInt8](repeating: 0x41, count: total))
        #expect(bomb.count < total / 200)
        try channel.writeInbound(ByteBuffer(bytes: bomb))
        var taken = 0
        while taken < total {
            let piece = try #require(try Self.inbound(channel), "after \(taken) bytes")
            #expect(piece.count <= DeflateHandler.pieceSize)
            #expect(try Self.inbound(channel) == nil)
            taken += piece.count
            channel.read()
        }
        #expect(taken == total)
        _ = try channel.finish()
    }

    @Test("case 84: empty blocks without end bring nothing and hold nothing")
    func emptyBlocks() throws {
        let (channel, handler) = try Self.channel()
        let empty = [UInt8](repeatElement([0, 0, 0, 0xff, 0xff], count: 20_000).joined())
        for _ in 0..<50 { try channel.writeInbound(ByteBuffer(bytes: empty)) }
        #expect(try Self.inbound(channel) == nil)
        #expect(handler.stop().readableBytes == 0)
        _ = try channel.finish()
    }

    @Test("case 84: garbage, and anything after the stream's end, is an error; a truncated stream waits")
    func malformed() throws {
        let deflater = try #require(Deflater())
        let good = try Self.deflated(Array("a NOOP\r\n".utf8), with: deflater)
        for garbage in [Array("b NOOP\r\n".utf8), [0xff], [0x07], [6, 0]] {
            let (channel, _) = try Self.channel()
            try channel.writeInbound(ByteBuffer(bytes: good))
            #expect(try Self.inbound(channel) == Array("a NOOP\r\n".utf8))
            #expect(throws: DeflateHandler.Failure.malformed) {
                try channel.writeInbound(ByteBuffer(bytes: garbage))
                channel.read()
                try channel.throwIfErrorCaught()
            }
            _ = try? channel.finish()
        }
        // A final stored block of one byte.
        let (ended, _) = try Self.channel()
        try ended.writeInbound(ByteBuffer(bytes: [1, 1, 0, 0xfe, 0xff, 0x41]))
        #expect(try Self.inbound(ended) == [0x41])
        #expect(throws: DeflateHandler.Failure.pastEnd) { try ended.writeInbound(ByteBuffer(bytes: [0])) }
        _ = try? ended.finish()
        let (cut, _) = try Self.channel()
        for byte in good { try cut.writeInbound(ByteBuffer(bytes: [byte])) }
        #expect(try Self.inbound(cut).map { $0.count } ?? 0 > 0)
        _ = try cut.finish()
    }

    @Test("every cut of a stream gives the same bytes, and flushes keep what follows apart")
    func cuts() throws {
        let deflater = try #require(Deflater())
        let commands = (1...40).map { "a\($0) FETCH \($0) (FLAGS UID)\r\n" }
        let pieces = try commands.map { try Self.deflated(Array($0.utf8), with: deflater) }
        for cut in 1...40 {
            let (channel, _) = try Self.channel()
            var all = pieces.joined()[...]
            var result: [UInt8] = []
            while !all.isEmpty {
                try channel.writeInbound(ByteBuffer(bytes: Array(all.prefix(cut))))
                all = all.dropFirst(cut)
                while let piece = try Self.inbound(channel) {
                    result += piece
                    channel.read()
                }
            }
            #expect(result == Array(commands.joined().utf8), "cut every \(cut) bytes")
            _ = try channel.finish()
        }
        let (channel, _) = try Self.channel(early: Array(pieces.joined()))
        for command in commands {
            channel.read()
            #expect(try Self.inbound(channel) == Array(command.utf8))
        }
        _ = try channel.finish()
    }

    @Test("an idle connection gives its compressor back, and the peer does not notice")
    func memoryGivenBack() throws {
        let (channel, handler) = try Self.channel(keepTime: .milliseconds(1))
        let inflater = try #require(Inflater())
        for round in 0..<5 {
            let text = "* \(round) FETCH (FLAGS (\\Seen))\r\n"
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            #expect(handler.hasDeflater)
            var compressed = try #require(try channel.readOutbound(as: ByteBuffer.self))
            var result = ByteBuffer()
            _ = inflater.decompress(&compressed, atMost: 1_000, into: &result)
            #expect(String(buffer: result) == text)
            guard round % 2 == 0 else { continue }
            let end = ContinuousClock.now + .seconds(30)
            while handler.hasDeflater, ContinuousClock.now < end {
                channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            }
            #expect(!handler.hasDeflater)
        }
        _ = try channel.finish()
    }

    @Test("after its stop it passes everything on as it is, what came early too")
    func stopped() throws {
        let (channel, handler) = try Self.channel()
        let command = try Self.deflated(Array("a UNAUTHENTICATE\r\n".utf8))
        try channel.writeInbound(ByteBuffer(bytes: command + Array("b NOOP\r\n".utf8)))
        #expect(try Self.inbound(channel) == Array("a UNAUTHENTICATE\r\n".utf8))
        #expect(String(buffer: handler.stop()) == "b NOOP\r\n")
        try channel.writeInbound(ByteBuffer(string: "c NOOP\r\n"))
        #expect(try Self.inbound(channel) == Array("c NOOP\r\n".utf8))
        channel.writeAndFlush(ByteBuffer(string: "* OK\r\n"), promise: nil)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "* OK\r\n"))
        _ = try channel.finish()
    }
}
