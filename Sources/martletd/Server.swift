// The server put together: store, certificate, services, listeners; then it runs until a signal ends it.
//
// Order. Nothing listens before everything else stands, and the ready line comes after the last listener. At the end
// the listeners close first, then the sessions take leave, then the store closes.

import Accounts
import Foundation
import IMAPServer
import Logging
import MailCrypto
import MailStore
import NIOCore
import NIOPosix
import SMTP
import ServiceLifecycle
import Sockets
import UnixSignals

/// One server process.
struct Server {
    private let source: ConfigurationSource
    private let configuration: ServerConfiguration
    private let confinement: Confinement
    private let sink: LogSink
    private let logger: Logger

    /// - Parameters:
    ///   - confinement: what the process has given up by now.
    ///   - log: where its lines go.
    init(
        source: ConfigurationSource, configuration: ServerConfiguration, confinement: Confinement, log: FileHandle
    ) {
        self.source = source
        self.confinement = confinement
        self.configuration = configuration
        let sink = LogSink.file(log, level: configuration.logLevel, format: configuration.logFormat)
        self.sink = sink
        logger = Logger(label: "martletd") { _ in LineLogHandler(sink: sink) }
    }

    /// Returns when the server has ended as it was told to.
    /// - Throws: `StartupError` when it cannot start.
    func run() async throws {
        let descriptors = try descriptors(ProcessSetup.prepare())
        // Taken before the ready line, so that a signal that comes right after it finds its handler.
        let reloads = await UnixSignalsSequence(trapping: .sighup)
        let store = try await openStore(descriptors)
        do {
            try await serve(store, reloads, descriptors)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        logger.info("ended")
        await sink.finish()
    }

    private func serve(
        _ store: Store, _ reloads: UnixSignalsSequence, _ descriptors: DescriptorBudget
    ) async throws {
        let hostname = try await hostname(store)
        let needsTLS = !configuration.imap.isEmpty || !configuration.imaps.isEmpty
        let tls = needsTLS ? try certificate(for: "imap", protocols: ["imap"]) : nil
        let settings = ServiceSettings(configuration, hostname: hostname)
        var logins = AuthenticatorSettings()
        logins.limits.neverBanned = configuration.proxyNetworks
        let authenticator = Authenticator(
            store: store, parameters: configuration.argon2, settings: logins, logger: logger)
        // Before the first connection: bans hold from the beginning.
        try await authenticator.prepare()
        let live = LiveSessions()
        let imap = IMAPService(
            store: store, authenticator: authenticator, liveSessions: live, tls: tls, settings: settings.imap,
            descriptors: descriptors, logger: logger)
        let lmtpTLS = try tls.map { _ in try certificate(for: "lmtp", protocols: []) }
        let lmtpLogins = LMTPLogins(
            authenticator: authenticator, tls: lmtpTLS, plaintextOnLoopback: configuration.plaintextLogin == .loopback)
        let lmtp = LMTPService(
            store: store, hostname: hostname, limits: settings.lmtp, connections: configuration.lmtpConnections,
            proxies: configuration.proxyNetworks, logins: lmtpLogins, descriptors: descriptors, logger: logger)
        let listening = try await Listeners(configuration: configuration, imap: imap, lmtp: lmtp).bind()
        let control = ControlSocket(path: store.layout.controlSocket, logger: logger) { request in
            await ControlAnswers(directory: store.directory, sessions: live).answer(request)
        }
        try await control.bind()
        try confinement.complete()
        tellOfRights()
        let ready = "martletd \(Martletd.version) ready: \(listening.joined(separator: ", "))"
        let reload = Reload(
            source: source, sink: sink, logger: logger, tls: [tls, lmtpTLS].compactMap { $0 }, imap: imap,
            lmtpLogins: lmtpLogins, hostname: hostname, current: configuration)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: Housekeeping(store: store, logger: logger)),
                    .init(service: HeapTrimming()),
                    .init(service: ReloadService(signals: reloads, reload: reload)),
                    .init(service: MailServices(imap: imap, lmtp: lmtp, control: control) { announce(ready) }),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
        let end: Result<Void, any Error>
        do { end = .success(try await group.run()) } catch { end = .failure(error) }
        await authenticator.close()
        try end.get()
    }

