// The IMAP service: its listeners, its sessions, and how they end.
//
// Theory. Each connection gets a gate, a handler and a session, which runs on the connection's event loop. The service
// keeps a handle of each session from accept to end. It watches the directory: after each commit there it asks,
// once for each login, whether the login still holds, and tells the sessions whose does not; one that does not take its
// leave in time, because its client does not read, is cut off. Where there are as many connections as there may be, a
// new one takes the place of the oldest that has not logged in: who only comes and waits keeps nobody else out.

package import Accounts
import CoreMetrics
package import Logging
package import MailCrypto
package import MailStore
package import NIOCore
import NIOPosix
package import Sockets
import Synchronization

/// How a listener's connections come to TLS.
package enum ConnectionSecurity: Sendable {
    /// In plain text, with STARTTLS (RFC 3501 §6.2.1).
    case startTLS
    /// TLS from the first byte (RFC 8314 §3.3).
    case implicitTLS
}

/// All IMAP of one process. Bind as many addresses as there are; end with `drain`.
package final class IMAPService: Sendable {
    fileprivate struct State {
        var settings: IMAPSettings
        var listeners: [any Channel] = []
        var sessions: [UInt64: Entry] = [:]
        var counts = ConnectionCounts()
        /// Sessions in the order in which they came, those that have not logged in among them.
        var arrivals = CircularBuffer<UInt64>()
        var nextSession: UInt64 = 0
        var isDraining = false
        /// Somebody may log in with a certificate: TLS asks for one.
        var asksForCertificates = false
        var watch: Watch?
        var watcher: Task<Void, Never>?
    }

    fileprivate struct Entry {
        let handle: SessionHandle
        let source: String?
        /// It has not been told to make room.
        var isCounted = true
    }

    private let store: MailStore.Store
    private let authenticator: Authenticator
    private let liveSessions: LiveSessions
    private let tls: ReloadableTLSContext?
    private let descriptors: DescriptorBudget?
    private let logger: Logger
    private let state: Mutex<State>
    /// Of each event loop, for which they stay as long as the service.
    private let turns = Mutex<[ObjectIdentifier: LoopTurns]>([:])

    /// - Parameters:
    ///   - authenticator: who may log in.
    ///   - liveSessions: where sessions enter themselves.
    ///   - tls: nil to offer none (tests); an `implicitTLS` listener needs one.
    ///   - settings: at first; `reload` changes them.
    ///   - descriptors: asked before a connection is accepted and before it gets a session; nil: nobody counts.
    package init(
        store: MailStore.Store, authenticator: Authenticator, liveSessions: LiveSessions = LiveSessions(),
        tls: ReloadableTLSContext?, settings: IMAPSettings, descriptors: DescriptorBudget? = nil, logger: Logger
    ) {
        self.store = store
        self.authenticator = authenticator
        self.liveSessions = liveSessions
        self.tls = tls
        self.descriptors = descriptors
        self.logger = logger
        state = Mutex(State(settings: settings))
        watchDirectory()
    }

    // MARK: Listening

    /// Listens on an address.
    /// - Parameter port: 0 for any that is free.
    /// - Returns: the port.
    package func bind(
        host: String, port: Int, security: ConnectionSecurity, on group: any EventLoopGroup
    ) async throws -> Int {
        await learnOfCertificates()
        let output = state.withLock { $0.settings.limits.outputBeforeAuthentication }
        var bootstrap = ServerBootstrap(group: group)
        if host.contains(":") {
            // Not IPv4 besides: 0.0.0.0 has a listener of its own.
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
        }
        let listener =
            try await bootstrap
            // Without file descriptors left: wait, do not spin.
            .serverChannelInitializer { [descriptors] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                    if let descriptors {
                        try channel.pipeline.syncOperations.addHandler(AcceptRoomHandler(descriptors))
                    }
                }
            }
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: Connection.waterMark(output))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, security) }
            }
            .bind(host: host, port: port).get()
        state.withLock { $0.listeners.append(listener) }
        return listener.localAddress?.port ?? port
    }

    /// Makes a new connection's pipeline: the proxy's header, TLS, the session's gate. The session begins when the
    /// channel becomes active. On the channel's event loop, and before that.
    package func accept(_ channel: any Channel, _ security: ConnectionSecurity) throws {
        let pipeline = channel.pipeline.syncOperations
        let gate = ChannelGate(eventLoop: channel.eventLoop)
        try channel.syncOptions?.setOption(.recvAllocator, value: ReceiveBuffers(gate.readBound))
        let origin = ConnectionOrigin(channel)
        let (proxies, asks) = state.withLock { ($0.settings.proxyNetworks, $0.asksForCertificates) }
        if let address = origin.ipAddress, proxies.contains(address: address) {
            let handler = ProxyHandler(accepted: origin.take) { [logger] reason in
                logger.warning(
                    "a proxy's connection was closed", metadata: ["rip": "\(address)", "reason": "\(reason)"])
            }
            try pipeline.addHandler(handler)
        }
        if security == .implicitTLS {
            guard let tls else { throw ChannelError.operationUnsupported }
            try pipeline.addHandler(TLSHandler(server: tls.current, asksForCertificate: asks))
        }
        try pipeline.addHandler(GateHandler(gate: gate) { self.begin($0, gate, security, origin) })
    }

    private func begin(
        _ channel: any Channel, _ gate: ChannelGate, _ security: ConnectionSecurity, _ origin: ConnectionOrigin
    ) {
        if let address = origin.ipAddress, !authenticator.mayConnect(address) {
            logger.debug("a banned address was refused", metadata: ["rip": "\(address)"])
            return channel.close(promise: nil)
        }
        let handle = SessionHandle(channel: channel, gate: gate, login: LoginSlot())
        guard descriptors?.mayStay() != false else { return refuse(channel, security) }
        let source = ConnectionCounts.source(of: origin.address)
        guard let (key, settings) = register(handle, from: source) else { return refuse(channel, security) }
        let environment = environment(settings, origin)
        SessionMetrics.sessions.increment()
        let connection = Connection(
            channel: channel, gate: gate, limits: settings.limits, turns: turns(of: channel.eventLoop))
        let session = Session(
            environment: environment, connection: connection, loginSlot: handle.login,
            isTLS: security == .implicitTLS)
        SessionTask(session) {
            self.state.withLock { state in
                guard let entry = state.sessions.removeValue(forKey: key), entry.isCounted else { return }
                state.counts.leave(source)
            }
        }.begin()
    }

    private func turns(of eventLoop: any EventLoop) -> LoopTurns {
        turns.withLock { turns in
            if let known = turns[ObjectIdentifier(eventLoop)] { return known }
            let made = LoopTurns(eventLoop)
            turns[ObjectIdentifier(eventLoop)] = made
            return made
        }
    }

    private func environment(_ settings: IMAPSettings, _ origin: ConnectionOrigin) -> SessionEnvironment {
        SessionEnvironment(
            store: store, authenticator: authenticator, liveSessions: liveSessions, descriptors: descriptors, tls: tls,
            asksForCertificate: state.withLock { $0.asksForCertificates }, settings: settings, logger: logger,
            sessionID: String(UInt64.random(in: .min ... .max), radix: 36),
            remoteAddress: origin.ipAddress ?? "local", isLoopback: origin.isLoopback)
    }

    /// One connection too many. Over TLS it learns no reason: that would cost a handshake.
    private func refuse(_ channel: any Channel, _ security: ConnectionSecurity) {
        guard security == .startTLS else { return channel.close(promise: nil) }
        let bye = ByteBuffer(string: "* BYE [UNAVAILABLE] Too many connections; try again later.\r\n")
        channel.writeAndFlush(bye).whenComplete { _ in channel.close(promise: nil) }
    }

    /// nil for one connection too many, and once the service drains.
    private func register(_ handle: SessionHandle, from source: String?) -> (UInt64, IMAPSettings)? {
        let (registered, displaced) = state.withLock { state -> ((UInt64, IMAPSettings)?, SessionHandle?) in
            let (most, mostPerSource) = (state.settings.connections, state.settings.connectionsPerSource)
            guard !state.isDraining, state.counts.hasRoom(for: source, mostPerSource: mostPerSource) else {
                return (nil, nil)
            }
            let displaced = state.counts.total >= most ? state.takeOldestStranger() : nil
            guard state.counts.admit(source, most: most, mostPerSource: mostPerSource) else { return (nil, displaced) }
            state.nextSession += 1
            state.enter(Entry(handle: handle, source: source))
            return ((state.nextSession, state.settings), displaced)
        }
        if let displaced {
            SessionMetrics.displaced.increment()
            displaced.cutOff(because: "too many connections: the oldest without a login")
        }
        return registered
    }

    /// New connections get these settings; sessions that exist keep theirs.
    package func reload(_ settings: IMAPSettings) { state.withLock { $0.settings = settings } }

    /// How many sessions there are.
    package var sessionCount: Int { state.withLock { $0.sessions.count } }

    // MARK: Revoked logins

    private func watchDirectory() {
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watch = store.directory.watchChanges { continuation.yield() }
        let watcher = Task { [weak self] in
            for await _ in changes {
                await self?.endRevokedSessions()
                await self?.learnOfCertificates()
            }
        }
        state.withLock { state in
            state.watch = watch
            state.watcher = watcher
        }
    }

    private func endRevokedSessions() async {
        let handles = state.withLock { $0.sessions.values.map(\.handle) }
        var verdicts: [LoginKey: Bool] = [:]
        for handle in handles {
            guard let login = handle.login.current else { continue }
            let key = LoginKey(
                credential: login.credential, changed: login.credentialChanged,
                remoteAddress: login.connection.remoteAddress)
            let isGood: Bool
            if let known = verdicts[key] { isGood = known } else { isGood = await login.isStillGood(store) }
            verdicts[key] = isGood
            if !isGood { handle.end(.revoked) }
        }
    }

    /// Whether TLS has a reason to ask for client certificates. Programs that have one show it to whoever asks, some
    /// after a question to their user: so nobody is asked for nothing.
    private func learnOfCertificates() async {
        guard let found = try? await store.directory.hasCredentials(of: .certificate) else { return }
        state.withLock { $0.asksForCertificates = found }
    }

    // MARK: The end

    /// Closes the listeners, tells every session BYE and waits for it to end, for at most `IMAPSettings.drainTime`;
    /// what is left is closed.
    package func drain() async {
        let (listeners, handles, watcher, time) = state.withLock { state in
            state.isDraining = true
            state.watch = nil
            defer { state.listeners = [] }
            return (state.listeners, state.sessions.values.map(\.handle), state.watcher, state.settings.drainTime)
        }
        watcher?.cancel()
        for listener in listeners { try? await listener.close().get() }
        for handle in handles { handle.gate.raise(.drain) }
        let end = ContinuousClock.now + time
        while sessionCount > 0, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(20)) }
        for entry in state.withLock({ Array($0.sessions.values) }) { entry.handle.channel.close(promise: nil) }
        while sessionCount > 0, ContinuousClock.now < end + .seconds(1) {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension IMAPService.State {
    /// Puts a session behind those that came before it.
    fileprivate mutating func enter(_ entry: IMAPService.Entry) {
        sessions[nextSession] = entry
        arrivals.append(nextSession)
        guard arrivals.count > 2 * sessions.count + 64 else { return }
        arrivals = CircularBuffer(arrivals.filter { sessions[$0].map(\.isStranger) ?? false })
    }

    /// Counts the oldest session out that has not logged in; nil when all have.
    fileprivate mutating func takeOldestStranger() -> SessionHandle? {
        while let key = arrivals.popFirst() {
            guard let entry = sessions[key], entry.isStranger else { continue }
            sessions[key]?.isCounted = false
            counts.leave(entry.source)
            return entry.handle
        }
        return nil
    }
}

extension IMAPService.Entry {
    fileprivate var isStranger: Bool { isCounted && handle.login.current == nil }
}

/// What decides whether a login still holds.
private struct LoginKey: Hashable {
    let credential: CredentialID
    let changed: Int64
    /// A main password may be good in some networks only.
    let remoteAddress: String
}
