// Annotations of mailboxes and of the account (RFC 5464): small values by name, private to one account or shared.
//
// They lie under the mailbox's id: they follow it when it is renamed, are not found under its name once it is deleted,
// and come back with it. Each change has the MODSEQ of its operation, and a value that was taken away leaves its row,
// so that a session can ask what has changed since it last did.

import GRDB
package import Mail

package struct Annotation: Sendable {
    /// In lower case: `/private/comment`.
    package let entry: String
    /// In bytes.
    package let size: Int
    /// nil when it was not asked for.
    package let value: [UInt8]?

    package init(entry: String, size: Int, value: [UInt8]?) {
        self.entry = entry
        self.size = size
        self.value = value
    }
}

/// A change of an annotation: what it was that changed, not to what.
package struct AnnotationChange: Sendable {
    /// nil for the account's own.
    package let mailbox: MailboxID?
    /// As the owner calls it; nil for the account's own.
    package let name: MailboxName?
    package let entry: String
    package let modSeq: ModSeq
}

/// Some of the changes, in their order; whole operations.
package struct AnnotationChanges: Sendable {
    package internal(set) var changes: [AnnotationChange] = []
    /// These are all up to here.
    package internal(set) var upTo: ModSeq
    /// There are more behind them.
    package internal(set) var hasMore = false
}

package enum AnnotationOutcome: Hashable, Sendable {
    case done(ModSeq)
    /// Nothing was changed: there would be more entries, or more bytes, than an account may have.
    case tooMany
}

extension StoreLimits {
    /// Of one value, in bytes.
    package static let annotationSize = 32 * 1_024
    /// Entries with a value of one mailbox, private and shared each.
    static let annotations = 100
    /// All values of an account together, in bytes.
    static let annotationBytes: Int64 = 8 * 1_024 * 1_024
    /// Rows without a value that are kept, to tell sessions of it.
    static let annotationTombstones = 1_000
    /// Changes that are read at once, but for the rest of an operation.
    static let annotationChanges = 1_000
}

extension AccountStore {
    /// The one annotation that is computed: a mailbox's special use (RFC 6154 §4).
    package static let specialUseEntry = "/private/specialuse"

    /// The annotations of a mailbox that `user` may see, in the order of their names.
    /// - Parameters:
    ///   - name: nil for the account's own.
    ///   - wanted: by name and size, whose value is wanted; nil for those that are not wanted at all.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`.
    package func annotations(
        of name: MailboxName?, for user: AccountID, _ wanted: @escaping @Sendable (String, Int) -> Bool?
    ) async throws(StoreError) -> [Annotation] {
        let guest = guest
        return try await file.read { db in
            let mailbox = try db.annotationKey(name, guest)
            guard guest == nil || guest == user else { throw StoreError.notPermitted }
            var found: [(entry: String, size: Int)] = []
            try db.each(
                """
                SELECT entry, length(value) FROM annotation
                WHERE mailbox_id = ? AND account_id IN (0, ?) AND value IS NOT NULL ORDER BY entry
                """, .int(mailbox), .int(user.rawValue)
            ) { found.append(($0.text(0), Int($0.int(1)))) }
            return try found.compactMap { entry, size in
                guard let isValueWanted = wanted(entry, size) else { return nil }
                let value =
                    isValueWanted
                    ? try db.first(
                        "SELECT value FROM annotation WHERE mailbox_id = ? AND account_id IN (0, ?) AND entry = ?",
                        .int(mailbox), .int(user.rawValue), .text(entry)
                    ) { $0.blob(0) } : nil
                return Annotation(entry: entry, size: size, value: value)
            }
        }
    }

