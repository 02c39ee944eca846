// A loop whose sessions never rest: its sockets are looked at all the same.

import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import IMAPServer

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct LoopTurnsTests {
    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
    }

    private final class Shared: Sendable {
        let begun = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        let turns = Mutex<[Int]>([])
    }

    /// Turns that each of eight has until they give up on the echo.
    private static let most = 100_000

    @Test("case 148: while several never rest, the loop looks at its sockets, and all of them have as many turns")
    func echoAmongTheRestless() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let client = try connected(to: port)
        defer { close(client) }
        try echo(client)

        let turns = LoopTurns(loop)
        let shared = Shared()
        let executor = LoopExecutor(loop)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask(executorPreference: executor) {
                    shared.begun.add(1, ordering: .relaxed)
                    while shared.begun.load(ordering: .relaxed) < 8 { await turns.giveWay() }
                    var mine = 0
                    while !shared.isOver.load(ordering: .relaxed), mine < Self.most {
                        mine += 1
                        await turns.giveWay()
                    }
                    shared.turns.withLock { $0.append(mine) }
                }
            }
            for _ in 0..<100 { try echo(client) }
            shared.isOver.store(true, ordering: .relaxed)
            try await tasks.waitForAll()
        }
        let all = shared.turns.withLock { $0 }
        let (least, most) = (all.min() ?? 0, all.max() ?? 0)
        #expect(most < Self.most, "the echo came when they had given up: \(all)")
        #expect(most - least <= 2, "\(all)")
        try await server.close()
        try await group.shutdownGracefully()
    }

    private func connected(to port: Int) throws -> Int32 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        return client
    }

    private func echo(_ client: Int32) throws {
        var byte: UInt8 = 0x21
        try #require(write(client, &byte, 1) == 1)
        try #require(read(client, &byte, 1) == 1)
    }
}
