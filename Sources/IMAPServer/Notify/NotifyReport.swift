// From what changed in an account to the responses that tell a client of it.

import IMAPSyntax
import Mail
import MailStore

/// Pure: changes in, lines out.
struct NotifyReport {
    enum Line {
        case list(MailboxName, [MailboxAttribute], oldName: MailboxName?)
        case status(MailboxInfo, [StatusItem])
    }

    private(set) var lines: [Line] = []
    private let state: NotifyState
    private let old: MailboxCatalogue
    private let new: MailboxCatalogue
    private let selected: MailboxID?
    /// Names that have a line already.
    private var listed: Set<MailboxName> = []

    init(_ state: NotifyState, old: MailboxCatalogue, new: MailboxCatalogue, selected: MailboxID?) {
        self.state = state
        self.old = old
        self.new = new
        self.selected = selected
    }

    mutating func add(_ change: MailboxCatalogue.Change, tellsModSeq: Bool) {
        switch change {
        case .created(let info):
            guard !isOwn(info.name) else { return }
            list(info.name)
            listParent(of: info.name)
        case .deleted(let name):
            guard !isOwn(name) else { return }
            list(name)
            listParent(of: name)
        case .renamed(let info, let from):
            guard !isOwn(info.name) else { return }
            if wants(.names, info.name) || wants(.names, from) { write(info.name, oldName: from) }
        case .subscription(let name):
            if !isOwn(name), wants(.subscriptions, name) { write(name) }
        case .messages(let info, let before): addStatus(info, before, tellsModSeq)
        }
    }

    // MARK: LIST

    /// The client's own commands made or removed it, with what lies above.
    private func isOwn(_ name: MailboxName) -> Bool {
        state.own.contains { $0 == name || $0.isAncestor(of: name) || name.isAncestor(of: $0) }
    }

    private func wants(_ event: NotifyInterest.Events, _ name: MailboxName) -> Bool {
        let isSubscribed = new.subscriptions.contains(name) || old.subscriptions.contains(name)
        return state.interest.events(of: name, isSubscribed: isSubscribed).contains(event)
    }

    private mutating func list(_ name: MailboxName) {
        if wants(.names, name) { write(name) }
    }

    /// The parent is affected too: it has children now, or none any more.
    private mutating func listParent(of name: MailboxName) {
        if let parent = name.parent { list(parent) }
    }

    private mutating func write(_ name: MailboxName, oldName: MailboxName? = nil) {
        guard listed.insert(name).inserted || oldName != nil else { return }
        lines.append(.list(name, attributes(of: name), oldName: oldName))
    }

    private func attributes(of name: MailboxName) -> [MailboxAttribute] {
        var attributes: [MailboxAttribute] = []
        if !new.exists(name) { attributes.append(.nonExistent) }
        attributes.append(new.hasChildren(name) ? .hasChildren : .hasNoChildren)
        if let use = new.mailboxes.values.first(where: { $0.name == name })?.specialUse {
            attributes.append(MailboxAttribute(use))
        }
        if new.subscriptions.contains(name) { attributes.append(.subscribed) }
        return attributes
    }

    // MARK: STATUS

    /// RFC 5465 §5.1 to §5.3.
    private mutating func addStatus(_ info: MailboxInfo, _ before: MailboxInfo?, _ tellsModSeq: Bool) {
        guard info.id != selected else { return }
        let events = state.interest.events(
            of: info.name, isSubscribed: new.subscriptions.contains(info.name))
        let modSeq: [StatusItem] = tellsModSeq ? [.highestModSeq] : []
        guard let before else {
            if !events.isEmpty { lines.append(.status(info, [.messages, .uidNext, .uidValidity, .unseen] + modSeq)) }
            return
        }
        let counts = before.messages != info.messages || before.uidNext != info.uidNext
        if counts, events.contains(.messages) {
            let unseen: [StatusItem] = events.contains(.flags) ? [.unseen] : []
            lines.append(.status(info, [.messages, .uidNext, .uidValidity] + unseen + modSeq))
        } else if !counts, events.contains(.flags), before.unseen != info.unseen || !modSeq.isEmpty {
            lines.append(.status(info, [.uidValidity, .unseen] + modSeq))
        }
    }
}
