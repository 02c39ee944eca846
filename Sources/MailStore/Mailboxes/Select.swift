// SELECT and EXAMINE: the shared view of a mailbox.

package import Mail

extension AccountStore {
    /// The mailbox's view, shared by everybody who looks at it; it moves with every commit.
    /// - Throws: `.mailboxNotFound`, `.notPermitted` for a guest who may not read it.
    package func view(of name: MailboxName) async throws(StoreError) -> MailboxView {
        let guest = guest
        let id = try await file.read(isBrief: true) { db in try db.require(name, for: .read, guest) }
        if let view = hub.view(id) { return view }
        let hub = hub
        let view = try await writer.perform { db, effects in try hub.load(id, db, effects) }
        guard let view else { throw .mailboxNotFound(name) }
        return view
    }

    /// The mailbox's view; or, while the messages of a large one are being read, what SELECT tells of it.
    /// - Throws: as `view(of:)`.
    package func opening(_ name: MailboxName) async throws(StoreError) -> OpeningMailbox {
        let guest = guest
        let id = try await file.read(isBrief: true) { db in try db.require(name, for: .read, guest) }
        if let view = hub.view(id) { return .open(view) }
        let hub = hub
        let coming = Pending<OpenedMailbox>()
        let summary: MailboxSummary? = await withCheckedContinuation { continuation in
            let first = FirstWord<MailboxSummary?>(continuation)
            writer.submit { db, effects in
                guard let view = try hub.load(id, db, effects, ahead: { first.say($0) }) else {
                    throw StoreError.mailboxNotFound(name)
                }
                return OpenedMailbox(view: view, snapshot: view.current)
            } answer: { result in
                coming.resolve(result)
                first.say(nil)
            }
        }
        guard let summary else { return .open(try await coming.value().view) }
        return .coming(summary, coming)
    }

    /// Stores what `claimRecent` took, without waiting: after a crash such a message may be \Recent once more.
    package func storeRecentMark(_ view: MailboxView) {
        let first = view.firstRecent
        let id = view.mailboxID
        Task { [self] in
            try? await write { operation in
                try operation.db.run(
                    "UPDATE mailbox SET first_recent = max(first_recent, ?) WHERE id = ?", .int(first),
                    .int(id.rawValue))
            }
        }
    }
}