    /// Sets annotations, or takes them away (nil), all or none.
    /// - Parameters:
    ///   - values: by their names in lower case; private ones become the user's.
    ///   - name: nil for the account's own.
    ///   - specialUse: the mailbox's special use from now on, or none; nil to leave it.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`, `.specialUseTaken`.
    package func setAnnotations(
        _ values: [String: [UInt8]?], of name: MailboxName?, by user: AccountID, specialUse: SpecialUse?? = nil
    ) async throws(StoreError) -> AnnotationOutcome {
        let guest = guest
        return try await writeShared { operation in
            let mailbox = try operation.db.annotationKey(name, guest)
            guard guest == nil || (guest == user && specialUse == nil) else { throw StoreError.notPermitted }
            guard try operation.mayAnnotate(mailbox, values, user) else { return .tooMany }
            if let specialUse { try operation.setSpecialUse(specialUse, of: mailbox) }
            let modSeq = try operation.nextModSeq()
            var values = values
            // The use stands in the mailbox's row; that it has changed is told as of any other entry.
            if specialUse != nil { values.updateValue(nil, forKey: AccountStore.specialUseEntry) }
            for (entry, value) in values {
                try operation.db.run(
                    """
                    INSERT INTO annotation (mailbox_id, account_id, entry, value, modseq) VALUES (?1, ?2, ?3, ?4, ?5)
                    ON CONFLICT (mailbox_id, account_id, entry) DO UPDATE SET value = ?4, modseq = ?5
                    """, .int(mailbox), .int(entry.annotationOwner(user)), .text(entry), .optional(value),
                    .int(modSeq.rawValue))
            }
            try operation.forgetOldTombstones()
            operation.effects.committed.news.hasNewAnnotations = true
            return .done(modSeq)
        }
    }

    /// What has changed after `modSeq` of what the handle's user may see (RFC 5464 §3.3, RFC 5465 §5).
    package func annotationChanges(after modSeq: ModSeq) async throws(StoreError) -> AnnotationChanges {
        let (guest, user) = (guest, guest ?? id)
        return try await file.read { db in
            let visible = try guest.map { try db.visibleRights(of: $0) }
            let all = try db.annotationSpan(after: modSeq)
            var found = AnnotationChanges(upTo: all.upTo, hasMore: all.hasMore)
            try db.each(
                """
                SELECT a.mailbox_id, m.name, a.entry, a.modseq FROM annotation a
                LEFT JOIN mailbox m ON m.id = a.mailbox_id AND m.deleted_at IS NULL
                WHERE a.modseq > ? AND a.modseq <= ? AND a.account_id IN (0, ?) ORDER BY a.modseq, a.mailbox_id
                """, .int(modSeq.rawValue), .int(all.upTo.rawValue), .int(user.rawValue)
            ) { row in
                guard let modSeq = ModSeq(UInt64(clamping: row.int(3))) else { return }
                let mailbox = row.int(0) == 0 ? nil : MailboxID(rawValue: row.int(0))
                guard mailbox == nil ? guest == nil : !row.isNull(1) else { return }
                if let visible, let mailbox, visible[mailbox]?.mayAnnotate != true { return }
                found.changes.append(
                    AnnotationChange(
                        mailbox: mailbox, name: mailbox == nil ? nil : try MailboxName(stored: row.text(1)),
                        entry: row.text(2), modSeq: modSeq))
            }
            return found
        }
    }

    /// The MODSEQ of the newest change; 0 when there was none yet.
    package func lastAnnotationChange() async throws(StoreError) -> ModSeq {
        try await file.read { db in
            let last = try db.first("SELECT coalesce(max(modseq), 0) FROM annotation") { $0.int(0) } ?? 0
            return ModSeq(UInt64(clamping: last)) ?? .zero
        }
    }
}

extension MailboxRights {
    /// RFC 5464 §3.3: besides "l" one of these is needed.
    fileprivate var mayAnnotate: Bool { !isDisjoint(with: [.read, .seen, .write, .insert, .post]) }
}

extension String {
    fileprivate var isPrivateEntry: Bool { hasPrefix("/private/") }
    fileprivate func annotationOwner(_ user: AccountID) -> Int64 { isPrivateEntry ? user.rawValue : 0 }
}

