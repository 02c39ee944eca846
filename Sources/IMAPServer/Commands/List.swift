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
        let mailboxes = try await account.mailboxes(countingRecent: statusItems?.contains(.recent) == true)
        let needsSubscriptions = list.selections.contains(.subscribed) || list.returns.contains(.subscribed)
        let subscriptions = needsSubscriptions ? Set(try await account.subscriptions()) : []
        let rows = ListRows(
            list: list, mailboxes: mailboxes, subscriptions: subscriptions, utf8Accepted: enabled.acceptsUTF8
        ).rows
        for row in rows {
            connection.writer.list(
                row.name, attributes: row.attributes, childInfoSubscribed: row.hasSubscribedChildren)
            if let statusItems, let info = row.info {
                connection.writer.status(row.name, Session.values(of: statusItems, in: info))
            }
            try await connection.flushIfLarge()
        }
        return .ok("LIST completed.")
    }
}

extension List {
    /// The items of RETURN (STATUS …), if that was asked for.
    fileprivate var statusItems: [StatusItem]? {
        for case .status(let items) in returns { return items }
        return nil
    }
}

/// What a LIST yields: pure, in the order of the mailboxes' names.
struct ListRows {
    struct Row {
        var name: MailboxName
        var attributes: [MailboxAttribute]
        /// A subscribed mailbox below this one does not itself match (RFC 5258 §3.5).
        var hasSubscribedChildren = false
        /// nil for a name that is only subscribed.
        var info: MailboxInfo?
    }

    private let list: List
    private let mailboxes: [MailboxInfo]
    private let subscriptions: Set<MailboxName>
    private let patterns: [MailboxPattern]
    private let parents: Set<MailboxName>

    init(
        list: List, mailboxes: [MailboxInfo], subscriptions: Set<MailboxName>, utf8Accepted: Bool = false
    ) {
        self.list = list
        self.mailboxes = mailboxes
        self.subscriptions = subscriptions
        patterns = list.compiledPatterns(utf8Accepted: utf8Accepted)
        parents = Set(mailboxes.compactMap(\.name.parent))
    }

    var rows: [Row] {
        var rows = mailboxes.compactMap(row(of:))
        if list.selections.contains(.subscribed), !list.selections.contains(.specialUse) {
            let known = Set(mailboxes.map(\.name))
            rows += subscriptions.subtracting(known).filter(matches).map { name in
                Row(name: name, attributes: [.nonExistent, .subscribed])
            }
            rows.sort { $0.name < $1.name }
        }
        return rows
    }

    private func row(of info: MailboxInfo) -> Row? {
        guard matches(info.name) else { return nil }
        let isSubscribed = subscriptions.contains(info.name)
        var hasSubscribedChildren = false
        if list.selections.contains(.recursiveMatch) {
            hasSubscribedChildren = subscriptions.contains { info.name.isAncestor(of: $0) && !matches($0) }
        }
        if list.selections.contains(.subscribed), !isSubscribed, !hasSubscribedChildren { return nil }
        if list.selections.contains(.specialUse), info.specialUse == nil { return nil }
        var attributes: [MailboxAttribute] = [parents.contains(info.name) ? .hasChildren : .hasNoChildren]
        if let use = info.specialUse { attributes.append(MailboxAttribute(use)) }
        if isSubscribed { attributes.append(.subscribed) }
        return Row(
            name: info.name, attributes: attributes, hasSubscribedChildren: hasSubscribedChildren, info: info)
    }

    private func matches(_ name: MailboxName) -> Bool { patterns.contains { $0.matches(name) } }
}
