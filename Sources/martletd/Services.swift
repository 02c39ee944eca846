// The long-running parts of the server, as ServiceLifecycle runs and ends them.

import IMAPServer
import Logging
import MailStore
import SMTP
import ServiceLifecycle

/// The protocols. They drain together.
struct MailServices: Service {
    let imap: IMAPService
    let lmtp: LMTPService
    let control: ControlSocket
    /// Says that the server is ready. The group has its signal handlers by now: a SIGTERM that comes at once drains
    /// too.
    let ready: @Sendable () -> Void

    func run() async throws {
        ready()
        try await gracefulShutdown()
        await control.close()
        async let imapEnd: Void = imap.drain()
        async let lmtpEnd: Void = lmtp.drain()
        _ = await (imapEnd, lmtpEnd)
    }
}

// What the service group writes into the log of its services: their names, and nothing of what they hold. The
// configuration, with the environment in it, is no reader's of a log.
extension MailServices: CustomStringConvertible {
    var description: String { "MailServices" }
}

extension ReloadService: CustomStringConvertible {
    var description: String { "ReloadService" }
}

extension Housekeeping: CustomStringConvertible {
    var description: String { "Housekeeping" }
}
