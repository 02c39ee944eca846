// How an announcement is written: by number or by UID, with or without MODSEQ, as the client has enabled.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

extension Session {
    /// - Parameter withUIDs: the command speaks in UIDs. Once CONDSTORE or IMAP4rev2 is enabled they stand in any case
    ///   (RFC 7162 §3.2.4, RFC 9051 §7.5.2).
    func write(
        _ announcement: Announcement, of selection: Selection, withUIDs: Bool
    ) async throws(ConnectionEnded) {
        try await writeGone(announcement)
        // Before anything shows a keyword that the client does not know, also a new message (RFC 3501 §7.2.6).
        if selection.learnKeywords() { writeFlagsOfMailbox(selection) }
        if let exists = announcement.exists { connection.writer.exists(UInt32(truncatingIfNeeded: exists)) }
        if let recent = announcement.recent, !enabled.isRev2 {
            connection.writer.recent(UInt32(truncatingIfNeeded: recent))
        }
        try await writeFlags(announcement, of: selection, withUIDs: withUIDs && !enabled.isUIDOnly || enabled.tellsUID)
        if let modSeq = announcement.toldModSeq, enabled.tellsModSeq { writeHighest(modSeq) }
    }

    private func writeGone(_ announcement: Announcement) async throws(ConnectionEnded) {
        if enabled.tellsVanished {
            connection.writer.vanished(announcement.vanished, earlier: false)
            return try await connection.flushIfLarge()
        }
        for number in announcement.expunged {
            connection.writer.expunge(number)
            try await connection.flushIfLarge()
        }
    }

    private func writeFlags(
        _ announcement: Announcement, of selection: Selection, withUIDs: Bool
    ) async throws(ConnectionEnded) {
        let mailbox = selection.mailbox
        var encoder = FlagEncoder(mailbox.view.flagSets, tellsRecent: !enabled.isRev2)
        for index in announcement.flags {
            let entry = mailbox.view[index]
            connection.writer.beginFetch(UInt32(truncatingIfNeeded: index + 1), uid: entry.uid.rawValue)
            if withUIDs { connection.writer.fetchUID(entry.uid.rawValue) }
            if enabled.tellsModSeq { connection.writer.fetchModSeq(entry.modSeq) }
            connection.writer.fetchFlags(
                encoded: encoder.encoded(entry.flagSet, isRecent: mailbox.isRecent(entry.uid)))
            connection.writer.endFetch()
            try await connection.flushIfLarge()
        }
        guard enabled.tellsModSeq else { return }
        for index in announcement.modSeqs {
            let entry = mailbox.view[index]
            connection.writer.beginFetch(UInt32(truncatingIfNeeded: index + 1), uid: entry.uid.rawValue)
            if !enabled.isUIDOnly { connection.writer.fetchUID(entry.uid.rawValue) }
            connection.writer.fetchModSeq(entry.modSeq)
            connection.writer.endFetch()
            try await connection.flushIfLarge()
        }
    }

    /// RFC 7162 §3.1.2.1.
    func writeHighest(_ modSeq: ModSeq) {
        guard isOffered("CONDSTORE") else { return }
        connection.writer.untagged(.ok, code: .highestModSeq(modSeq), "The highest mod-sequence.")
    }

    // MARK: CONDSTORE

    /// From now on whatever tells of a change tells its MODSEQ too (RFC 7162 §3.1). The first time, a client that has a
    /// mailbox selected is told where it stands.
    func becomeCondstoreAware() {
        guard !enabled.tellsModSeq else { return }
        enabled.insert(.condstore)
        if let selection { writeHighest(selection.mailbox.toldModSeq) }
    }
}

extension Command {
    /// RFC 7162 §3.1: a client that says this understands MODSEQ. SELECT's parameter is seen to by SELECT.
    var isCondstoreEnabling: Bool {
        switch self {
        case .status(let status): status.items.contains(.highestModSeq)
        case .list(let list): list.returns.contains { $0.asksForHighestModSeq }
        case .fetch(let fetch): fetch.modifiers.changedSince != nil || fetch.items.contains(.modSeq)
        case .store(let store): store.unchangedSince != nil
        case .notify(let notify): notify.asksForModSeq
        default: searchKey?.asksForModSeq == true
        }
    }
}

extension Notify {
    /// MODSEQ is wanted of new messages.
    fileprivate var asksForModSeq: Bool {
        guard case .set(_, let groups) = self else { return false }
        return groups.flatMap(\.events).contains { event in
            if case .messageNew(let items) = event { items.contains(.modSeq) } else { false }
        }
    }
}

extension List.Return {
    fileprivate var asksForHighestModSeq: Bool {
        if case .status(let items) = self { items.contains(.highestModSeq) } else { false }
    }
}

extension SearchKey {
    /// MODSEQ is among the keys.
    var asksForModSeq: Bool { contains { if case .modSeq = $0 { true } else { false } } }

    /// A message is named by its sequence number.
    var namesSequenceNumbers: Bool { contains { if case .messages(.sequence) = $0 { true } else { false } } }
}
