// What belongs to a mailbox beside its messages, when it comes back from a backup: special use, rights, annotations,
// its own id.

import GRDB
import Mail

struct RestoredTraits: Sendable {
    fileprivate struct Annotation: Sendable {
        let account: Int64
        let entry: String
        let value: [UInt8]
    }
    var specialUse: SpecialUse?
    /// nil to leave the list as it is.
    var access: [AccessEntry]?
    fileprivate var annotations: [Annotation] = []

    /// Who is given something.
    var grantees: Set<Grantee> { Set((access ?? []).filter { !$0.isNegative }.map(\.grantee)) }

    /// Leaves out what means something in the account alone that it is of: its owner's private annotations are
    /// another's, and nobody gets rights on another's mailbox by it.
    mutating func forgetOthers() {
        specialUse = nil
        access = nil
        annotations = annotations.filter { $0.account == 0 }
    }
}

extension AccountStore {
    func restoredTraits(of mailbox: MailboxID) async throws(StoreError) -> RestoredTraits {
        try await file.read { db in
            let key = SQLValue.int(mailbox.rawValue)
            var traits = RestoredTraits()
            traits.specialUse = try db.first("SELECT special_use FROM mailbox WHERE id = ?", key) { row in
                row.optionalText(0).flatMap { SpecialUse(rawValue: $0) }
            } ?? nil
            traits.access = []
            try db.each("SELECT grantee, negative, rights FROM acl WHERE mailbox_id = ?", key) { row in
                traits.access?.append(
                    AccessEntry(
                        grantee: Grantee(key: row.int(0)), isNegative: row.int(1) != 0,
                        rights: MailboxRights(rawValue: UInt16(truncatingIfNeeded: row.int(2)))))
            }
            try db.each(
                "SELECT account_id, entry, value FROM annotation WHERE mailbox_id = ? AND value IS NOT NULL", key
            ) { row in
                traits.annotations.append(
                    RestoredTraits.Annotation(account: row.int(0), entry: row.text(1), value: row.blob(2)))
            }
            return traits
        }
    }
}

extension WriteOperation {
    /// Gives a mailbox that was just made the id of one that is gone.
    /// - Returns: false where something has that id.
    func give(_ id: MailboxID, to mailbox: MailboxID) throws -> Bool {
        let isTaken = try db.first("SELECT 1 FROM mailbox WHERE id = ?", .int(id.rawValue)) { _ in true }
        guard isTaken != true else { return false }
        // What was left of its old lists is not its own any more.
        try removeAccess(id)
        try db.run("DELETE FROM annotation WHERE mailbox_id = ?", .int(id.rawValue))
        try db.run("UPDATE mailbox SET id = ? WHERE id = ?", .int(id.rawValue), .int(mailbox.rawValue))
        try db.run("UPDATE acl SET mailbox_id = ? WHERE mailbox_id = ?", .int(id.rawValue), .int(mailbox.rawValue))
        return true
    }

    /// What is somebody else's now, or would be too much, is left out.
    mutating func give(_ traits: RestoredTraits, to mailbox: MailboxID) throws {
        let key = SQLValue.int(mailbox.rawValue)
        if let use = traits.specialUse, try holder(of: use) == nil {
            try db.run("UPDATE mailbox SET special_use = ? WHERE id = ?", .text(use.rawValue), key)
        }
        if let access = traits.access {
            try removeAccess(mailbox)
            for entry in access {
                try db.run(
                    "INSERT INTO acl (mailbox_id, grantee, negative, rights) VALUES (?, ?, ?, ?)", key,
                    .int(entry.grantee.key), .int(entry.isNegative ? 1 : 0), .int(entry.rights.rawValue))
            }
            effects.changes.append(.rights(mailbox))
        }
        let held = try db.count("SELECT coalesce(sum(length(value)), 0) FROM annotation")
        let size = traits.annotations.reduce(0) { $0 + Int64($1.value.count) }
        guard !traits.annotations.isEmpty, held + size <= StoreLimits.annotationBytes else { return }
        let modSeq = try nextModSeq()
        for annotation in traits.annotations {
            try db.run(
                """
                INSERT INTO annotation (mailbox_id, account_id, entry, value, modseq) VALUES (?, ?, ?, ?, ?)
                """, key, .int(annotation.account), .text(annotation.entry), .blob(annotation.value),
                .int(modSeq.rawValue))
        }
        effects.committed.news.hasNewAnnotations = true
    }
}
