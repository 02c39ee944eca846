// COMPRESS: from here on the connection is compressed.

import IMAPSyntax
import Logging

extension Session {
    /// RFC 4978 §3. What the client sent behind the command, not waiting for the answer as it should, is taken for
    /// compressed: it is carried out once, in this layer, or ends the connection.
    func compress(_ tag: String) async throws -> Completion {
        guard !connection.isCompressed else {
            return .bad("DEFLATE is active already.", code: .compressionActive)
        }
        connection.writer.tagged(tag, .ok, "DEFLATE active.")
        try await connection.flush()
        do {
            try await connection.startCompression()
        } catch {
            logger.error("cannot compress", metadata: ["error": "\(error)"])
            end("COMPRESS failed")
            throw ConnectionEnded()
        }
        throw Replied()
    }
}
