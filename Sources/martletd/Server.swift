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
import UnixSignals

/// One server process.
struct Server {
    private let source: ConfigurationSource
    private let configuration: ServerConfiguration
    private let sink: LogSink
    private let logger: Logger

    init(source: ConfigurationSource, configuration: ServerConfiguration) {
        self.source = source
        self.configuration = configuration
        let sink = LogSink.standardError(level: configuration.logLevel, format: configuration.logFormat)
        self.sink = sink
        logger = Logger(label: "martletd") { _ in LineLogHandler(sink: sink) }
    }

    /// Returns when the server has ended as it was told to.
    /// - Throws: `StartupError` when it cannot start.
    func run() async throws {
        ProcessSetup.prepare()
        // Taken before the ready line, so that a signal that comes right after it finds its handler.
        let reloads = await UnixSignalsSequence(trapping: .sighup)
        let store = try await openStore()
        do {
            try await serve(store, reloads)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        logger.info("ended")
    }

    private func serve(_ store: Store, _ reloads: UnixSignalsSequence) async throws {
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
            logger: logger)
        let lmtpTLS = try tls.map { _ in try certificate(for: "lmtp", protocols: []) }
        let lmtpLogins = LMTPLogins(
            authenticator: authenticator, tls: lmtpTLS, plaintextOnLoopback: configuration.plaintextLogin == .loopback)
        let lmtp = LMTPService(
            store: store, hostname: hostname, limits: settings.lmtp, connections: configuration.lmtpConnections,
            proxies: configuration.proxyNetworks, logins: lmtpLogins, logger: logger)
        let listening = try await Listeners(configuration: configuration, imap: imap, lmtp: lmtp).bind()
        let control = ControlSocket(path: store.layout.controlSocket, logger: logger) { request in
            await ControlAnswers(directory: store.directory, sessions: live).answer(request)
        }
        try await control.bind()
        let ready = "martletd \(Martletd.version) ready: \(listening.joined(separator: ", "))"
        let reload = Reload(
            source: source, sink: sink, logger: logger, tls: [tls, lmtpTLS].compactMap { $0 }, imap: imap,
            lmtpLogins: lmtpLogins, hostname: hostname, current: configuration)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: Housekeeping(store: store, logger: logger)),
                    .init(service: ReloadService(signals: reloads, reload: reload)),
                    .init(service: MailServices(imap: imap, lmtp: lmtp, control: control) { announce(ready) }),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
        let end: Result<Void, any Error>
        do { end = .success(try await group.run()) } catch { end = .failure(error) }
        await authenticator.close()
        try end.get()
    }

    private func openStore() async throws -> Store {
        var options = Store.Options()
        options.retentionDays = configuration.retentionDays
        options.indexingDelay = .seconds(1)
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
        self.imap = imap
        var lmtp = SMTPLimits()
        lmtp.messageSize = configuration.messageSize
        lmtp.recipients = configuration.recipients
        self.lmtp = lmtp
    }
}
