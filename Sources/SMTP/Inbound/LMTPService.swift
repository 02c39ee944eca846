// The LMTP service: its listeners, how many connections it keeps, and how it ends.
//
// LMTP needs no login: whoever can connect can deliver to every account. So it listens on a unix socket, or on an
// address that only the mail transfer agent reaches. On TCP a client may begin TLS and log in all the same.

package import Accounts
package import Logging
package import MailStore
package import NIOCore
import NIOPosix
package import Sockets
import Synchronization

/// All LMTP of one process. Bind as many addresses as there are; end with `drain`.
package final class LMTPService: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var sockets: [UnixSocketFile] = []
        var sessions: [UInt64: ConnectionReader] = [:]
        var nextSession: UInt64 = 0
        var isDraining = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let delivery: Delivery
    private let limits: SMTPLimits
    private let connections: Int
    private let proxies: [Network]
    private let logins: LMTPLogins?
    private let descriptors: DescriptorBudget?
    private let logger: Logger
    /// Distinguishes the names of this process's sessions from an earlier one's.
    private let epoch: String
    private let state = Mutex(State())

    /// - Parameters:
    ///   - hostname: greets, and stands in Received lines.
    ///   - connections: the most at a time; further ones get 421.
    ///   - proxies: their connections must begin with a PROXY protocol header.
    ///   - logins: nil to offer neither TLS nor AUTH; on unix sockets they are not offered in any case.
    ///   - descriptors: asked before a connection is accepted and before it gets a session; nil: nobody counts.
    package init(
        store: Store, hostname: String, limits: SMTPLimits = SMTPLimits(), connections: Int = 100,
        proxies: [Network] = [], logins: LMTPLogins? = nil, descriptors: DescriptorBudget? = nil, logger: Logger
    ) {
        delivery = Delivery(store: store, hostname: hostname, limits: limits, logger: logger)
        self.limits = limits
        self.connections = connections
        self.proxies = proxies
        self.logins = logins
        self.descriptors = descriptors
        self.logger = logger
        epoch = String(UInt64.random(in: 0..<(1 << 40)), radix: 36)
    }

    /// Listens on a TCP address.
    /// - Parameter port: 0 for any that is free.
    /// - Returns: the port.
    package func bind(host: String, port: Int, on group: any EventLoopGroup) async throws -> Int {
        var bootstrap = bootstrap(group)
        if host.contains(":") {
            // Not IPv4 too: 0.0.0.0 and [::] are two listeners.
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
        }
        let channel = try await bootstrap.bind(host: host, port: port).get()
        state.withLock { $0.listeners.append(channel) }
        return channel.localAddress?.port ?? port
    }

    /// Listens on a unix socket, which its owner and its group may use (0660). The file of a server that is gone is
    /// replaced; one that answers, or that is no socket, is not.
    package func bind(unixSocket path: String, on group: any EventLoopGroup) async throws {
        let file = UnixSocketFile(path: path)
        if try file.isThere() {
            if let other = try? await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get() {
                try? await other.close()
                throw UnixSocketError(
                    description: "another server listens on \(path); stop it or choose another path")
            }
            file.remove()
        }
        let channel = try await bootstrap(group).bind(unixDomainSocketPath: path).get()
        try file.allowGroup()
        state.withLock { state in
            state.listeners.append(channel)
            state.sockets.append(file)
        }
    }

    /// Closes the listeners, lets messages that are coming in arrive, then says 421 to every client. Returns when all
    /// are gone, or after `time`.
    package func drain(within time: Duration = .seconds(5)) async {
        let (listeners, sockets, readers) = state.withLock { state in
            state.isDraining = true
            defer {
                state.listeners = []
                state.sockets = []
            }
            return (state.listeners, state.sockets, Array(state.sessions.values))
        }
        for listener in listeners { try? await listener.close() }
        for socket in sockets { socket.remove() }
        for reader in readers { reader.drain() }
        let timer = Task {
            try? await Task.sleep(for: time)
            self.releaseWaiters()
        }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if !state.sessions.isEmpty { state.waiters.append(continuation) }
                return state.sessions.isEmpty
            }
            if isDone { continuation.resume() }
        }
        timer.cancel()
    }

    /// Connections at this moment.
    package var sessionCount: Int { state.withLock { $0.sessions.count } }

    private func bootstrap(_ group: any EventLoopGroup) -> ServerBootstrap {
        ServerBootstrap(group: group)
            // Without file descriptors left: wait, do not spin.
            .serverChannelInitializer { [descriptors] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                    if let descriptors {
                        try channel.pipeline.syncOperations.addHandler(AcceptRoomHandler(descriptors))
                    }
                }
            }
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
    }

    /// Begins the session of a new connection; behind a proxy, once that has said whose it is. On the channel's event
    /// loop, in the same turn in which the channel becomes active or before.
    package func accept(_ channel: any Channel) throws {
        let reader = ConnectionReader()
        let address = channel.remoteAddress?.ipAddress
        guard let address, proxies.contains(address: address) else {
            try channel.pipeline.syncOperations.addHandler(reader)
            return begin(channel, reader, LMTPOrigin(address: address, isLoopback: channel.isWithinThisMachine))
        }
        let proxy = ProxyHandler {
            self.begin(
                channel, reader, LMTPOrigin(address: $0.source?.ipAddress ?? address, isLoopback: false))
        } refused: { [logger] reason in
            logger.warning("a proxy's connection was closed", metadata: ["rip": "\(address)", "reason": "\(reason)"])
        }
        try channel.pipeline.syncOperations.addHandlers([proxy, reader])
    }

    private func begin(_ channel: any Channel, _ reader: ConnectionReader, _ origin: LMTPOrigin) {
        let loan = descriptors?.session()
        guard descriptors == nil || loan != nil else { return refuse(channel) }
        let session: UInt64? = state.withLock { state in
            guard !state.isDraining, state.sessions.count < connections else { return nil }
            state.nextSession += 1
            state.sessions[state.nextSession] = reader
            return state.nextSession
        }
        guard let session else { return refuse(channel) }
        let name = "\(epoch).\(session)"
        // The task begins after the channel is active: it is queued on the loop that runs this.
        Task(executorPreference: LoopExecutor(channel.eventLoop)) {
            var conversation = LMTPSession(
                channel: channel, reader: reader, delivery: self.delivery, limits: self.limits, logger: self.logger,
                name: name, clientAddress: origin.address,
                logins: self.logins.map { LMTPLoginDesk(service: $0, origin: origin, session: name) })
            await conversation.run()
            withExtendedLifetime(loan) {}
            self.ended(session)
        }
    }

    private func refuse(_ channel: any Channel) {
        var bytes = ByteBuffer()
        Reply.tooManyConnections.write(into: &bytes)
        let reply = bytes
        channel.eventLoop.execute {
            channel.writeAndFlush(reply).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    private func ended(_ session: UInt64) {
        let waiters = state.withLock { state in
            state.sessions[session] = nil
            guard state.sessions.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func releaseWaiters() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

extension Channel {
    /// Whether both ends are loopback addresses.
    fileprivate var isWithinThisMachine: Bool {
        let ends = [remoteAddress, localAddress].map { $0?.ipAddress.flatMap(IPAddress.init)?.isLoopback ?? false }
        return ends.allSatisfy { $0 }
    }
}
