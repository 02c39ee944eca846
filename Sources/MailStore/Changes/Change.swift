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
    /// A reader's own \Seen was set or cleared.
    case seen(MailboxID, AccountID, UIDSet, Bool, ModSeq)

    var isNewMail: Bool { if case .appended = self { true } else { false } }

    var mailboxID: MailboxID {
        switch self {
        case .appended(let id, _), .flagged(let id, _), .expunged(let id, _, _), .renamed(let id, _), .deleted(let id),
            .rights(let id), .seen(let id, _, _, _, _):
            id
        }
    }
}

extension MailboxSnapshot {
    /// Moves this snapshot past a change of its mailbox.
    /// - Parameter reader: whose \Seen it shows; nil for the owner's.
    mutating func apply(_ change: Change, flagSets: FlagSetTable, reader: AccountID? = nil) {
        self.flagSets = flagSets
        switch change {
        case .appended(_, let entries):
            append(reader == nil ? entries : entries.map { $0.shown(seen: false, in: flagSets) })
            guard let last = entries.last else { return }
            uidNext = UInt64(last.uid.rawValue) + 1
            highestModSeq = max(highestModSeq, last.modSeq)
        case .flagged(_, let entries):
            guard let last = entries.last else { return }
            let byUID = Dictionary(entries.map { ($0.uid, $0) }, uniquingKeysWith: { $1 })
            update(UIDSet(entries.map(\.uid))) { old in
                guard let new = byUID[old.uid] else { return old }
                return reader == nil ? new : new.shown(seen: flagSets[old.flagSet].flags.contains(.seen), in: flagSets)
            }
            highestModSeq = max(highestModSeq, last.modSeq)
        case .expunged(_, let uids, let modSeq):
            update(uids) { _ in nil }
            highestModSeq = max(highestModSeq, modSeq)
        case .renamed, .rights: break
        case .deleted: isDeleted = true
        case .seen(_, let whose, let uids, let isSeen, let modSeq):
            guard whose == reader else { return }
            update(uids) { $0.shown(seen: isSeen, in: flagSets, modSeq: modSeq) }
            highestModSeq = max(highestModSeq, modSeq)
        }
    }
}

extension MessageEntry {
    /// As a reader has it whose \Seen is this, since this MODSEQ.
    func shown(seen: Bool, in flagSets: FlagSetTable, modSeq: ModSeq = .zero) -> MessageEntry {
        var entry = self
        entry.flagSet = flagSets.id(flagSet, seen: seen)
        entry.modSeq = max(entry.modSeq, modSeq)
        return entry
    }
}
