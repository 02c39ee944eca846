// What a committed operation changed, as the views have to learn it.

import Mail

/// One effect of an operation on an account's file.
enum Change: Sendable {
    case appended(MailboxID, [MessageEntry])
    /// Messages with new flags, and so a new MODSEQ; ascending by UID.
    case flagged(MailboxID, [MessageEntry])
    case expunged(MailboxID, UIDSet, ModSeq)
    case renamed(MailboxID, MailboxName)
    case deleted(MailboxID)
    /// What guests may do with it.
    case rights(MailboxID)

    var isNewMail: Bool { if case .appended = self { true } else { false } }

    var mailboxID: MailboxID {
        switch self {
        case .appended(let id, _), .flagged(let id, _), .expunged(let id, _, _), .renamed(let id, _), .deleted(let id),
            .rights(let id):
            id
        }
    }
}

extension MailboxSnapshot {
    /// Moves this snapshot past a change of its mailbox.
    mutating func apply(_ change: Change, flagSets: FlagSetTable) {
        self.flagSets = flagSets
        switch change {
        case .appended(_, let entries):
            append(entries)
            guard let last = entries.last else { return }
            uidNext = UInt64(last.uid.rawValue) + 1
            highestModSeq = max(highestModSeq, last.modSeq)
        case .flagged(_, let entries):
            guard let last = entries.last else { return }
            replace(entries)
            highestModSeq = max(highestModSeq, last.modSeq)
        case .expunged(_, let uids, let modSeq):
            remove(uids)
            highestModSeq = max(highestModSeq, modSeq)
        case .renamed, .rights: break
        case .deleted: isDeleted = true
        }
    }
}
