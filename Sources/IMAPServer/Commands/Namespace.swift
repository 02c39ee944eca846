// NAMESPACE: one, and it is the account's own.

import IMAPSyntax

extension Session {
    /// RFC 2342 §5: one's own mailboxes, without a prefix, and nothing else.
    func namespace() -> Completion {
        connection.writer.namespace()
        return .ok("NAMESPACE completed.")
    }
}
