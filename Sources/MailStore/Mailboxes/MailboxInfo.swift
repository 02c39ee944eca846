// A mailbox as LIST and STATUS see it, and how an operation finds one by name.

import GRDB
package import Mail

/// One mailbox's name, numbers and counts at one moment.
package struct MailboxInfo: Hashable, Sendable {
    package let id: MailboxID
    package private(set) var name: MailboxName
    package private(set) var specialUse: SpecialUse?
    package let uidValidity: UIDValidity
    /// 4,294,967,296 when no UID is left.
    package let uidNext: UInt64
    package let modSeq: ModSeq
    package let messages: Int
    package let unseen: Int
    /// Messages with \Deleted.
    package let deleted: Int
    /// Messages that no session has seen as \Recent yet; nil when they were not asked for.
    package fileprivate(set) var recent: Int?
    /// The sum of the sizes of messages with \Deleted; nil when it was not asked for.
    package fileprivate(set) var deletedSize: Int64?
    /// The sum of the messages' sizes.
    package let size: Int64
    package private(set) var isSubscribed: Bool
    /// What the one who asked may do with it. Without `read` the numbers are 0.
    package private(set) var rights = MailboxRights.all
    /// Whose it is; nil for one's own.
    package private(set) var owner: AccountID?

    /// A mailbox as it could be, for tests of what is made of it.
    package init(
        id: MailboxID, name: MailboxName, specialUse: SpecialUse?, uidValidity: UIDValidity, uidNext: UInt64,
        modSeq: ModSeq, messages: Int, unseen: Int, deleted: Int, recent: Int? = nil, deletedSize: Int64? = nil,
        size: Int64, isSubscribed: Bool
    ) {
        self.id = id
        self.name = name
        self.specialUse = specialUse
        self.uidValidity = uidValidity
        self.uidNext = uidNext
        self.modSeq = modSeq
        self.messages = messages
        self.unseen = unseen
        self.deleted = deleted
        self.recent = recent
        self.deletedSize = deletedSize
        self.size = size
        self.isSubscribed = isSubscribed
    }

    fileprivate func withRights(_ rights: MailboxRights) -> MailboxInfo {
        var info = self
        if !rights.contains(.read) {
            info = MailboxInfo(
                id: id, name: name, specialUse: nil, uidValidity: uidValidity, uidNext: 1, modSeq: .zero, messages: 0,
                unseen: 0, deleted: 0, size: 0, isSubscribed: false)
        }
        info.rights = rights
        return info
    }

    /// The mailbox as a guest's list has it: under a name of its own, and without what it is to its owner; nil where
    /// the name would be too long.
    package func shown(of owner: AccountRecord) -> MailboxInfo? {
        MailboxName(name, of: owner).map { shown(as: $0, of: owner.id) }
    }

    private func shown(as name: MailboxName, of owner: AccountID) -> MailboxInfo {
        var info = self
        info.name = name
        info.specialUse = nil
        info.isSubscribed = false
        info.owner = owner
        return info
    }
}

/// What costs time to be counted, and is on demand only.
package struct MailboxCountOptions: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `recent`: time for each message that no session has seen yet.
    package static let recent = MailboxCountOptions(rawValue: 1)
    /// `deletedSize`: time for each message of a mailbox that has deleted ones.
    package static let deletedSize = MailboxCountOptions(rawValue: 2)
}

extension AccountStore {
    /// Every mailbox, sorted by name, INBOX first.
    package func mailboxes(counting: MailboxCountOptions = []) async throws(StoreError) -> [MailboxInfo] {
        // U+10FFFF is no character, so no name is beyond it.
        try await mailboxes(from: "", to: "\u{10FFFF}", counting)
    }

    /// The mailbox of that name, or nil.
    package func mailbox(
        _ name: MailboxName, counting: MailboxCountOptions = []
    ) async throws(StoreError) -> MailboxInfo? {
        try await mailboxes(from: name.text, to: name.text, counting).first
    }

    /// Those of the mailboxes that are there, and that a guest may look up; time for each of them alone.
    package func mailboxes(_ ids: Set<MailboxID>) async throws(StoreError) -> [MailboxInfo] {
        try await file.read { [guest] db in
            var all: [MailboxInfo] = []
            for id in ids {
                let name = try db.first(
                    "SELECT name FROM mailbox WHERE id = ? AND deleted_at IS NULL", .int(id.rawValue)
                ) { $0.text(0) }
                guard let name else { continue }
                try db.eachMailbox(from: name, to: name) { info, _ in
                    all.append(info.withRights(try db.rights(of: guest, on: id)))
                }
            }
            return all.filter { $0.rights.contains(.lookup) }
        }
    }

    /// Whether there is a mailbox of that name.
    package func hasMailbox(_ name: MailboxName) async throws(StoreError) -> Bool {
        let guest = guest
        return try await file.read(isBrief: true) { db in
            do {
                return try db.require(name, for: .none, guest).rawValue > 0
            } catch StoreError.mailboxNotFound {
                return false
            }
        }
    }

