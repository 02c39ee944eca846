// SUBSCRIBE, UNSUBSCRIBE, and the list of names that LSUB shows (RFC 3501 §6.3.6, §6.3.7, §6.3.9).

package import Mail

extension AccountStore {
    /// Subscribes to a name, whether or not a mailbox has it.
    package func subscribe(_ name: MailboxName) async throws(StoreError) {
        try await write { try $0.subscribe(name) }
    }

    /// Ends a subscription; nothing happens when there was none.
    package func unsubscribe(_ name: MailboxName) async throws(StoreError) {
        try await write { operation in
            try operation.db.run("DELETE FROM subscription WHERE name = ?", .text(name.text))
            operation.effects.committed.news.hasNewNames = true
        }
    }

    package func isSubscribed(_ name: MailboxName) async throws(StoreError) -> Bool {
        try await file.read(isBrief: true) { db in
            try db.first("SELECT 1 FROM subscription WHERE name = ?", .text(name.text)) { _ in true } ?? false
        }
    }

    /// The subscribed names, sorted.
    package func subscriptions() async throws(StoreError) -> [MailboxName] {
        guard guest == nil else { throw .notPermitted }
        return try await file.read { db in
            var all: [MailboxName] = []
            try db.each("SELECT name FROM subscription") { all.append(try MailboxName(stored: $0.text(0))) }
            return all.sorted()
        }
    }
}

extension WriteOperation {
    func subscribe(_ name: MailboxName) throws {
        let isKnown = try db.first("SELECT 1 FROM subscription WHERE name = ?", .text(name.text)) { _ in true } ?? false
        guard !isKnown else { return }
        let count = try db.first("SELECT count(*) FROM subscription") { $0.int(0) } ?? 0
        guard count < StoreLimits.subscriptions else {
            throw StoreError.limit("an account can have at most \(StoreLimits.subscriptions) subscriptions")
        }
        try db.run("INSERT INTO subscription (name) VALUES (?)", .text(name.text))
        effects.committed.news.hasNewNames = true
    }
}
