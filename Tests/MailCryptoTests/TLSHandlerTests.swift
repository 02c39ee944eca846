// The TLS handler against itself, on embedded channels: what must work, byte by byte.

import MailCrypto
import NIOCore
import NIOEmbedded
import Testing

@Suite struct TLSHandlerTests {
    static let service = Result { try TestService() }

    var service: TestService { get throws { try Self.service.get() } }

    @Test(arguments: [TLSVersion.tls12, .tls13], [1, 3, 1000, Int.max])
    func handshakeAndData(version: TLSVersion, piece: Int) throws {
        let pair = try Pair(
            client: service.client(minimum: version, maximum: version),
            server: service.server(TLSServerSettings(service: "test", applicationProtocols: ["imap"])))
        try pair.connect()
        // Written before the handshake: kept until it is done.
        pair.server.write(ByteBuffer(string: "* OK ready\r\n"))
        #expect(pair.server.handler.version == nil)
        try pair.carry(piece: piece)
        for end in [pair.client, pair.server] {
            #expect(end.witness.errors.isEmpty)
            #expect(end.witness.completed.map(\.version) == [version])
            #expect(end.witness.completed.first?.resumed == false)
            #expect(end.witness.completed.first?.applicationProtocol == nil)
            #expect(end.handler.version == version)
        }
        #expect(pair.client.handler.cipherSuite == pair.server.handler.cipherSuite)
        #expect(String(buffer: pair.client.witness.received) == "* OK ready\r\n")
        let text = String(repeating: "a1 APPEND INBOX {100000+}\r\n", count: 4000)
        pair.client.write(ByteBuffer(string: text))
        try pair.carry(piece: piece)
        #expect(String(buffer: pair.server.witness.received) == text)
        #expect(pair.server.witness.largestRead <= 65536)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13]) func dataBehindTheHandshakeInOneRead(version: TLSVersion) throws {
        let pair = try Pair(
            client: service.client(minimum: version, maximum: version), server: service.server())
        try pair.connect()
        pair.client.write(ByteBuffer(string: "a LOGIN x y\r\n"))
        try pair.carry()
        #expect(String(buffer: pair.server.witness.received) == "a LOGIN x y\r\n")
    }

