// SIGHUP: certificate and configuration are read again; what is wrong leaves everything as it was.

import Accounts
import IMAPServer
import Logging
import MailCrypto
import SMTP
import ServiceLifecycle
import UnixSignals

/// What a reload touches. Used by one task.
struct Reload: Sendable {
    let source: ConfigurationSource
    let sink: LogSink
    let logger: Logger
    let tls: [ReloadableTLSContext]
    let imap: IMAPService
    let lmtpLogins: LMTPLogins
    let hostname: String
    /// What is in force.
    var current: ServerConfiguration
    /// Whether that comes from a file.
    private var hasFile: Bool

    init(
        source: ConfigurationSource, sink: LogSink, logger: Logger, tls: [ReloadableTLSContext], imap: IMAPService,
        lmtpLogins: LMTPLogins, hostname: String, current: ServerConfiguration
    ) {
        self.source = source
        self.sink = sink
        self.logger = logger
        self.tls = tls
        self.imap = imap
        self.lmtpLogins = lmtpLogins
        self.hostname = hostname
        self.current = current
        hasFile = source.hasFile
    }

    mutating func run() async {
        reloadCertificate()
        do {
            // One that is gone is being written anew, or a slip: nobody asks for all defaults in this way.
            guard source.hasFile || !hasFile else { throw MissingConfiguration() }
            take(try await source.load().configuration)
            hasFile = source.hasFile
        } catch {
            logger.error("the configuration was not reloaded; the old one stays", metadata: ["reason": "\(error)"])
        }
    }

    private func reloadCertificate() {
        guard let first = tls.first else { return }
        do {
            for context in tls { try context.reload() }
            logger.info("the certificate was reloaded", metadata: ["file": "\(first.files.certificateChain)"])
        } catch {
            logger.error("the certificate was not reloaded; the old one stays", metadata: ["reason": "\(error)"])
        }
    }

    /// Puts in force what can be without a restart, and says what cannot.
    private mutating func take(_ new: ServerConfiguration) {
        let waiting = ConfigurationKey.all.filter { $0.needsRestart && $0.show(new) != $0.show(current) }
        if !waiting.isEmpty {
            logger.warning(
                "a restart is needed for changed values",
                metadata: ["keys": "\(waiting.map(\.name).joined(separator: ","))"])
        }
        current.logLevel = new.logLevel
        current.plaintextLogin = new.plaintextLogin
        current.imapLiterals = new.imapLiterals
        current.imapConnections = new.imapConnections
        current.imapConnectionsPerAddress = new.imapConnectionsPerAddress
        current.imapConnectionsPerAccount = new.imapConnectionsPerAccount
        sink.currentLevel = new.logLevel
        imap.reload(ServiceSettings(current, hostname: hostname).imap)
        lmtpLogins.reload(plaintextOnLoopback: new.plaintextLogin == .loopback)
        logger.info("the configuration was reloaded")
    }
}

/// The file that there was is gone.
private struct MissingConfiguration: Error, CustomStringConvertible {
    var description: String { "martlet.yaml is gone; to run by the defaults, restart the server" }
}

/// Waits for SIGHUP.
struct ReloadService: Service {
    let signals: UnixSignalsSequence
    let reload: Reload

    func run() async throws {
        var reload = reload
        for await _ in signals.cancelOnGracefulShutdown() { await reload.run() }
        // The sequence also ends when the group does; nothing else ends it.
        try await gracefulShutdown()
    }
}
