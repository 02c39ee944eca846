// What a client asked for with NOTIFY SET, compiled: which events of which mailboxes.

import IMAPSyntax
import Mail

/// A pure value. One that wants nothing is what NOTIFY NONE leaves.
struct NotifyInterest: Sendable {
    /// Kinds of events beyond the selected mailbox.
    struct Events: OptionSet, Sendable {
        let rawValue: UInt8
        /// MessageNew and MessageExpunge, which go together.
        static let messages = Events(rawValue: 1)
        static let flags = Events(rawValue: 2)
        static let names = Events(rawValue: 4)
        static let subscriptions = Events(rawValue: 8)
    }

    /// What is told of the selected mailbox (RFC 5465 §6.1).
    struct Selected: Sendable {
        /// SELECTED: also EXPUNGE at any time.
        var isImmediate: Bool
        /// FlagChange too.
        var flags: Bool
        /// Told of each new message.
        var items: [FetchItem]
    }

    private enum Filter: Sendable {
        case personal
        case subscribed
        case subtree(MailboxName)
        case mailbox(MailboxName)
    }

    /// nil: nothing is told of the selected mailbox unless the client's own commands make it necessary.
    private(set) var selected: Selected?
    private var others: [(filter: Filter, events: Events)] = []

    /// That of NOTIFY NONE.
    init() {}

    /// The names of the events that there are.
    static let eventNames = ["MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange"]

    /// - Parameter name: what a mailbox argument means; nil for what is no name, which is passed over.
    /// - Throws: BADEVENT for an event that is not there.
    init(_ groups: [NotifyGroup], name: (MailboxArgument) -> MailboxName?) throws(Refusal) {
        for group in groups {
            let events = try NotifyInterest.events(of: group)
            guard !group.events.isEmpty else { continue }
            switch group.filter {
            case .selected, .selectedDelayed:
                selected = Selected(
                    isImmediate: group.filter == .selected, flags: events.contains(.flags),
                    items: NotifyInterest.items(of: group))
            case .personal, .inboxes: others.append((.personal, events))
            case .subscribed: others.append((.subscribed, events))
            case .subtree(let names): others += names.compactMap(name).map { (.subtree($0), events) }
            case .subtreeOne: break
            case .mailboxes(let names): others += names.compactMap(name).map { (.mailbox($0), events) }
            }
        }
    }

    private static func events(of group: NotifyGroup) throws(Refusal) -> Events {
        var events: Events = []
        for event in group.events {
            switch event {
            case .messageNew, .messageExpunge: events.insert(.messages)
            case .flagChange: events.insert(.flags)
            case .mailboxName: events.insert(.names)
            case .subscriptionChange: events.insert(.subscriptions)
            case .annotationChange, .mailboxMetadataChange, .serverMetadataChange, .unknown:
                throw Refusal(.no("That event is not known here.", code: .badEvent(eventNames)))
            }
        }
        return events
    }

    /// What sets \Seen is read without doing so: nobody looks at a message that comes unasked.
    private static func items(of group: NotifyGroup) -> [FetchItem] {
        for case .messageNew(let items) in group.events {
            return items.map { item in
                if case .section(let section, _, let partial) = item {
                    return .section(section, peek: true, partial: partial)
                }
                return item
            }
        }
        return []
    }

    /// Whether other mailboxes than the selected one matter at all.
    var watchesAccount: Bool { others.contains { !$0.events.isEmpty } }

    /// What is wanted of the mailbox of a name, which need not exist (any more).
    func events(of name: MailboxName, isSubscribed: Bool) -> Events {
        others.reduce(into: []) { sum, group in
            let matches =
                switch group.filter {
                case .personal: true
                case .subscribed: isSubscribed
                case .subtree(let top): name == top || top.isAncestor(of: name)
                case .mailbox(let one): name == one
                }
            if matches { sum.formUnion(group.events) }
        }
    }
}
