// ID: who the server is, and who the client says it is.

import IMAPSyntax
import Logging

extension Session {
    /// RFC 2971 §3.1. What the client says goes to the log and nowhere else: nothing may depend on it.
    func id(_ id: IMAPSyntax.ID) -> Completion {
        if !id.fields.isEmpty {
            let said = id.fields.map { "\($0.name)=\($0.value ?? "NIL")" }.joined(separator: " ")
            logger.debug("imap client", metadata: ["client": "\(said.prefix(1_024))"])
        }
        connection.writer.id([.init(name: "name", value: "Martlet")])
        return .ok("ID completed.")
    }
}
