// What a LIST yields: a pure function of the mailboxes, the subscriptions and the question.
//
// Theory (RFC 5258 §3.3). A name is told for one of two reasons: it matches a pattern and meets the selection options;
// or it matches a pattern, and a name below it meets them and is not told itself. The second reason holds when
// RECURSIVEMATCH asks for it, and for a name that is no mailbox but lies above some (§3.5, last note). What is below
// the names is worked out once, by climbing from each name that meets the options; a climb ends where an earlier one
// passed with as much to say, so that all of them together take time in proportion to the tree.

import IMAPSyntax
import Mail
import MailStore

struct ListRows {
    struct Row: Sendable {
        var name: MailboxName
        var attributes: [MailboxAttribute]
        /// A name below this one meets the selection options (RFC 5258 §3.5, CHILDINFO).
        var hasChildInfo = false
        /// nil for a name that is no mailbox.
        var info: MailboxInfo?
        /// False for a name that is told for what is below it alone.
        var isSelected = true
    }

    private let list: List
    private let patterns: [MailboxPattern]
    private let mailboxes: [MailboxName: MailboxInfo]
    /// Their names, each once, as they came: mostly in order.
    private let names: [MailboxName]
    private let subscriptions: Set<MailboxName>
    /// Names that are no mailbox are \NonExistent to a client that knows of it, else \Noselect.
    private let isExtended: Bool
    /// Names above a mailbox.
    private let parents: Set<MailboxName>

    /// - Parameters:
    ///   - subscriptions: every subscribed name; they are looked at only where the options ask for them.
    ///   - isRev2: IMAP4rev2 is enabled: plain LIST has the attributes of the extended one.
    init(
        list: List, mailboxes: [MailboxInfo], subscriptions: Set<MailboxName>, utf8Accepted: Bool = false,
        isRev2: Bool = false
    ) {
        self.list = list
        patterns = list.compiledPatterns(utf8Accepted: utf8Accepted)
        var byName: [MailboxName: MailboxInfo] = [:]
        byName.reserveCapacity(mailboxes.count)
        names = mailboxes.compactMap { byName.enter($0) ? $0.name : nil }
        self.mailboxes = byName
        self.subscriptions = subscriptions
        isExtended = list.isExtended || isRev2
        var parents: Set<MailboxName> = []
        for mailbox in mailboxes {
            var above = mailbox.name.parent
            while let name = above, parents.insert(name).inserted { above = name.parent }
        }
        self.parents = parents
    }

    private var selectsSubscribed: Bool { list.selections.contains(.subscribed) }
    private var tellsSubscribed: Bool { selectsSubscribed || list.returns.contains(.subscribed) }
    private var isRecursive: Bool { list.selections.contains(.recursiveMatch) }

    private func matches(_ name: MailboxName) -> Bool { patterns.contains { $0.matches(name) } }

    /// The selection options, RECURSIVEMATCH apart. REMOTE adds mailboxes of other servers: there are none.
    private func isSelected(_ name: MailboxName) -> Bool {
        if selectsSubscribed, !subscriptions.contains(name) { return false }
        if list.selections.contains(.specialUse), mailboxes[name]?.specialUse == nil { return false }
        return selectsSubscribed || mailboxes[name] != nil
    }

    /// In the order of their names, each once.
    var rows: [Row] {
        guard !patterns.isEmpty else { return [] }
        let candidates = selectsSubscribed ? Array(subscriptions) : names
        var below = Below()
        var rows: [Row] = []
        for name in candidates where isSelected(name) {
            let isTold = matches(name)
            below.climb(from: name, isTold: isTold)
            if isTold { rows.append(Row(name: name, attributes: [])) }
        }
        let selected = Set(rows.map(\.name))
        for (name, isUntold) in below.names where isUntold && !selected.contains(name) {
            let isMissingParent = list.selections.isDisjoint(with: [.subscribed, .specialUse]) && mailboxes[name] == nil
            guard isRecursive || isMissingParent, matches(name) else { continue }
            rows.append(Row(name: name, attributes: [], isSelected: false))
        }
        return rows.sorted { $0.name < $1.name }.map { complete($0, below) }
    }

    private func complete(_ row: Row, _ below: Below) -> Row {
        var row = row
        row.info = mailboxes[row.name]
        row.hasChildInfo = isRecursive && below.names[row.name] != nil
        if row.info == nil { row.attributes.append(isExtended ? .nonExistent : .noSelect) }
        row.attributes.append(parents.contains(row.name) ? .hasChildren : .hasNoChildren)
        if let use = row.info?.specialUse { row.attributes.append(MailboxAttribute(use)) }
        if tellsSubscribed, subscriptions.contains(row.name) { row.attributes.append(.subscribed) }
        return row
    }
}

extension [MailboxName: MailboxInfo] {
    /// False when there is one of that name.
    fileprivate mutating func enter(_ mailbox: MailboxInfo) -> Bool {
        guard self[mailbox.name] == nil else { return false }
        self[mailbox.name] = mailbox
        return true
    }
}

/// The names above those that meet the selection options.
private struct Below {
    /// True for a name that has one below it that is not told itself.
    private(set) var names: [MailboxName: Bool] = [:]

    mutating func climb(from name: MailboxName, isTold: Bool) {
        var above = name.parent
        while let parent = above {
            if let known = names[parent], known || isTold { return }
            names[parent] = !isTold
            above = parent.parent
        }
    }
}