    @Test func onlyModernSuites() throws {
        for (version, suites) in [
            (TLSVersion.tls12, ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]), (.tls13, ["TLS_AES_256_GCM_SHA384"]),
        ] {
            let pair = try Pair(
                client: service.client(minimum: version, maximum: version), server: service.server())
            try pair.connect()
            try pair.carry()
            #expect(suites.contains(pair.server.handler.cipherSuite ?? "none"))
        }
    }

    @Test func smallWritesShareARecordAndKeepTheirOrder() throws {
        let pair = try connected()
        var expected = ""
        var completions: [Int] = []
        for index in 0..<500 {
            let line = "* \(index) FETCH (FLAGS ())\r\n"
            expected += line
            let promise = pair.server.channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { completions.append(index) }
            pair.server.channel.write(ByteBuffer(string: line), promise: promise)
        }
        #expect(completions.isEmpty)
        pair.server.channel.flush()
        #expect(completions == Array(0..<500))
        let records = try pair.server.takeRecords()
        #expect(records.readableBytes < expected.utf8.count + 200)
        pair.client.channel.pipeline.fireChannelRead(records)
        #expect(String(buffer: pair.client.witness.received) == expected)
    }

    @Test func largeWritesGoInPieces() throws {
        let pair = try connected()
        let bytes = ByteBuffer(repeating: 0x61, count: 1_000_000)
        var done = false
        let promise = pair.server.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { done = true }
        pair.server.channel.writeAndFlush(bytes, promise: promise)
        #expect(done)
        var pieces: [Int] = []
        while let records = try pair.server.channel.readOutbound(as: ByteBuffer.self) {
            pieces.append(records.readableBytes)
            #expect(records.storageCapacity <= 131_072)
            pair.client.channel.pipeline.fireChannelRead(records)
        }
        #expect(pieces.count >= 15)
        #expect(pair.client.witness.received == bytes)
    }

    @Test func writesFromWithinReadsWork() throws {
        let pair = try connected()
        pair.server.witness.onRead = { context, buffer in
            context.writeAndFlush(NIOAny(buffer), promise: nil)
        }
        for round in 1...50 {
            pair.client.write(ByteBuffer(repeating: UInt8(round), count: round * 1000))
        }
        try pair.carry()
        #expect(pair.client.witness.received.readableBytes == 1_275_000)
        #expect(pair.server.witness.errors.isEmpty)
    }

    @Test("what is written while earlier writes are flushed goes out too")
    func writesFromWithinAFlush() throws {
        let pair = try connected()
        var rounds = 0
        func writeNext() {
            guard rounds < 5 else { return }
            rounds += 1
            let promise = pair.server.channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { writeNext() }
            pair.server.channel.writeAndFlush(ByteBuffer(string: "\(rounds)"), promise: promise)
        }
        writeNext()
        try pair.carry()
        #expect(String(buffer: pair.client.witness.received) == "12345")
    }

    @Test func closingFromWithinAReadStopsTheReading() throws {
        let pair = try connected()
        var reads = 0
        pair.server.witness.onRead = { context, _ in
            reads += 1
            context.close(promise: nil)
        }
        pair.client.write(ByteBuffer(repeating: 1, count: 300_000))
        try pair.carry()
        #expect(reads == 1)
        #expect(!pair.server.channel.isActive)
        #expect(!pair.client.channel.isActive)
    }

    @Test func emptyWritesComplete() throws {
        let pair = try connected()
        var done = 0
        for _ in 0..<2 {
            let promise = pair.server.channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { done += 1 }
            pair.server.channel.writeAndFlush(ByteBuffer(), promise: promise)
        }
        #expect(done == 2)
    }

    @Test func readsOnWhenARecordGaveNoDataAndAutoReadIsOff() throws {
        let pair = try connected()
        let counter = ReadCounter()
        try pair.server.channel.pipeline.syncOperations.addHandler(counter, position: .first)
        pair.server.channel.read()
        #expect(counter.reads == 1)
        pair.client.write(ByteBuffer(string: "hello"))
        var records = try pair.client.takeRecords()
        let half = try #require(records.readSlice(length: 10) as ByteBuffer?)
        pair.server.channel.pipeline.fireChannelRead(half)
        pair.server.channel.pipeline.fireChannelReadComplete()
        #expect(counter.reads == 2)
        pair.server.channel.pipeline.fireChannelRead(records)
        pair.server.channel.pipeline.fireChannelReadComplete()
        #expect(counter.reads == 2)
        #expect(String(buffer: pair.server.witness.received) == "hello")
    }

    @Test func exportsTheSameKeyingMaterialAtBothEnds() throws {
        let pair = try Pair(client: service.client(), server: service.server())
        #expect(pair.client.handler.exportKeyingMaterial(label: "x", context: nil, length: 32) == nil)
        try pair.connect()
        try pair.carry()
        let label = "EXPORTER-Channel-Binding"
        let material = pair.client.handler.exportKeyingMaterial(label: label, context: [], length: 32)
        #expect(material?.count == 32)
        #expect(material == pair.server.handler.exportKeyingMaterial(label: label, context: [], length: 32))
        #expect(material != pair.server.handler.exportKeyingMaterial(label: "other", context: [], length: 32))
        #expect(pair.server.handler.exportKeyingMaterial(label: label, context: [], length: 0) == nil)
        #expect(pair.server.handler.exportKeyingMaterial(label: label, context: [], length: .max) == nil)
    }

    private func connected() throws -> Pair {
        let pair = try Pair(client: service.client(), server: service.server())
        try pair.connect()
        try pair.carry()
        #expect(pair.server.witness.completed.count == 1)
        return pair
    }
}

/// Counts the reads that reach the channel.
final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var reads = 0
    func read(context: ChannelHandlerContext) {
        reads += 1
        context.read()
    }
}
