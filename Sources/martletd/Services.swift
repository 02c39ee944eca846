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

/// Once at start and then daily: expunged messages past their time are purged.
struct Housekeeping: Service {
    let store: Store
    let logger: Logger
    static let interval = Duration.seconds(86_400)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await purge()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func purge() async {
        do throws(StoreError) {
            let purged = try await store.purgeExpired()
            logger.info(
                "purged expunged messages", metadata: ["count": "\(purged.messages)", "bytes": "\(purged.bytes)"])
        } catch {
            logger.error("cannot purge expunged messages", metadata: ["reason": "\(error.explanation)"])
        }
    }
}
