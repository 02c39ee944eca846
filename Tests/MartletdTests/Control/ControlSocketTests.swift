// The control socket with both its ends: asked by the command line's client, and by hostile hands.

import Accounts
import Foundation
import Logging
import NIOCore
import NIOPosix
import Sockets
import TestSupport
import Testing

@testable import martletd

@Suite struct ControlSocketTests {
    private static let session = ControlSession(
        id: "s1", account: 1, address: "alice@example.org", protocolName: "imap", remoteAddress: "192.0.2.7",
        tls: "TLSv1.3", client: "Mail\n1.0", credential: 4, credentialLabel: "phone", since: 1_700_000_000)

    /// A socket in a directory of its own.
    private func with(
        mayAsk: (@Sendable (PeerCredentials) -> Bool)? = nil,
        _ test: (_ directory: String, _ socket: String) async throws -> Void
    ) async throws {
        let directory = NSTemporaryDirectory() + "/mc-" + String(UInt32.random(in: .min ... .max), radix: 36)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let socket = ControlSocket(
            path: directory + "/control.sock",
            logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }, mayAsk: mayAsk
        ) { request in
            switch request {
            case .sessions(let account): .sessions(account == nil ? [Self.session] : [])
            case .kickSession(let id): .kicked(id == "s1" ? 1 : 0)
            case .kickAccount(let address): .error("there is no account \(address)")
            }
        }
        try await socket.bind()
        do { try await test(directory, directory + "/control.sock") } catch {
            await socket.close()
            throw error
        }
        await socket.close()
        #expect(!FileManager.default.fileExists(atPath: directory + "/control.sock"))
        try FileManager.default.removeItem(atPath: directory)
    }

    /// Says these bytes and gives all that comes until the server closes.
    private func say(_ bytes: [UInt8], to socket: String) async throws -> String {
        let group = MultiThreadedEventLoopGroup.singleton
        let everything = group.next().makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(everything))
                }
            }
            .connect(unixDomainSocketPath: socket).get()
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        return try await everything.futureResult.get("the answer")
    }

    @Test func answersTheCommandLine() async throws {
        try await with { directory, socket in
            let client = ControlClient(dataDirectory: directory)
            #expect(try await client.sessions() == [Self.session])
            #expect(try await client.sessions(of: "bob@example.org").isEmpty)
            #expect(try await client.kick(session: "s1") == 1)
            #expect(try await client.kick(session: "s2") == 0)
            await #expect(throws: ControlError.refused("there is no account bob@example.org")) {
                try await client.kick(account: "bob@example.org")
            }
            let mode = try FileManager.default.attributesOfItem(atPath: socket)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("case 139: only root and the server's own user are answered: the kernel says who asks")
    func strangers() async throws {
        let own = geteuid()
        try await with(mayAsk: { peer in
            #expect(peer.userID == own)
            #expect(peer.processID == getpid())
            return false
        }) { directory, _ in
            await #expect(throws: ControlError.refused("only root and the server's own user are answered here")) {
                try await ControlClient(dataDirectory: directory).sessions()
            }
        }
    }

    @Test(
        "what is no request gets an error and the connection's end",
        arguments: ["\n", "x\n", "{\"command\":\"stop\"}\n", String(repeating: "x", count: 5_000), "{}\n{}\n"])
    func malformed(text: String) async throws {
        try await with { directory, socket in
            let answer = try await say(Array(text.utf8), to: socket)
            #expect(answer.hasPrefix("{\"error\":\""))
            #expect(answer.filter { $0 == "\n" }.count == 1)
            #expect(try await ControlClient(dataDirectory: directory).sessions().count == 1)
        }
    }

    @Test func saysThatNobodyListens() async throws {
        let nowhere = NSTemporaryDirectory()
        let error = await #expect(throws: ControlError.self) {
            try await ControlClient(dataDirectory: nowhere + "/no-such").sessions()
        }
        #expect(error?.explanation.contains("not running") == true)
    }

    @Test func aSocketLeftOverIsReplaced() async throws {
        try await with { directory, socket in
            let second = ControlSocket(
                path: socket, logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
            ) { _ in .kicked(7) }
            try await second.bind()
            #expect(try await ControlClient(dataDirectory: directory).kick(session: "x") == 7)
            await second.close()
        }
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let everything: EventLoopPromise<String>
    private var buffer = ByteBuffer()

    init(_ everything: EventLoopPromise<String>) { self.everything = everything }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        buffer.writeBuffer(&bytes)
    }
    func channelInactive(context: ChannelHandlerContext) { everything.succeed(String(buffer: buffer)) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
