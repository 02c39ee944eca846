// STARTTLS: plain text ends and is forgotten.

import IMAPSyntax
import Logging
import MailCrypto

extension Session {
    /// RFC 3501 §6.2.1. What was sent in plain text behind the command is forgotten: someone on the way may have put it
    /// there (CVE-2021-33515).
    func startTLS(_ tag: String) async throws -> Completion {
        guard !isTLS else { return .bad("TLS is active already.") }
        guard let tls = environment.tls else { return .bad("TLS is not available here.") }
        connection.writer.tagged(tag, .ok, "Begin TLS negotiation now.")
        try await connection.flush()
        let context = tls.current
        let asks = environment.asksForCertificate
        do {
            try await connection.startTLS { try TLSHandler(server: context, asksForCertificate: asks) }
        } catch {
            logger.error("cannot start TLS", metadata: ["error": "\(error)"])
            end("STARTTLS failed")
            throw ConnectionEnded()
        }
        isTLS = true
        throw Replied()
    }
}
