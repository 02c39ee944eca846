// The service over real sockets: deliveries that are there when 250 comes, drains, limits, the socket's file.

import Accounts
import Foundation
import Logging
import Mail
import MailStore
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import SMTP

/// A client that speaks and listens in lines.
private struct Client {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Says `text` and gives what came back, until `replies` last lines of replies are there or the server closes.
    static func talk(to address: Address, _ text: String, replies: Int) async throws -> [Int] {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        let initialize: @Sendable (any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> = {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        let channel =
            switch address {
            case .port(let port):
                try await bootstrap.connect(host: "127.0.0.1", port: port, channelInitializer: initialize)
            case .path(let path):
                try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initialize)
            }
        return try await channel.executeThenClose { inbound, outbound in
            // A server that has closed by now has said why: what it said is what counts.
            if !text.isEmpty { try? await outbound.write(ByteBuffer(string: text)) }
            var received = ""
            for try await bytes in inbound {
                received += String(buffer: bytes)
                if codes(received).count >= replies { break }
            }
            return codes(received)
        }
    }

    static func codes(_ text: String) -> [Int] {
        text.split(separator: "\r\n").filter { $0.dropFirst(3).first == " " }.compactMap { Int($0.prefix(3)) }
    }
}

private enum Address: Sendable {
    case port(Int)
    case path(String)
}

private let transaction = """
    LHLO client.example\r
    MAIL FROM:<bob@elsewhere.example>\r
    RCPT TO:<alice@example.org>\r
    DATA\r
    Subject: x\r
    \r
    body\r
    .\r

    """

private func withService(
    limits: SMTPLimits = SMTPLimits(), connections: Int = 100, proxies: [Network] = [],
    _ test: @Sendable (LMTPService, TemporaryStore, AccountStore) async throws -> Void
) async throws {
    try await TemporaryStore.with { temporary in
        let alice = try await temporary.account("alice@example.org")
        let service = LMTPService(
            store: temporary.store, hostname: "mx.example.org", limits: limits, connections: connections,
            proxies: proxies, logger: .quiet)
        do {
            try await test(service, temporary, alice)
        } catch {
            await service.drain()
            throw error
        }
        await service.drain()
    }
}

private func count(_ account: AccountStore) async throws -> Int {
    try await account.mailbox(.inbox)?.messages ?? -1
}

@Suite struct LMTPServiceTests {
    @Test func deliversOverTCPAndUnixSocket() async throws {
        try await withService { service, temporary, alice in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            let codes = try await Client.talk(to: .port(port), transaction, replies: 6)
            #expect(codes == [220, 250, 250, 250, 354, 250])
            #expect(try await count(alice) == 1)
            let path = "/tmp/martlet-\(UInt64.random(in: 0...UInt64.max)).sock"
            try await service.bind(unixSocket: path, on: MultiThreadedEventLoopGroup.singleton)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o660)
            #expect(try await Client.talk(to: .path(path), transaction, replies: 6).last == 250)
            #expect(try await count(alice) == 2)
            await service.drain()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("case 154: behind a proxy the client's address is the header's; without a header nothing is said")
    func proxied() async throws {
        // TCP over IPv4, 10.0.0.7:1025 to 127.0.0.1:24.
        let header = "\r\n\r\n\0\r\nQUIT\n!\u{11}\0\u{0c}\u{0a}\0\0\u{07}\u{7f}\0\0\u{01}\u{04}\u{01}\0\u{18}"
        try await withService(proxies: [try Network("127.0.0.0/8")]) { service, _, alice in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            #expect(try await Client.talk(to: .port(port), header + transaction, replies: 6).last == 250)
            let snapshot = try await alice.view(of: .inbox).current
            let body = snapshot[0].bodyID
            let trace = try await alice.read { String(decoding: try $0.message(body), as: UTF8.self) }
            #expect(trace.contains("Received: from client.example ([10.0.0.7])"))
            #expect(try await Client.talk(to: .port(port), transaction, replies: 1).isEmpty)
            #expect(try await count(alice) == 1)
        }
        try await withService(proxies: [try Network("192.0.2.0/24")]) { service, _, alice in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            _ = try await Client.talk(to: .port(port), header + transaction, replies: 7)
            #expect(try await count(alice) == 0)
        }
    }

    @Test("a stale socket is replaced; a live one and another file are not")
    func socketFile() async throws {
        try await withService { service, temporary, _ in
            let group = MultiThreadedEventLoopGroup.singleton
            let path = "/tmp/martlet-\(UInt64.random(in: 0...UInt64.max)).sock"
            try await service.bind(unixSocket: path, on: group)
            let other = LMTPService(store: temporary.store, hostname: "b", logger: .quiet)
            await #expect(throws: UnixSocketError.self) { try await other.bind(unixSocket: path, on: group) }
            let file = path + ".txt"
            try Data("precious".utf8).write(to: URL(fileURLWithPath: file))
            defer { try? FileManager.default.removeItem(atPath: file) }
            await #expect(throws: UnixSocketError.self) { try await other.bind(unixSocket: file, on: group) }
            #expect(FileManager.default.contents(atPath: file) == Data("precious".utf8))
            // What a server that was killed leaves: a socket that nobody listens on.
            let stale = path + ".stale"
            #expect(mknod(stale, S_IFSOCK | 0o600, 0) == 0)
            try await other.bind(unixSocket: stale, on: group)
            await other.drain()
        }
    }

    @Test("connections beyond the limit get 421")
    func connectionLimit() async throws {
        try await withService(connections: 0) { service, _, _ in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            let codes = try await Client.talk(to: .port(port), "", replies: 2)
            #expect(codes == [421])
        }
    }

    @Test("a drain says 421 to who waits, and ends")
    func drainEnds() async throws {
        try await withService { service, _, _ in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            async let waiting = Client.talk(to: .port(port), "LHLO a\r\n", replies: 3)
            try await waitUntil("a session") { service.sessionCount > 0 }
            await service.drain(within: .seconds(20))
            let codes = try await waiting
            #expect(codes.last == 421)
            #expect(service.sessionCount == 0)
        }
    }

    @Test("case 40: a client that says nothing is told so and closed")
    func commandTimeout() async throws {
        var limits = SMTPLimits()
        limits.commandTimeout = .milliseconds(200)
        try await withService(limits: limits) { service, _, _ in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            let codes = try await Client.talk(to: .port(port), "LHLO", replies: 3)
            #expect(codes == [220, 421])
        }
    }

    @Test("case 149: a command whose bytes come one by one has no more time than another")
    func slowCommand() async throws {
        var limits = SMTPLimits()
        limits.commandTimeout = .milliseconds(500)
        try await withService(limits: limits) { service, _, _ in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            let isOver = Atomic(false)
            client.closeFuture.whenComplete { _ in isOver.store(true, ordering: .relaxed) }
            // Within the longest line there is room for two minutes of it.
            var sent = 0
            while !isOver.load(ordering: .relaxed), sent < 4_000 {
                client.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
                sent += 1
                try await Task.sleep(for: .milliseconds(30))
            }
            #expect(sent < 1_000)
        }
    }

    @Test("case 40: a message that never ends is ended, and nothing of it is stored")
    func messageTimeout() async throws {
        var limits = SMTPLimits()
        limits.dataTimeout = .milliseconds(200)
        try await withService(limits: limits) { service, _, alice in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            let half = String(transaction.dropLast(5))
            let codes = try await Client.talk(to: .port(port), half, replies: 6)
            #expect(codes == [220, 250, 250, 250, 354, 421])
            #expect(try await count(alice) == 0)
        }
    }

    @Test("case 48: a client that goes before its 250 has delivered, once; its retry is a second message, not a loss")
    func lostReply() async throws {
        try await withService { service, _, alice in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            // Leaves after 354 came, with the whole message sent.
            _ = try await Client.talk(to: .port(port), transaction, replies: 5)
            try await waitUntil("the session's end") { service.sessionCount == 0 }
            let first = try await count(alice)
            #expect(first == 1)
            #expect(try await Client.talk(to: .port(port), transaction, replies: 6).last == 250)
            #expect(try await count(alice) == first + 1)
        }
    }

    @Test("twenty clients at once, ten messages each: all are there")
    func manyClients() async throws {
        try await withService { service, _, alice in
            let port = try await service.bind(host: "127.0.0.1", port: 0, on: MultiThreadedEventLoopGroup.singleton)
            let body = String(transaction.dropFirst("LHLO client.example\r\n".count))
            let script = "LHLO c\r\n" + String(repeating: body, count: 10)
            try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<20 { group.addTask { try await Client.talk(to: .port(port), script, replies: 42) } }
                for try await codes in group { #expect(codes.filter { $0 == 250 }.count == 31) }
            }
            #expect(try await count(alice) == 200)
        }
    }
}
