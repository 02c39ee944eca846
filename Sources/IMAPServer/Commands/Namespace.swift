// NAMESPACE: where one's own mailboxes are, and those of others.

import IMAPSyntax

extension Session {
    /// RFC 2342 §5: one's own mailboxes, without a prefix, and those that others share, by their owners.
    func namespace() -> Completion {
        connection.writer.namespace()
        return .ok("NAMESPACE completed.")
    }
}
