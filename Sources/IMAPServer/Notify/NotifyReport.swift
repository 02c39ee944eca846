// From what changed in a client's mailboxes to the responses that tell it.
//
// Theory. A client's own changes are not told to it (RFC 5465 §5). Of messages the news say who changed them. Of names
// the session notes what its commands have brought about; as long as it is so, nothing is told of these names, and when
// somebody else has undone it since, that is told, though the client's old picture and the new one do not differ.
//
// What a guest may no longer look up is told as gone, with \NoAccess besides (RFC 5465 §5.4, §5.9); what its owner has
// deleted is told in the same words, lest the guest learn from them what is still there.

import IMAPSyntax
import Mail
import MailStore

/// What a command of the session itself has made of a name.
struct OwnName: Hashable, Sendable {
    let name: MailboxName
    var exists: Bool?
    var isSubscribed: Bool?

    /// Nobody has changed it since.
    func holds(in catalogue: MailboxCatalogue) -> Bool {
        (exists == nil || exists == catalogue.exists(name))
            && (isSubscribed == nil || isSubscribed == catalogue.subscriptions.contains(name))
    }
}

/// Pure: changes in, lines out.
struct NotifyReport {
    enum Line {
        case list(MailboxName, [MailboxAttribute], oldName: MailboxName?)
        case status(MailboxInfo, [StatusItem])
    }

    /// What the news say of messages, and what they do not: see `NotifyState`.
    struct Messages {
        /// Changed by this session alone.
        var own: Set<MailboxKey> = []
        /// Changed by others while the client knows numbers that it was not told.
        var untold: Set<MailboxKey> = []
        /// What INBOX was renamed to.
        var renamedInboxes: Set<MailboxKey> = []
        var tellsModSeq = false
    }

    /// So many names are remembered.
    private static let refusedNames = 1_000

    private(set) var lines: [Line] = []
    /// Names that the client has been told are \NoAccess.
    private(set) var refused: Set<MailboxName>
    private let interest: NotifyInterest
    private let old: MailboxCatalogue
    private let new: MailboxCatalogue
    private let selected: MailboxKey?
    private let news: Messages
    private let own: Set<MailboxName>
    private let undone: [OwnName]
    /// Names that have a line already.
    private var listed: Set<MailboxName> = []

    init(
        _ state: NotifyState, old: MailboxCatalogue, new: MailboxCatalogue, selected: MailboxKey?, news: Messages
    ) {
        interest = state.interest
        refused = state.refused
        self.old = old
        self.new = new
        self.selected = selected
        self.news = news
        own = Set(state.own.filter { $0.holds(in: new) }.map(\.name))
        undone = state.own.filter { !$0.holds(in: new) }
    }

    /// Everything that is different now.
    mutating func addAll() {
        let changes = new.changes(since: old)
        var roots: [(from: MailboxName, to: MailboxName)] = []
        for change in changes {
            // Those that were renamed with the one above them are not named (RFC 5465 §5.4), if that one is.
            if case .renamed(let info, let from) = change, wants(.names, info.name) || wants(.names, from) {
                if roots.contains(where: { $0.from.isAncestor(of: from) && $0.to.isAncestor(of: info.name) }) {
                    continue
                }
                roots.append((from, info.name))
            }
            add(change)
        }
        for name in undone {
            if name.exists != nil { list(name.name) }
            if name.isSubscribed != nil, wants(.subscriptions, name.name) { write(name.name) }
        }
        for key in news.untold {
            guard let info = new[key], let before = old[key], !info.hasOtherMessages(than: before) else { continue }
            addStatus(key, info, nil)
        }
    }

    private mutating func add(_ change: MailboxCatalogue.Change) {
        switch change {
        case .created(let info): addCreated(info)
        case .deleted(let info): addDeleted(info)
        case .renamed(let info, let from):
            if !isOwn(info.name), wants(.names, info.name) || wants(.names, from) { write(info.name, oldName: from) }
        case .access(let info): addAccess(info)
        case .subscription(let name):
            if !isOwn(name), wants(.subscriptions, name) { write(name) }
        case .replaced(let info):
            guard info.isObservable, wantsMessages(info.name) else { return }
            lines.append(.status(info, [.messages, .uidNext, .uidValidity, .unseen] + modSeq))
        case .messages(let key, let info, let before):
            if !news.own.contains(key) { addStatus(key, info, before) }
        }
    }

