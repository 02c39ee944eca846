// What a client asked for with NOTIFY SET, compiled: which events of which mailboxes.

import IMAPSyntax
import Mail
import MailStore

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
        static let metadata = Events(rawValue: 16)
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
    /// Without events: nothing is wanted of these, whatever another group says.
    private var others: [(filter: Filter, events: Events)] = []
    /// ServerMetadataChange: in any group, it is about no mailbox.
    private(set) var serverMetadata = false

    /// That of NOTIFY NONE.
    init() {}

    /// The names of the events that there are.
    /// - Parameter metadata: the login is offered METADATA, which makes its events required (RFC 5465 §5.6).
    static func eventNames(metadata: Bool) -> [String] {
        ["MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange"]
            + (metadata ? ["MailboxMetadataChange", "ServerMetadataChange"] : [])
    }

    /// - Parameters:
    ///   - metadata: the login is offered METADATA.
    ///   - name: what a mailbox argument means; nil for what is no name, which is passed over.
    /// - Throws: BADEVENT for an event that is not there.
    init(
        _ groups: [NotifyGroup], metadata: Bool, name: (MailboxArgument) -> MailboxName?
    ) throws(Refusal) {
        for group in groups {
            let events = try self.events(of: group, metadata: metadata)
            // Of a mailbox nothing is wanted here, which is not to say that nothing is wanted of it.
            if events.isEmpty, !group.events.isEmpty { continue }
            switch group.filter {
            case .selected, .selectedDelayed:
                guard !group.events.isEmpty else { continue }
                selected = Selected(
                    isImmediate: group.filter == .selected, flags: events.contains(.flags),
                    items: NotifyInterest.items(of: group))
            // What mail is delivered to cannot be told from the rest: Sieve may come (RFC 5465 §6.3).
            case .personal, .inboxes: others.append((.personal, events))
            case .subscribed: others.append((.subscribed, events))
            case .subtree(let names): others += names.compactMap(name).map { (.subtree($0), events) }
            case .subtreeOne: break
            case .mailboxes(let names): others += names.compactMap(name).map { (.mailbox($0), events) }
            }
        }
    }

    private mutating func events(of group: NotifyGroup, metadata: Bool) throws(Refusal) -> Events {
        var events: Events = []
        for event in group.events {
            switch event {
            case .messageNew, .messageExpunge: events.insert(.messages)
            case .flagChange: events.insert(.flags)
            case .mailboxName: events.insert(.names)
            case .subscriptionChange: events.insert(.subscriptions)
            case .mailboxMetadataChange where metadata: events.insert(.metadata)
            case .serverMetadataChange where metadata: serverMetadata = true
            case .annotationChange, .mailboxMetadataChange, .serverMetadataChange, .unknown:
                let names = NotifyInterest.eventNames(metadata: metadata)
                throw Refusal(.no("That event is not known here.", code: .badEvent(names)))
            }
        }
        return events
    }

    /// What sets \Seen is read without doing so: nobody looks at a message that comes unasked.
    private static func items(of group: NotifyGroup) -> [FetchItem] {
        for case .messageNew(let items) in group.events { return items.map(\.peeking) }
        return []
    }

    /// Whether the names or the messages of other mailboxes than the selected one matter.
    var watchesMailboxes: Bool { others.contains { !$0.events.isEmpty } }
    /// Whether annotations matter, of mailboxes or of the account.
    var wantsMetadata: Bool { serverMetadata || others.contains { $0.events.contains(.metadata) } }
    /// Whether anything beyond the selected mailbox matters.
    var watchesAccount: Bool { watchesMailboxes || serverMetadata }

    /// What is wanted of the mailbox of a name, which need not exist (any more).
    func events(of name: MailboxName, isSubscribed: Bool) -> Events {
        var wanted: Events = []
        for (filter, events) in others {
            let matches =
                switch filter {
                // Not the mailboxes of others (RFC 5465 §6.2).
                case .personal: !name.isReserved
                case .subscribed: isSubscribed
                case .subtree(let top): name == top || top.isAncestor(of: name)
                case .mailbox(let one): name == one
                }
            guard matches else { continue }
            if events.isEmpty { return [] }
            wanted.formUnion(events)
        }
        return wanted
    }

    /// Whether mailboxes of the owner under this level of `Other Users` can be wanted.
    func concerns(owner: String, subscriptions: Set<MailboxName>) -> Bool {
        let level = "\(MailboxName.otherUsers)/\(owner)"
        return others.contains { filter, events in
            guard !events.isEmpty else { return false }
            return switch filter {
            case .personal: false
            case .subscribed: subscriptions.contains { $0.inOtherUsers?.owner == owner }
            case .subtree(let top): top.text == MailboxName.otherUsers || top.isAtOrBelow(level)
            case .mailbox(let one): one.inOtherUsers?.owner == owner
            }
        }
    }
}

extension FetchItem {
    /// The same without setting \Seen.
    var peeking: FetchItem {
        switch self {
        case .section(let section, _, let partial): .section(section, peek: true, partial: partial)
        case .binary(let path, _, let partial): .binary(path, peek: true, partial: partial)
        default: self
        }
    }
}
