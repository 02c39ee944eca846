// COMPRESS: the command, what must be compressed from where on, and abuse over a real connection.

import MailCrypto
import NIOCore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct CompressTests {
    private static func compressed(_ server: TestServer, select: Bool = true) async throws -> IMAPTestClient {
        let client = try await server.login()
        let reply = try await client.command("COMPRESS DEFLATE")
        #expect(reply.isOK && reply.untagged.isEmpty)
        try await client.addHandler { try ClientDeflateHandler() }
        if select { #expect(try await client.command("SELECT INBOX").isOK) }
        return client
    }

    @Test func everythingAfterItsOKIsCompressed() async throws {
        try await TestServer.with { server in
            try await server.fill(300)
            let client = try await Self.compressed(server)
            let reply = try await client.command("FETCH 1:* (UID FLAGS BODY.PEEK[])")
            #expect(reply.isOK && reply.untagged.count == 300)
            #expect(try await client.append("INBOX", Sample.message(301)).isOK)
            #expect(try await client.command("NOOP").isOK)
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await server.fill(1)
            #expect(try await client.response().name == "EXISTS")
            #expect(try await client.response().name == "RECENT")
            try await client.send("DONE\r\n")
            #expect(try await client.reply(to: "I").isOK)
            #expect(try await client.command("LOGOUT").isOK)
            _ = try await client.untilClosed()
        }
    }

    @Test("case 84: not before the login, not twice, no other algorithm")
    func refusals() async throws {
        try await TestServer.with { server in
            let stranger = try await server.connect()
            #expect(try await stranger.command("COMPRESS DEFLATE").isBAD)
            #expect(try await stranger.command("CAPABILITY").capabilities?.contains("COMPRESS=DEFLATE") == false)
            let client = try await server.login()
            #expect(try await client.command("CAPABILITY").capabilities?.contains("COMPRESS=DEFLATE") == true)
            for line in ["COMPRESS", "COMPRESS GZIP", "COMPRESS DEFLATE 9", "COMPRESS \"DEFLATE\""] {
                #expect(try await client.command(line).isBAD, "\(line)")
            }
            #expect(try await client.command("compress deflate").isOK)
            try await client.addHandler { try ClientDeflateHandler() }
            let again = try await client.command("COMPRESS DEFLATE")
            #expect(again.isBAD && again.code == "COMPRESSIONACTIVE")
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("case 79: commands behind COMPRESS are carried out once, in the compressed layer")
    func pipelined() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let behind = try DeflateHandlerTests.deflated(Array("B CREATE once\r\nC CREATE once\r\n".utf8))
            // What is compressed may come in one packet with the OK.
            try await client.addHandler { try ClientDeflateHandler(compresses: false, plainLines: 1) }
            try await client.send(Array("A COMPRESS DEFLATE\r\n".utf8) + behind)
            #expect(try await client.reply(to: "A").isOK)
            #expect(try await client.reply(to: "B").isOK)
            #expect(try await client.reply(to: "C").code == "ALREADYEXISTS")
        }
    }

    @Test("case 79: plain text behind COMPRESS ends the connection and is not carried out")
    func plainBehind() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.send("A COMPRESS DEFLATE\r\nB CREATE never\r\n")
            #expect(try await client.reply(to: "A").isOK)
            let rest = try await client.untilClosed()
            #expect(rest.isEmpty)
            #expect(try await server.login().command("SELECT never").code == "NONEXISTENT")
        }
    }

    @Test("case 84: a line that blows up to 1 GB is refused at the line's limit")
    func bomb() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("COMPRESS DEFLATE").isOK)
            let deflater = try #require(Deflater())
            var bomb = ByteBuffer()
            let zeros = ByteBuffer(repeating: 0x41, count: 8 << 20)
            for round in 1...128 { #expect(deflater.compress(zeros, flush: round == 128, into: &bomb)) }
            try await client.addHandler { try ClientDeflateHandler(compresses: false) }
            client.sendWithoutWaiting(Array(bomb.readableBytesView))
            let last = try await client.untilClosed()
            #expect(last.contains { $0.condition == "BYE" })
        }
    }

    @Test("over TLS, compressed below it")
    func overTLS() async throws {
        try await TestServer.withTLS { server, ports, context in
            let client = try await IMAPTestClient.connect(port: ports.implicit, tls: context)
            #expect(try await client.login().isOK)
            #expect(try await client.command("COMPRESS DEFLATE").isOK)
            try await client.addHandler { try ClientDeflateHandler() }
            try await server.fill(20)
            #expect(try await client.command("SELECT INBOX").isOK)
            #expect(try await client.command("FETCH 1:* BODY.PEEK[]").untagged.count == 20)
        }
    }
}

/// The client's end: decompresses whatever comes, at once.
final class ClientDeflateHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let deflater: Deflater
    private let inflater: Inflater
    private let compresses: Bool

    private var plainLines: Int

    /// - Parameters:
    ///   - compresses: false when what is sent is compressed already.
    ///   - plainLines: that the server still sends as they are.
    init(compresses: Bool = true, plainLines: Int = 0) throws {
        self.compresses = compresses
        self.plainLines = plainLines
        deflater = try #require(Deflater())
        inflater = try #require(Inflater())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        var output = ByteBuffer()
        while plainLines > 0, let byte = bytes.readInteger(as: UInt8.self) {
            output.writeInteger(byte)
            if byte == UInt8(ascii: "\n") { plainLines -= 1 }
        }
        var outcome = plainLines == 0 ? Inflater.Outcome.full : .paused
        while outcome == .full || bytes.readableBytes > 0 {
            outcome = inflater.decompress(&bytes, atMost: 1 << 20, into: &output)
            guard outcome != .broken else { return context.fireErrorCaught(TestFailure("not compressed")) }
        }
        if output.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(output)) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard compresses else { return context.write(data, promise: promise) }
        var output = ByteBuffer()
        _ = deflater.compress(unwrapOutboundIn(data), flush: true, into: &output)
        context.write(wrapOutboundOut(output), promise: promise)
    }
}