    // MARK: LIST

    private mutating func addCreated(_ info: MailboxInfo) {
        if news.renamedInboxes.contains(where: { new[$0] == info }), !isOwn(info.name) {
            if wants(.names, info.name) || wants(.names, .inbox) { write(info.name, oldName: .inbox) }
            return
        }
        guard wants(.names, info.name) else {
            if !info.isObservable || refused.contains(info.name) { addAccess(info) }
            return listParent(of: info.name)
        }
        guard !isOwn(info.name) else { return }
        write(info.name)
        listParent(of: info.name)
    }

    private mutating func addDeleted(_ info: MailboxInfo) {
        guard !isOwn(info.name) else { return }
        if info.owner != nil, !events(of: info.name).isEmpty { write(info.name) } else { list(info.name) }
        listParent(of: info.name)
    }

    /// RFC 5465 §3.1, §5.9.
    mutating func addAccess(_ info: MailboxInfo) {
        if !events(of: info.name).isEmpty { write(info.name) }
    }

    /// The client's own commands made it so, with what lies above.
    private func isOwn(_ name: MailboxName) -> Bool {
        own.contains { $0 == name || name.isAncestor(of: $0) }
    }

    private func events(of name: MailboxName) -> NotifyInterest.Events {
        let isSubscribed = new.subscriptions.contains(name) || old.subscriptions.contains(name)
        return interest.events(of: name, isSubscribed: isSubscribed)
    }

    private func wants(_ event: NotifyInterest.Events, _ name: MailboxName) -> Bool {
        events(of: name).contains(event)
    }

    private func wantsMessages(_ name: MailboxName) -> Bool { !events(of: name).isDisjoint(with: [.messages, .flags]) }

    private mutating func list(_ name: MailboxName) {
        if wants(.names, name) { write(name) }
    }

    /// The parent is affected too: it has children now, or none any more.
    private mutating func listParent(of name: MailboxName) {
        guard let parent = name.parent, !isOwn(name) else { return }
        list(parent)
    }

    private mutating func write(_ name: MailboxName, oldName: MailboxName? = nil) {
        guard listed.insert(name).inserted || oldName != nil else { return }
        let attributes = attributes(of: name)
        if !attributes.contains(.noAccess) {
            refused.remove(name)
        } else if refused.count < NotifyReport.refusedNames {
            refused.insert(name)
        }
        lines.append(.list(name, attributes, oldName: oldName))
    }

    private func attributes(of name: MailboxName) -> [MailboxAttribute] {
        var attributes: [MailboxAttribute] = []
        let info = new[name]
        if info == nil { attributes.append(.nonExistent) }
        let isHidden = info == nil && name.inOtherUsers != nil
        if isHidden || info?.isObservable == false { attributes.append(.noAccess) }
        attributes.append(new.hasChildren(name) ? .hasChildren : .hasNoChildren)
        if let use = info?.specialUse { attributes.append(MailboxAttribute(use)) }
        if new.subscriptions.contains(name) { attributes.append(.subscribed) }
        return attributes
    }

    // MARK: STATUS

    private var modSeq: [StatusItem] { news.tellsModSeq ? [.highestModSeq] : [] }

    /// RFC 5465 §5.1 to §5.3.
    /// - Parameter before: nil where it is not known what the client was told last.
    private mutating func addStatus(_ key: MailboxKey, _ info: MailboxInfo, _ before: MailboxInfo?) {
        guard key != selected, info.isObservable else { return }
        // What was not watched until now is not news.
        let wasSubscribed = old.subscriptions.contains(info.name) && new.subscriptions.contains(info.name)
        let events = interest.events(of: info.name, isSubscribed: wasSubscribed)
        let counts = before.map { $0.messages != info.messages || $0.uidNext != info.uidNext } ?? true
        if counts, events.contains(.messages) {
            let unseen: [StatusItem] = events.contains(.flags) ? [.unseen] : []
            lines.append(.status(info, [.messages, .uidNext, .uidValidity] + unseen + modSeq))
        } else if !counts, events.contains(.flags), before?.unseen != info.unseen || news.tellsModSeq {
            lines.append(.status(info, [.uidValidity, .unseen] + modSeq))
        }
    }
}
