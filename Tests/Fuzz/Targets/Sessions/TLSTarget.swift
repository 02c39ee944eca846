// Records of TLS for a server: made up, or a client's own with errors put into them.
//
// An input is a byte that says how it begins and then steps of three bytes: what, where, which byte. The byte's lowest
// bit chooses TLS 1.2 or 1.3; with 2, there is no client: the rest are bytes for the server. With 4, the steps begin
// when the handshake is done.

import Foundation
import MailCrypto
import NIOCore
import NIOEmbedded

final class TLSTarget {
    private let server: TLSContext
    private let clients: [TLSContext]

    init() throws {
        let made = try SelfSignedCertificate.make(hostname: "localhost")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = CertificateFiles(
            certificateChain: folder.appendingPathComponent("cert.pem").path,
            privateKey: folder.appendingPathComponent("key.pem").path)
        try made.certificatePEM.write(toFile: files.certificateChain, atomically: true, encoding: .utf8)
        try made.privateKeyPEM.write(toFile: files.privateKey, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: files.privateKey)
        server = try TLSContext.server(
            files: files, settings: TLSServerSettings(service: "fuzzing", applicationProtocols: ["imap"]))
        clients = try [TLSVersion.tls12, .tls13].map { version in
            try TLSContext.client(
                TLSClientSettings(
                    trust: .anyone, applicationProtocols: ["imap"], minimumVersion: version, maximumVersion: version))
        }
    }

    func take(_ bytes: [UInt8]) throws {
        let first = bytes.first ?? 0
        let run = try TLSRun(server: server, client: clients[Int(first & 1)])
        defer { run.end() }
        if first & 2 != 0 {
            try run.give(Array(bytes.dropFirst()))
        } else {
            if first & 4 != 0 { try run.shakeHands() }
            try run.play(Array(bytes.dropFirst()))
        }
        try run.check()
    }
}

/// A client and a server on embedded channels. What the client has written must arrive as it is, or not at all.
private final class TLSRun {
    private static let mostSteps = 100
    private let server: TLSEnd
    private let client: TLSEnd
    private var written: [UInt8] = []
    /// Bytes that somebody has put into the stream or taken out of it.
    private var isBroken = false

    init(server serverContext: TLSContext, client clientContext: TLSContext) throws {
        server = try TLSEnd(TLSHandler(server: serverContext))
        client = try TLSEnd(TLSHandler(client: clientContext, hostname: nil))
    }

    func end() {
        client.close()
        server.close()
    }

    func give(_ bytes: [UInt8]) throws {
        for piece in [bytes.prefix(bytes.count / 2), bytes.suffix(from: bytes.count / 2)] {
            server.receive(Array(piece))
        }
        isBroken = true
        try require(server.witness.received.isEmpty, "something without a handshake")
    }

    func shakeHands() throws {
        while true {
            let forth = try client.taken()
            server.receive(forth)
            let back = try server.taken()
            client.receive(back)
            if forth.isEmpty, back.isEmpty { break }
        }
        try require(server.handler.version != nil && client.handler.version != nil, "the handshake has failed")
    }

    func play(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        for _ in 0..<TLSRun.mostSteps where rest.count >= 3 {
            let step = Array(rest.prefix(3))
            rest = rest.dropFirst(3)
            try play(step[0], Int(step[1]), step[2], &rest)
        }
    }

    private func play(_ what: UInt8, _ place: Int, _ value: UInt8, _ rest: inout ArraySlice<UInt8>) throws {
        var records = try client.taken()
        let index = records.isEmpty ? 0 : (place * 8 + Int(value & 7)) % records.count
        switch what & 7 {
        case 0, 1: break
        case 2 where !records.isEmpty:
            records[index] ^= value | 1
            isBroken = true
        case 3 where !records.isEmpty:
            records.removeSubrange(index...)
            isBroken = true
        case 4 where !records.isEmpty:
            records += records
            isBroken = true
        case 5:
            let inserted = rest.prefix(Int(value))
            rest = rest.dropFirst(inserted.count)
            records.insert(contentsOf: inserted, at: index)
            isBroken = isBroken || !inserted.isEmpty
        case 6:
            let bytes = [UInt8](repeating: value, count: place * 64 + 1)
            written += bytes
            client.channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        default: server.channel.writeAndFlush(ByteBuffer(repeating: value, count: place + 1), promise: nil)
        }
        server.receive(records)
        client.receive(try server.taken())
        try check()
    }

    /// Whatever was done to the records.
    func check() throws {
        let received = server.witness.received
        try require(
            received.count <= written.count && received.elementsEqual(written.prefix(received.count)),
            "\(received.count) bytes that the client has not written")
        try require(server.witness.errors <= 1, "\(server.witness.errors) errors")
        try require(server.witness.afterError == 0, "\(server.witness.afterError) bytes after an error")
        if server.witness.errors > 0 { try require(!server.channel.isActive, "it stays open after an error") }
        try require(server.witness.errors == 0 || isBroken, "an error, and nobody has touched anything")
    }
}

private final class TLSEnd {
    let channel = EmbeddedChannel()
    let handler: TLSHandler
    let witness = TLSWitness()

    init(_ handler: TLSHandler) throws {
        self.handler = handler
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHandler(witness)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func receive(_ bytes: [UInt8]) {
        guard channel.isActive, !bytes.isEmpty else { return }
        channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
        channel.pipeline.fireChannelReadComplete()
    }

    /// What goes to the network now.
    func taken() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let records = try channel.readOutbound(as: ByteBuffer.self) { bytes += records.readableBytesView }
        return bytes
    }

    /// A pipeline holds itself together until its channel is closed, and the handler waits for the other end.
    func close() {
        channel.close(promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    }
}

private final class TLSWitness: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private(set) var received: [UInt8] = []
    private(set) var errors = 0
    private(set) var afterError = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        received += bytes.readableBytesView
        if errors > 0 { afterError += bytes.readableBytes }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { errors += 1 }
}
