// NOTIFY: what the client wants to be told without asking.

import Mail

/// RFC 5465 §3.1.
package enum Notify: Hashable, Sendable {
    /// Nothing any more.
    case none
    /// In place of what was asked for before. `status`: STATUS of each mailbox at once.
    case set(status: Bool, [NotifyGroup])
}

/// Some mailboxes, and which of their events are wanted; none for `NONE`.
package struct NotifyGroup: Hashable, Sendable {
    /// Never `subtreeOne`.
    package var filter: MailboxFilter
    package var events: [NotifyEvent]

    package init(_ filter: MailboxFilter, _ events: [NotifyEvent]) {
        self.filter = filter
        self.events = events
    }
}

/// RFC 5465 §5.
package enum NotifyEvent: Hashable, Sendable {
    /// With what is wanted of each new message; only of the selected mailbox's.
    case messageNew([FetchItem])
    case messageExpunge
    case flagChange
    case annotationChange
    case mailboxName
    case subscriptionChange
    case mailboxMetadataChange
    case serverMetadataChange
    /// One that nobody knows: refused with NO, not BAD (RFC 5465 §3.1).
    case unknown(String)

    /// RFC 5465 §8, message-event.
    package var isOfMessages: Bool {
        switch self {
        case .messageNew, .messageExpunge, .flagChange, .annotationChange: true
        default: false
        }
    }
}

extension Lexer {
    // RFC 5465 §8: notify = "NOTIFY" SP ("SET" [SP "STATUS"] SP event-group *(SP event-group) / "NONE")
    mutating func notify() throws(SyntaxError) -> Notify {
        try space()
        switch letters() {
        case "NONE": return .none
        case "SET": break
        default: throw SyntaxError("NOTIFY is followed by SET or NONE")
        }
        try space()
        var status = false
        if peek() != UInt8(ascii: "(") {
            guard letters() == "STATUS" else { throw SyntaxError("expected STATUS or a group of events \(place)") }
            status = true
            try space()
        }
        var groups: [NotifyGroup] = []
        repeat {
            guard groups.count < limits.arguments else { throw SyntaxError("too many groups of events") }
            groups.append(try notifyGroup())
        } while takeSpace()
        guard groups.count(where: \.filter.isSelected) <= 1 else {
            throw SyntaxError("SELECTED and SELECTED-DELAYED may be given once in all")
        }
        return .set(status: status, groups)
    }

    // event-group = "(" filter-mailboxes SP events ")"
    private mutating func notifyGroup() throws(SyntaxError) -> NotifyGroup {
        try expect("(")
        let filter = try notifyFilter()
        try space()
        let group = NotifyGroup(filter, try notifyEvents())
        try closeList()
        try check(group)
        return group
    }

    // RFC 5465 §8: filter-mailboxes, without what RFC 7377 added for ESEARCH
    private mutating func notifyFilter() throws(SyntaxError) -> MailboxFilter {
        let filter = try mailboxFilter()
        if case .subtreeOne = filter { throw SyntaxError("SUBTREE-ONE is for ESEARCH") }
        return filter
    }

    // events = "(" event *(SP event) ")" / "NONE"; the RFC's own example leaves the parentheses out.
    private mutating func notifyEvents() throws(SyntaxError) -> [NotifyEvent] {
        let isList = take("(")
        var events: [NotifyEvent] = []
        repeat {
            guard events.count < limits.arguments else { throw SyntaxError("too many events") }
            let name = try atom("an event")
            if !isList, events.isEmpty, name.asciiUppercased == "NONE" { return [] }
            events.append(try notifyEvent(name))
        } while takeSpace()
        if isList { try closeList() }
        return events
    }

    private mutating func notifyEvent(_ name: String) throws(SyntaxError) -> NotifyEvent {
        switch name.asciiUppercased {
        case "MESSAGENEW":
            guard position + 1 < bytes.count, peek() == 0x20, bytes[position + 1] == UInt8(ascii: "(") else {
                return .messageNew([])
            }
            try space()
            return .messageNew(try fetchItemList())
        case "MESSAGEEXPUNGE": return .messageExpunge
        case "FLAGCHANGE": return .flagChange
        case "ANNOTATIONCHANGE": return .annotationChange
        case "MAILBOXNAME": return .mailboxName
        case "SUBSCRIPTIONCHANGE": return .subscriptionChange
        case "MAILBOXMETADATACHANGE": return .mailboxMetadataChange
        case "SERVERMETADATACHANGE": return .serverMetadataChange
        default: return .unknown(name)
        }
    }

    /// RFC 5465 §5, §6.1: what is BAD though each word is right.
    private func check(_ group: NotifyGroup) throws(SyntaxError) {
        let events = group.events
        let new = events.contains { if case .messageNew = $0 { true } else { false } }
        let expunge = events.contains(.messageExpunge)
        guard new == expunge else { throw SyntaxError("MessageNew and MessageExpunge go together") }
        guard new || !(events.contains(.flagChange) || events.contains(.annotationChange)) else {
            throw SyntaxError("FlagChange and AnnotationChange need MessageNew and MessageExpunge")
        }
        for event in events {
            if group.filter.isSelected {
                if case .unknown = event { continue }
                guard event.isOfMessages else { throw SyntaxError("SELECTED takes events of messages only") }
            } else if case .messageNew(let items) = event, !items.isEmpty {
                throw SyntaxError("only SELECTED and SELECTED-DELAYED take FETCH items")
            }
        }
    }
}
