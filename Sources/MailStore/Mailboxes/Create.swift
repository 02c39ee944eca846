// CREATE: a mailbox, and those above it that are missing (RFC 3501 §6.3.3).

import Foundation
import GRDB
package import Mail

extension AccountStore {
    /// Makes the mailbox and its missing ancestors; their access lists are that of the nearest above them.
    /// - Parameter isSubscribed: subscribed to by its owner from the first moment (RFC 5465 §5.4). Not for guests.
    /// - Throws: `.mailboxExists`; `.specialUseTaken` when another mailbox has the special use; `.limit` for one too
    ///   many.
    package func createMailbox(
        _ name: MailboxName, specialUse: SpecialUse? = nil, isSubscribed: Bool = false
    ) async throws(StoreError) -> MailboxInfo {
        guard guest == nil || !isSubscribed else { throw .notPermitted }
        try await writeShared { operation in
            try operation.refuseTaken(name)
            _ = try operation.requireParent(of: name)
            // A special use is the owner's own business.
            guard specialUse == nil || operation.guest == nil else { throw StoreError.notPermitted }
            try operation.createAncestors(of: name)
            _ = try operation.create(name, specialUse: specialUse)
            if isSubscribed { try operation.subscribe(name) }
        }
        guard let info = try await mailbox(name) else { throw .mailboxNotFound(name) }
        return info
    }
}

extension WriteOperation {
    mutating func createAncestors(of name: MailboxName) throws {
        for ancestor in name.ancestors where try find(ancestor) == nil { _ = try create(ancestor) }
    }

    /// Makes one mailbox whose name is free. Its UIDVALIDITY is greater than every one given out before.
    mutating func create(_ name: MailboxName, specialUse: SpecialUse? = nil) throws -> MailboxRow {
        try refuseOneMailboxMore()
        guard !name.isReserved else {
            throw StoreError.mailboxRefused(name, reason: MailboxName.reservedReason)
        }
        if let specialUse { try refuseTaken(specialUse) }
        let parent = try nearestAbove(name)
        let validity = try nextUIDValidity()
        let modSeq = try nextModSeq()
        try db.run(
            """
            INSERT INTO mailbox (name, special_use, uid_validity, uid_next, first_recent, modseq, created)
            VALUES (?, ?, ?, 1, 1, ?, ?)
            """,
            .text(name.text), .optional(specialUse?.rawValue), .int(validity.rawValue), .int(modSeq.rawValue),
            .int(currentSeconds()))
        let row = MailboxRow(
            id: MailboxID(rawValue: db.lastInsertedRowID), name: name, uidValidity: validity, uidNext: 1)
        if let parent { try inheritAccess(row.id, from: parent.id) }
        effects.committed.news.hasNewNames = true
        return row
    }

    func refuseOneMailboxMore() throws {
        let count = try db.first("SELECT count(*) FROM mailbox WHERE deleted_at IS NULL") { $0.int(0) } ?? 0
        guard count < StoreLimits.mailboxes else {
            throw StoreError.limit("an account can have at most \(StoreLimits.mailboxes) mailboxes")
        }
    }

    private func refuseTaken(_ use: SpecialUse) throws {
        if let holder = try holder(of: use) { throw StoreError.specialUseTaken(use, by: holder) }
    }

    /// The mailbox with that special use.
    func holder(of use: SpecialUse) throws -> MailboxName? {
        try db.first("SELECT name FROM mailbox WHERE special_use = ? AND deleted_at IS NULL", .text(use.rawValue)) {
            try MailboxName(stored: $0.text(0))
        }
    }

    /// The time in seconds, or one more than the last when that is not greater: never 0, never given twice.
    func nextUIDValidity() throws -> UIDValidity {
        let value = try db.first(
            """
            UPDATE account_state SET last_uid_validity = max(last_uid_validity + 1, ?) WHERE id = 1
            RETURNING last_uid_validity
            """, .int(min(currentSeconds(), 4_000_000_000))
        ) { $0.int(0) }
        guard let value, let raw = UInt32(exactly: value), let validity = UIDValidity(raw) else {
            throw StoreError.limit("no UIDVALIDITY is left")
        }
        return validity
    }
}

/// Seconds since 1970 by the system's clock.
func currentSeconds() -> Int64 { Int64(Date().timeIntervalSince1970) }
