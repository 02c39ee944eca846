// STATUS: the numbers of a mailbox that is not selected.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.3.10, RFC 7162 §3.1.7, RFC 7889 §3.1, RFC 8438, RFC 8474 §4.3.
    func status(_ status: IMAPSyntax.Status) async throws -> Completion {
        let mailbox = try await resolve(status.mailbox)
        guard let info = try await mailbox.account.mailbox(mailbox.name, counting: status.items.counts) else {
            throw StoreError.mailboxNotFound(mailbox.name)
        }
        guard info.rights.contains(.read) else { throw StoreError.notPermitted }
        connection.writer.status(mailbox.fullName, values(of: status.items, in: info, of: mailbox.account.id))
        return .ok("STATUS completed.")
    }

    /// In the order asked for.
    func values(
        of items: [StatusItem], in info: MailboxInfo, of owner: AccountID
    ) -> [(item: StatusItem, value: StatusValue)] {
        items.map { item in
            let value: StatusValue =
                switch item {
                case .messages: .number(UInt64(clamping: info.messages))
                case .recent: .number(UInt64(clamping: info.recent ?? 0))
                case .uidNext: .number(min(info.uidNext, UInt64(UInt32.max)))
                case .uidValidity: .number(UInt64(info.uidValidity.rawValue))
                case .unseen: .number(UInt64(clamping: info.unseen))
                case .size: .number(UInt64(clamping: info.size))
                case .highestModSeq: .number(info.modSeq.rawValue)
                case .deleted: .number(UInt64(clamping: info.deleted))
                case .deletedStorage: .number(UInt64(clamping: info.deletedSize ?? 0))
                case .appendLimit: .number(UInt64(clamping: limits.message))
                case .mailboxID: .objectID(ObjectID.mailbox(info.id, of: owner))
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
