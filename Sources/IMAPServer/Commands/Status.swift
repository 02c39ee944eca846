// STATUS: the numbers of a mailbox that is not selected.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.3.10, RFC 8438, RFC 7162 §3.1.7.
    func status(_ status: IMAPSyntax.Status) async throws -> Completion {
        let mailbox = try await resolve(status.mailbox)
        guard let info = try await mailbox.account.mailbox(mailbox.name, counting: status.items.counts) else {
            throw StoreError.mailboxNotFound(mailbox.name)
        }
        connection.writer.status(mailbox.fullName, Session.values(of: status.items, in: info))
        return .ok("STATUS completed.")
    }

    /// In the order asked for.
    static func values(of items: [StatusItem], in info: MailboxInfo) -> [(item: StatusItem, value: UInt64)] {
        items.map { item in
            let value: UInt64 =
                switch item {
                case .messages: UInt64(clamping: info.messages)
                case .recent: UInt64(clamping: info.recent ?? 0)
                case .uidNext: min(info.uidNext, UInt64(UInt32.max))
                case .uidValidity: UInt64(info.uidValidity.rawValue)
                case .unseen: UInt64(clamping: info.unseen)
                case .size: UInt64(clamping: info.size)
                case .highestModSeq: info.modSeq.rawValue
                case .deleted: UInt64(clamping: info.deleted)
                case .deletedStorage: UInt64(clamping: info.deletedSize ?? 0)
                }
            return (item, value)
        }
    }
}

extension [StatusItem] {
    /// What has to be counted for them besides what is known of every mailbox.
    var counts: MailboxCountOptions {
        var counts: MailboxCountOptions = []
        if contains(.recent) { counts.insert(.recent) }
        if contains(.deletedStorage) { counts.insert(.deletedSize) }
        return counts
    }
}
