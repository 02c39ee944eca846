// LIST, plain, with selection and with returned STATUS.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.3.8, RFC 5258, RFC 5819, RFC 6154 §2. Special uses stand in plain LIST too: some clients never ask
    /// for them.
    func list(_ list: List) async throws -> Completion {
        let account = try loggedIn().account
        if list.asksForDelimiter {
            connection.writer.listDelimiter()
            return .ok("LIST completed.")
        }
        let statusItems = list.statusItems
        let mailboxes = try await visibleMailboxes(counting: statusItems?.counts ?? [])
        let needsSubscriptions = list.selections.contains(.subscribed) || list.returns.contains(.subscribed)
        let subscriptions = needsSubscriptions ? Set(try await account.subscriptions()) : []
        let enabled = enabled
        let rows = await apart(names: mailboxes.count + subscriptions.count) {
            ListRows(
                list: list, mailboxes: mailboxes, subscriptions: subscriptions, utf8Accepted: enabled.acceptsUTF8,
                isRev2: enabled.isRev2
            ).rows
        }
        for row in rows {
            connection.writer.list(row.name, attributes: row.attributes, childInfoSubscribed: row.hasChildInfo)
            if let statusItems, row.isSelected, let info = row.info, info.rights.contains(.read) {
                connection.writer.status(row.name, values(of: statusItems, in: info, of: info.owner ?? account.id))
            }
            if list.returns.contains(.myRights), row.isSelected, let info = row.info {
                connection.writer.myRights(row.name, try shownRights(info.rights))
            }
            if let entries = list.metadataEntries, row.isSelected, row.info != nil {
                try await writeMetadata(entries, of: row.name)
            }
            try await connection.flushIfLarge()
        }
        return .ok("LIST completed.")
    }

    /// RFC 9590 §3. What cannot be looked up is left out.
    private func writeMetadata(_ entries: [MetadataEntry], of name: MailboxName) async throws {
        let query = GetMetadata(mailbox: MailboxArgument(name.text), entries: entries)
        do {
            let mailbox = try await resolve(name)
            let values = try await metadata(of: mailbox, query).values
            if !values.isEmpty { connection.writer.metadata(mailbox.fullName, values) }
        } catch is StoreError {
            return
        }
    }
}

extension List {
    /// The entries of RETURN (METADATA …), if that was asked for.
    fileprivate var metadataEntries: [MetadataEntry]? {
        for case .metadata(let entries) in returns { return entries }
        return nil
    }

    /// The items of RETURN (STATUS …), if that was asked for.
    fileprivate var statusItems: [StatusItem]? {
        for case .status(let items) in returns { return items }
        return nil
    }
}
