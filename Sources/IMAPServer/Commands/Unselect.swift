// UNSELECT: CLOSE without the expunging.

extension Session {
    /// RFC 3691 §2: CLOSE without the expunging.
    func unselect() -> Completion {
        unselectMailbox()
        return .ok("UNSELECT completed.")
    }
}
