// An account's quota: how many bytes and messages it may have, and how many it has. Expunged messages do not count.

import GRDB

/// What an account may have. nil: no bound.
package struct AccountQuota: Hashable, Sendable {
    /// The sum of the messages' sizes.
    package var bytes: Int64?
    package var messages: Int64?
    /// Whether the account's owner may set it over IMAP.
    package var isOwnersToSet: Bool

    package init(bytes: Int64? = nil, messages: Int64? = nil, isOwnersToSet: Bool = false) {
        self.bytes = bytes
        self.messages = messages
        self.isOwnersToSet = isOwnersToSet
    }
}

/// What an account has, and may have.
package struct AccountUsage: Hashable, Sendable {
    package let bytes: Int64
    package let messages: Int64
    package let quota: AccountQuota
}

extension AccountStore {
    /// Sets the most bytes that the account's messages may have; nil for no bound.
    package func setQuota(_ bytes: Int64?) async throws(StoreError) {
        try await write { operation in
            try operation.db.run("UPDATE account_state SET quota_bytes = ? WHERE id = 1", .optional(bytes))
        }
    }

    /// Sets the most messages that the account may have; nil for no bound.
    package func setMessageQuota(_ messages: Int64?) async throws(StoreError) {
        try await write { operation in
            try operation.db.run("UPDATE account_state SET quota_messages = ? WHERE id = 1", .optional(messages))
        }
    }

    /// Says whether the account's owner may set its quota over IMAP.
    package func setQuotaByOwner(_ isAllowed: Bool) async throws(StoreError) {
        try await write { operation in
            try operation.db.run("UPDATE account_state SET quota_by_owner = ? WHERE id = 1", .int(isAllowed ? 1 : 0))
        }
    }

    /// The sum of the messages' sizes, and what it may be.
    package func usage() async throws(StoreError) -> (used: Int64, quota: Int64?) {
        let usage = try await quotaUsage()
        return (usage.bytes, usage.quota.bytes)
    }

    package func quotaUsage() async throws(StoreError) -> AccountUsage {
        guard guest == nil else { throw .notPermitted }
        let found = try await file.read { db in
            let messages = try db.messageCount()
            return try db.first(
                "SELECT used_bytes, quota_bytes, quota_messages, quota_by_owner FROM account_state WHERE id = 1"
            ) { row in
                AccountUsage(
                    bytes: row.int(0), messages: messages,
                    quota: AccountQuota(
                        bytes: row.optionalInt(1), messages: row.optionalInt(2), isOwnersToSet: row.int(3) != 0))
            }
        }
        guard let found else { throw .broken("the account's state is missing in \(file.path)") }
        return found
    }
}

extension Database {
    /// The account's messages, in every mailbox.
    fileprivate func messageCount() throws -> Int64 {
        try first("SELECT coalesce(sum(messages), 0) FROM mailbox WHERE deleted_at IS NULL") { $0.int(0) } ?? 0
    }

    /// - Parameters:
    ///   - bytes: that are to come in, all together.
    ///   - messages: likewise.
    func refuseOverQuota(adding bytes: Int64, messages: Int64 = 1) throws {
        try each("SELECT used_bytes, quota_bytes, quota_messages FROM account_state WHERE id = 1") { row in
            if let quota = row.optionalInt(1) {
                let (sum, overflow) = row.int(0).addingReportingOverflow(bytes)
                guard !overflow, sum <= quota else { throw StoreError.overQuota(used: row.int(0), quota: quota) }
            }
            if let quota = row.optionalInt(2), messages > 0 {
                let (sum, overflow) = try messageCount().addingReportingOverflow(messages)
                guard !overflow, sum <= quota else { throw StoreError.overMessageQuota(quota) }
            }
        }
    }
}
