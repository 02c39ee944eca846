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
    }

    mutating func run() async {
        reloadCertificate()
        do {
            take(try await source.load().configuration)
        } catch {
            logger.error("the configuration was not reloaded", metadata: ["reason": "\(error)"])
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
        sink.currentLevel = new.logLevel
        imap.reload(ServiceSettings(current, hostname: hostname).imap)
        lmtpLogins.reload(plaintextOnLoopback: new.plaintextLogin == .loopback)
        logger.info("the configuration was reloaded")
    }
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