    private func tellOfRights() {
        if confinement.isRoot {
            logger.warning(
                "the data directory belongs to root, so the server runs as root; give it a user of its own (chown -R)",
                metadata: ["directory": "\(source.dataDirectory)"])
        }
        logger.info(
            "rights were given up",
            metadata: ["uid": "\(geteuid())", "landlock": "\(confinement.landlock.map(String.init) ?? "none")"])
    }

    /// - Throws: `StartupError` when there are so few that nobody could be served.
    private func descriptors(_ files: OpenFiles) throws -> DescriptorBudget {
        let shortage = DescriptorShortage(limit: files.limit, logger: logger)
        guard files.limit >= DescriptorBudget.least else {
            throw StartupError(
                description: "this process may open \(files.limit) files, and \(DescriptorBudget.least) is the least "
                    + "that it can work with; raise the limit (LimitNOFILE= of the unit, or ulimit -n)")
        }
        return DescriptorBudget(limit: files.limit, inUse: files.inUse, cores: System.coreCount) { shortage.note() }
    }

    private func openStore(_ descriptors: DescriptorBudget) async throws -> Store {
        var options = Store.Options()
        options.retentionDays = configuration.retentionDays
        options.indexingDelay = .seconds(1)
        options.descriptors = descriptors
        // What nobody uses keeps no more than a quarter of the room from those who come.
        options.openAccounts = min(
            options.openAccounts, descriptors.capacity / 4 / DescriptorBudget.perAccount)
        do throws(StoreError) {
            return try await Store.open(
                at: source.dataDirectory, exclusive: true, options: options, logger: logger)
        } catch {
            throw StartupError(description: error.explanation)
        }
    }

    private func hostname(_ store: Store) async throws -> String {
        if let name = configuration.hostname { return name }
        do throws(StoreError) {
            return try await store.directory.setting("hostname") ?? "localhost"
        } catch {
            throw StartupError(description: error.explanation)
        }
    }

    /// Each service has a context of its own, so that no TLS session of one is resumed with another.
    private func certificate(for service: String, protocols: [String]) throws -> ReloadableTLSContext {
        do {
            return try ReloadableTLSContext(
                files: CertificateFiles(
                    certificateChain: configuration.tlsCertificate, privateKey: configuration.tlsKey),
                settings: TLSServerSettings(service: service, applicationProtocols: protocols))
        } catch {
            throw StartupError(
                description: "\(error). Put the certificate there, or name another with tls.certificate and tls.key")
        }
    }

    /// ServiceLifecycle's own lines, which are about itself, are wanted only while debugging.
    private var quietLogger: Logger {
        var logger = Logger(label: "martletd.lifecycle") { [sink] _ in LineLogHandler(sink: sink) }
        if sink.currentLevel > .debug { logger = Logger(label: "martletd.lifecycle") { _ in SwiftLogNoOpLogHandler() } }
        return logger
    }

    /// The one line on standard output.
    @Sendable private func announce(_ line: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
    }
}

/// The configuration in the words of the services.
struct ServiceSettings {
    let imap: IMAPSettings
    let lmtp: SMTPLimits

    init(_ configuration: ServerConfiguration, hostname: String) {
        var limits = IMAPLimits()
        limits.message = configuration.messageSize
        var imap = IMAPSettings(
            hostname: hostname,
            plaintextLogin: configuration.plaintextLogin == .loopback ? .loopback : .never, limits: limits)
        imap.literals = configuration.imapLiterals == .small ? .small : .any
        imap.connections = configuration.imapConnections
        imap.proxyNetworks = configuration.proxyNetworks
        imap.connectionsPerSource = configuration.imapConnectionsPerAddress
        imap.connectionsPerAccount = configuration.imapConnectionsPerAccount
        self.imap = imap
        var lmtp = SMTPLimits()
        lmtp.messageSize = configuration.messageSize
        lmtp.recipients = configuration.recipients
        self.lmtp = lmtp
    }
}
