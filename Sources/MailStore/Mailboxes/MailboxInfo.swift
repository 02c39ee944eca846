// A mailbox as LIST and STATUS see it, and how an operation finds one by name.

import GRDB
package import Mail

/// One mailbox's name, numbers and counts at one moment.
package struct MailboxInfo: Hashable, Sendable {
    package let id: MailboxID
    package let name: MailboxName
    package let specialUse: SpecialUse?
    package let uidValidity: UIDValidity
    /// 4,294,967,296 when no UID is left.
    package let uidNext: UInt64
    package let modSeq: ModSeq
    package let messages: Int
    package let unseen: Int
    /// Messages with \Deleted.
    package let deleted: Int
    /// Messages that no session has seen as \Recent yet.
    package var recent: Int
    /// The sum of the messages' sizes.
    package let size: Int64
    package let isSubscribed: Bool
}

extension MailboxInfo {
    /// From the columns of the statements below.
    fileprivate init(_ row: SQLRow) throws {
        guard let validity = UIDValidity(row.uint32(3)), let modSeq = ModSeq(UInt64(clamping: row.int(5))) else {
            throw StoreError.broken("mailbox \"\(row.text(1))\" has UIDVALIDITY \(row.int(3)), MODSEQ \(row.int(5))")
        }
        self.init(
            id: MailboxID(rawValue: row.int(0)), name: try MailboxName(stored: row.text(1)),
            specialUse: row.optionalText(2).flatMap { SpecialUse(rawValue: $0) }, uidValidity: validity,
            uidNext: UInt64(clamping: row.int(4)), modSeq: modSeq, messages: Int(row.int(6)), unseen: Int(row.int(7)),
            deleted: Int(row.int(8)), recent: Int(row.int(9)), size: row.int(10), isSubscribed: row.int(11) != 0)
    }
}

extension AccountStore {
    /// Every mailbox, sorted by name, INBOX first.
    package func mailboxes() async throws(StoreError) -> [MailboxInfo] {
        let found = try await file.read { db in
            var all: [MailboxInfo] = []
            try db.each(
                """
                SELECT id, name, special_use, uid_validity, uid_next, modseq, messages, unseen, deleted,
                (SELECT count(*) FROM message WHERE mailbox_id = mailbox.id AND uid >= first_recent), size,
                EXISTS (SELECT 1 FROM subscription WHERE subscription.name = mailbox.name)
                FROM mailbox WHERE deleted_at IS NULL
                """
            ) { row in all.append(try MailboxInfo(row)) }
            return all
        }
        return found.map(withLiveRecent).sorted { $0.name < $1.name }
    }

    /// The mailbox of that name, or nil.
    package func mailbox(_ name: MailboxName) async throws(StoreError) -> MailboxInfo? {
        let found = try await file.read { db in
            try db.first(
                """
                SELECT id, name, special_use, uid_validity, uid_next, modseq, messages, unseen, deleted,
                (SELECT count(*) FROM message WHERE mailbox_id = mailbox.id AND uid >= first_recent), size,
                EXISTS (SELECT 1 FROM subscription WHERE subscription.name = mailbox.name)
                FROM mailbox WHERE name = ? AND deleted_at IS NULL
                """, .text(name.text)
            ) { try MailboxInfo($0) }
        }
        return found.map(withLiveRecent)
    }

    /// A view's own mark is newer than the file's, which is written lazily.
    private func withLiveRecent(_ info: MailboxInfo) -> MailboxInfo {
        guard info.recent > 0, let view = hub.view(info.id) else { return info }
        let snapshot = view.current
        var info = info
        let firstRecent = UInt32(exactly: view.firstRecent)
        info.recent = firstRecent.map { snapshot.count - snapshot.indexOfFirst(atLeast: $0) } ?? 0
        return info
    }
}

extension WriteOperation {
    /// A mailbox's row as a write needs it.
    struct MailboxRow {
        let id: MailboxID
        let name: MailboxName
        let uidValidity: UIDValidity
        let uidNext: UInt64
    }

    func find(_ name: MailboxName) throws -> MailboxRow? {
        try db.first(
            "SELECT id, name, uid_validity, uid_next FROM mailbox WHERE name = ? AND deleted_at IS NULL",
            .text(name.text), row: Self.mailboxRow)
    }

    func find(_ id: MailboxID) throws -> MailboxRow? {
        try db.first(
            "SELECT id, name, uid_validity, uid_next FROM mailbox WHERE id = ? AND deleted_at IS NULL",
            .int(id.rawValue), row: Self.mailboxRow)
    }

    func require(_ name: MailboxName) throws -> MailboxRow {
        guard let row = try find(name) else { throw StoreError.mailboxNotFound(name) }
        return row
    }

    private static func mailboxRow(_ row: SQLRow) throws -> MailboxRow {
        guard let validity = UIDValidity(row.uint32(2)) else {
            throw StoreError.broken("mailbox \"\(row.text(1))\" has UIDVALIDITY \(row.int(2))")
        }
        return MailboxRow(
            id: MailboxID(rawValue: row.int(0)), name: try MailboxName(stored: row.text(1)), uidValidity: validity,
            uidNext: UInt64(clamping: row.int(3)))
    }
}
