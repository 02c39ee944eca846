// Certificates, keys, folders and pairs of connections that the tests of this module share.

import Foundation
import MailCrypto
import NIOCore
import NIOEmbedded
import Testing

/// A folder that lives as long as the object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "martlet-crypto-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

/// A service's certificate on disk, for "localhost" and 127.0.0.1.
struct TestService {
    let folder: TemporaryFolder
    let files: CertificateFiles
    let certificatePEM: String

    init() throws {
        folder = try TemporaryFolder()
        let made = try SelfSignedCertificate.make(hostname: "localhost", alternativeNames: ["127.0.0.1", "::1"])
        certificatePEM = made.certificatePEM
        files = CertificateFiles(
            certificateChain: try folder.write("cert.pem", made.certificatePEM),
            privateKey: try folder.write("key.pem", made.privateKeyPEM))
    }

    func server(
        _ settings: TLSServerSettings = TLSServerSettings(service: "test"), ticketKeys: TicketKeys = TicketKeys()
    ) throws -> TLSContext {
        try TLSContext.server(files: files, settings: settings, ticketKeys: ticketKeys)
    }

    func client(
        protocols: [String] = [], minimum: TLSVersion = .tls12, maximum: TLSVersion = .tls13,
        showing certificate: CertificateFiles? = nil
    ) throws -> TLSContext {
        try TLSContext.client(
            TLSClientSettings(
                trust: .pem(certificatePEM), certificate: certificate, applicationProtocols: protocols,
                minimumVersion: minimum, maximumVersion: maximum))
    }
}

/// Remembers what a TLS handler tells the handlers behind it.
final class Witness: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var completed: [TLSHandshakeCompleted] = []
    var errors: [any Error] = []
    var inputClosed = 0
    var received = ByteBuffer()
    var largestRead = 0
    var inactive = false
    var onRead: ((ChannelHandlerContext, ByteBuffer) -> Void)?

    var tlsErrors: [TLSError] { errors.compactMap { $0 as? TLSError } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        largestRead = max(largestRead, buffer.readableBytes)
        if let onRead { onRead(context, buffer) } else { received.writeImmutableBuffer(buffer) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { completed.append(event) }
        if let event = event as? ChannelEvent, event == .inputClosed { inputClosed += 1 }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }

    func channelInactive(context: ChannelHandlerContext) { inactive = true }
}

/// One end of a connection without a network.
final class End {
    let channel: EmbeddedChannel
    let handler: TLSHandler
    let witness = Witness()

    init(_ handler: TLSHandler, half: Bool = false) throws {
        self.handler = handler
        channel = EmbeddedChannel()
        channel.allowRemoteHalfClosure = half
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHandler(witness)
    }

    /// A pipeline holds itself together until its channel is closed, and the handler waits a while for the other end.
    deinit {
        channel.close(promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    }

    func connect() throws {
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func write(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    /// What goes to the network now.
    func takeRecords() throws -> ByteBuffer {
        var all = ByteBuffer()
        while let records = try channel.readOutbound(as: ByteBuffer.self) { all.writeImmutableBuffer(records) }
        return all
    }
}

/// A client and a server on two embedded channels; the test carries the bytes.
final class Pair {
    let client: End
    let server: End

    init(
        client clientContext: TLSContext, server serverContext: TLSContext, resuming session: TLSSession? = nil,
        half: Bool = false, asksForCertificate: Bool = false
    ) throws {
        server = try End(TLSHandler(server: serverContext, asksForCertificate: asksForCertificate), half: half)
        client = try End(
            TLSHandler(client: clientContext, hostname: "localhost", resuming: session), half: half)
    }

    func connect() throws {
        try server.connect()
        try client.connect()
    }

    /// Carries bytes both ways, in pieces of `piece` bytes, until there are none.
    func carry(piece: Int = .max) throws {
        while true {
            let forth = try Pair.carry(from: client, to: server, piece)
            let back = try Pair.carry(from: server, to: client, piece)
            if !forth, !back { return }
        }
    }

    static func carry(from: End, to: End, _ piece: Int = .max) throws -> Bool {
        var bytes = try from.takeRecords()
        guard bytes.readableBytes > 0 else { return false }
        while let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 {
            guard to.channel.isActive else { return true }
            to.channel.pipeline.fireChannelRead(part)
            to.channel.pipeline.fireChannelReadComplete()
        }
        return true
    }
}
