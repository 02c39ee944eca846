// The audit trail: who changed which account, credential or setting. The schema lets it only grow.

import GRDB

/// One line of the audit trail.
package struct AuditRecord: Hashable, Sendable {
    /// Counts from 1 without gaps.
    package let id: Int64
    /// Seconds since 1970.
    package let time: Int64
    package let actor: String
    package let action: String
    package let subject: String
    package let detail: String
}

extension Directory {
    /// The newest entries, newest first.
    /// - Parameters:
    ///   - since: not before this second (since 1970).
    ///   - subject: an account's address, a network, …; ASCII case does not matter.
    package func audit(
        since: Int64? = nil, subject: String? = nil, limit: Int = 100
    ) async throws(StoreError) -> [AuditRecord] {
        try await file.read { db in
            var all: [AuditRecord] = []
            try db.each(
                """
                SELECT id, time, actor, action, subject, detail FROM audit
                WHERE (?1 IS NULL OR time >= ?1) AND (?2 IS NULL OR subject = ?2 COLLATE NOCASE)
                ORDER BY id DESC LIMIT ?3
                """, .optional(since), .optional(subject), .int(max(limit, 0))
            ) { row in
                all.append(
                    AuditRecord(
                        id: row.int(0), time: row.int(1), actor: row.text(2), action: row.text(3),
                        subject: row.text(4), detail: row.text(5)))
            }
            return all
        }
    }

    /// Notes what is no change of a row of the directory.
    package func audit(
        _ action: String, subject: String, detail: String = "", by actor: String
    ) async throws(StoreError) {
        try await note { db in try db.audit(actor, action, subject, detail) }
    }
}

extension Database {
    /// Writes a line of the audit trail, in the transaction of the change itself.
    func audit(_ actor: String, _ action: String, _ subject: String, _ detail: String = "") throws {
        try run(
            "INSERT INTO audit (time, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)", .int(currentSeconds()),
            .text(actor), .text(action), .text(subject), .text(detail))
    }
}