extension Database {
    /// The MODSEQs of the next changes, of a bounded number and whole operations, whoever may see them.
    fileprivate func annotationSpan(after modSeq: ModSeq) throws -> (upTo: ModSeq, hasMore: Bool) {
        let last = try first("SELECT coalesce(max(modseq), 0) FROM annotation") { $0.int(0) } ?? 0
        let bound = try first(
            "SELECT modseq FROM annotation WHERE modseq > ? ORDER BY modseq LIMIT 1 OFFSET ?", .int(modSeq.rawValue),
            .int(StoreLimits.annotationChanges)
        ) { $0.int(0) }
        let upTo = ModSeq(UInt64(clamping: bound ?? last)) ?? modSeq
        return (max(upTo, modSeq), bound.map { $0 < last } ?? false)
    }

    /// What stands in annotation.mailbox_id, for somebody who may use it.
    ///
    fileprivate func annotationKey(_ name: MailboxName?, _ guest: AccountID?) throws -> Int64 {
        guard let name else {
            guard guest == nil else { throw StoreError.notPermitted }
            return 0
        }
        let id = try first("SELECT id FROM mailbox WHERE name = ? AND deleted_at IS NULL", .text(name.text)) {
            $0.int(0)
        }
        guard let id else { throw StoreError.mailboxNotFound(name) }
        let rights = try rights(of: guest, on: MailboxID(rawValue: id))
        guard rights.contains(.lookup) else { throw StoreError.mailboxNotFound(name) }
        guard rights.mayAnnotate else { throw StoreError.notPermitted }
        return id
    }
}

extension WriteOperation {
    /// Whether the values keep within the bounds. To take away is always allowed.
    fileprivate func mayAnnotate(_ mailbox: Int64, _ values: [String: [UInt8]?], _ user: AccountID) throws -> Bool {
        var sizes: [String: Int64] = [:]
        try db.each(
            """
            SELECT entry, length(value) FROM annotation
            WHERE mailbox_id = ? AND account_id IN (0, ?) AND value IS NOT NULL
            """, .int(mailbox), .int(user.rawValue)
        ) { sizes[$0.text(0)] = $0.int(1) }
        var added: Int64 = 0
        for (entry, value) in values {
            added += Int64(value?.count ?? 0) - (sizes[entry] ?? 0)
            sizes[entry] = value.map { Int64($0.count) }
        }
        let isGrowing = values.contains { $0.value != nil }
        let privates = sizes.keys.count(where: \.isPrivateEntry)
        if isGrowing, max(privates, sizes.count - privates) > StoreLimits.annotations { return false }
        guard added > 0 else { return true }
        let all = try db.first("SELECT coalesce(sum(length(value)), 0) FROM annotation") { $0.int(0) } ?? 0
        return all + added <= StoreLimits.annotationBytes
    }

    fileprivate func setSpecialUse(_ use: SpecialUse?, of mailbox: Int64) throws {
        if let use, let holder = try holder(of: use) {
            let holderID = try find(holder)?.id.rawValue
            guard holderID == mailbox else { throw StoreError.specialUseTaken(use, by: holder) }
        }
        try db.run("UPDATE mailbox SET special_use = ? WHERE id = ?", .optional(use?.rawValue), .int(mailbox))
    }

    fileprivate func forgetOldTombstones() throws {
        try db.run(
            """
            DELETE FROM annotation WHERE value IS NULL AND modseq <= (
                SELECT modseq FROM annotation WHERE value IS NULL ORDER BY modseq DESC LIMIT 1 OFFSET ?)
            """, .int(StoreLimits.annotationTombstones))
    }

    /// INBOX keeps its annotations when its messages are moved to a mailbox of another name (RFC 5464 §4.1).
    func copyAnnotations(from source: MailboxID, to target: MailboxID) throws {
        try db.run(
            """
            INSERT INTO annotation (mailbox_id, account_id, entry, value, modseq)
            SELECT ?, account_id, entry, value, modseq FROM annotation WHERE mailbox_id = ? AND value IS NOT NULL
            """, .int(target.rawValue), .int(source.rawValue))
    }
}