    /// Whether there are mailboxes below a name; for a guest, such as it may look up.
    package func hasMailboxes(below name: MailboxName) async throws(StoreError) -> Bool {
        try await file.read(isBrief: guest == nil) { [guest] db in
            // '0' follows '/'.
            let (from, to) = (SQLValue.text(name.text + "/"), SQLValue.text(name.text + "0"))
            guard let guest else {
                return try db.first(
                    "SELECT 1 FROM mailbox WHERE deleted_at IS NULL AND name > ? AND name < ?", from, to
                ) { _ in true } ?? false
            }
            let visible = try db.visibleRights(of: guest)
            var isVisible = false
            try db.each("SELECT id FROM mailbox WHERE deleted_at IS NULL AND name > ? AND name < ?", from, to) { row in
                isVisible = isVisible || visible[MailboxID(rawValue: row.int(0))] != nil
            }
            return isVisible
        }
    }

    private func mailboxes(
        from first: String, to last: String, _ counting: MailboxCountOptions
    ) async throws(StoreError) -> [MailboxInfo] {
        // What is counted on demand takes time for each message, and for each mailbox.
        let isLong = !counting.isEmpty && first != last
        return try await file.read(isLong: isLong, isBrief: counting.isEmpty) { [hub, guest] db in
            let visible = try guest.map { try db.visibleRights(of: $0) }
            var all: [MailboxInfo] = []
            try db.eachMailbox(from: first, to: last) { info, firstRecent in
                var info = info
                if let visible {
                    guard let rights = visible[info.id] else { return }
                    info = info.withRights(rights)
                }
                if info.rights.contains(.read) {
                    if counting.contains(.recent) {
                        info.recent = try db.recentCount(info.id, firstRecent: firstRecent, hub)
                    }
                    if counting.contains(.deletedSize) { info.deletedSize = try db.deletedSize(info) }
                }
                all.append(info)
                try CachedReads.bound(all.count, to: 256)
            }
            // Here and not where it is waited for: that is an event loop.
            return all.sorted { $0.name < $1.name }
        }
    }
}

extension MailboxInfo {
    /// From the columns of the statement below.
    fileprivate init(_ row: SQLRow) throws {
        guard let validity = UIDValidity(row.uint32(3)), let modSeq = ModSeq(UInt64(clamping: row.int(5))) else {
            throw StoreError.broken("mailbox \"\(row.text(1))\" has UIDVALIDITY \(row.int(3)), MODSEQ \(row.int(5))")
        }
        self.init(
            id: MailboxID(rawValue: row.int(0)), name: try MailboxName(stored: row.text(1)),
            specialUse: row.optionalText(2).flatMap { SpecialUse(rawValue: $0) }, uidValidity: validity,
            uidNext: UInt64(clamping: row.int(4)), modSeq: modSeq, messages: Int(row.int(6)), unseen: Int(row.int(7)),
            deleted: Int(row.int(8)), recent: nil, size: row.int(9), isSubscribed: row.int(10) != 0)
    }
}

extension Database {
    /// The mailboxes with names in a range, and the first UID that no session has seen of each.
    fileprivate func eachMailbox(
        from first: String, to last: String, _ body: (MailboxInfo, _ firstRecent: Int64) throws -> Void
    ) throws {
        try each(
            """
            SELECT id, name, special_use, uid_validity, uid_next, modseq, messages, unseen, deleted, size,
            EXISTS (SELECT 1 FROM subscription WHERE subscription.name = mailbox.name), first_recent
            FROM mailbox WHERE name BETWEEN ? AND ? AND deleted_at IS NULL
            """, .text(first), .text(last)
        ) { row in try body(MailboxInfo(row), row.int(11)) }
    }

    func hasMailbox(_ name: MailboxName) throws -> Bool {
        try first("SELECT 1 FROM mailbox WHERE name = ? AND deleted_at IS NULL", .text(name.text)) { _ in true }
            ?? false
    }

    /// Looks at every message of a mailbox that has such ones.
    fileprivate func deletedSize(_ info: MailboxInfo) throws -> Int64 {
        guard info.deleted > 0 else { return 0 }
        return try first(
            """
            SELECT coalesce(sum(size), 0) FROM message
            WHERE mailbox_id = ? AND flag_set IN (SELECT id FROM flag_set WHERE system & 4 != 0)
            """, .int(info.id.rawValue)
        ) { $0.int(0) } ?? 0
    }

    /// The messages from the UID `firstRecent` on. A view's own mark is newer than the file's, which is written lazily.
    fileprivate func recentCount(_ id: MailboxID, firstRecent: Int64, _ hub: ChangeHub) throws -> Int {
        if let view = hub.view(id) {
            let snapshot = view.current
            let mark = UInt32(exactly: view.firstRecent)
            return mark.map { snapshot.count - snapshot.indexOfFirst(atLeast: $0) } ?? 0
        }
        return try first(
            "SELECT count(*) FROM message WHERE mailbox_id = ? AND uid >= ?", .int(id.rawValue), .int(firstRecent)
        ) { Int($0.int(0)) } ?? 0
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
