// CANCELUPDATE: no more of the updates that earlier searches asked for.

import IMAPSyntax

extension Session {
    /// RFC 5267 §4.3.5.
    func cancelUpdate(_ cancel: CancelUpdate) throws(Refusal) -> Completion {
        let selection = try selected()
        let unknown = cancel.tags.contains { tag in !selection.contexts.contains { $0.tag == tag } }
        selection.contexts.removeAll { cancel.tags.contains($0.tag) }
        return unknown ? .no("There was no such update.") : .ok("CANCELUPDATE completed.")
    }
}
