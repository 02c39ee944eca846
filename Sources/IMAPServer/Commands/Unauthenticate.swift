// UNAUTHENTICATE: the login ends, the connection stays.

import Accounts
import IMAPSyntax
import Logging
import NIOCore

extension Session {
    /// RFC 8437 §3. Whatever the session kept for this login is forgotten: the selection with what was saved in it,
    /// what is enabled, whom it may act for. TLS stays, and so do ID and the count of failed logins, which are the
    /// connection's. Compression ends behind the OK (RFC 8437 §4.1).
    func unauthenticate(_ tag: String) async throws -> Completion {
        unselectMailbox()
        notify = nil
        listening = nil
        enabled = []
        identity = nil
        loginSlot.clear()
        environment.liveSessions.remove(environment.sessionID)
        connection.setAuthenticated(false)
        connection.gate.setDeadline(.now() + TimeAmount(limits.timeBeforeAuthentication))
        logger.info("imap login ended", metadata: ["reason": "unauthenticate"])
        connection.writer.tagged(tag, .ok, "UNAUTHENTICATE completed.")
        do {
            try await connection.endCompression()
        } catch {
            end("UNAUTHENTICATE failed")
            throw ConnectionEnded()
        }
        throw Replied()
    }
}
