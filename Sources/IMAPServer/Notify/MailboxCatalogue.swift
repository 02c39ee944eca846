// An account's mailboxes and subscriptions as a client was told of them, and what differs from how they are now.

import Mail
import MailStore

/// A pure value.
struct MailboxCatalogue: Sendable {
    private(set) var mailboxes: [MailboxID: MailboxInfo]
    private(set) var subscriptions: Set<MailboxName>
    private let names: Set<MailboxName>
    private let parents: Set<MailboxName>

    init(mailboxes: [MailboxInfo], subscriptions: [MailboxName]) {
        self.mailboxes = Dictionary(mailboxes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.subscriptions = Set(subscriptions)
        names = Set(mailboxes.map(\.name))
        parents = Set(mailboxes.compactMap(\.name.parent))
    }

    func exists(_ name: MailboxName) -> Bool { names.contains(name) }
    func hasChildren(_ name: MailboxName) -> Bool { parents.contains(name) }

    /// One difference; `MailboxInfo` is the newer.
    enum Change: Hashable, Sendable {
        case created(MailboxInfo)
        case deleted(MailboxName)
        case renamed(MailboxInfo, from: MailboxName)
        case subscription(MailboxName)
        /// Its messages changed. `before` is nil for another mailbox of a name that was there already.
        case messages(MailboxInfo, before: MailboxInfo?)
    }

    /// What happened from `old` to this, ordered by name within each kind: deletions, renamings, creations,
    /// subscriptions, messages. Mailboxes that were renamed with the one above them are not named (RFC 5465 §5.4).
    func changes(since old: MailboxCatalogue) -> [Change] {
        var deleted: [Change] = []
        var renamed: [(info: MailboxInfo, from: MailboxName)] = []
        var created: [Change] = []
        var messages: [Change] = []
        for info in old.mailboxes.values.sorted(by: { $0.name < $1.name }) where mailboxes[info.id] == nil {
            if !exists(info.name) { deleted.append(.deleted(info.name)) }
        }
        for info in mailboxes.values.sorted(by: { $0.name < $1.name }) {
            guard let before = old.mailboxes[info.id] else {
                if old.exists(info.name) {
                    messages.append(.messages(info, before: nil))
                } else {
                    created.append(.created(info))
                }
                continue
            }
            if before.name != info.name { renamed.append((info, before.name)) }
            if before.modSeq != info.modSeq || before.uidNext != info.uidNext || before.messages != info.messages {
                messages.append(.messages(info, before: before))
            }
        }
        let moves = renamed
        let roots = renamed.filter { one in
            !moves.contains { other in
                other.from.isAncestor(of: one.from) && other.info.name.isAncestor(of: one.info.name)
            }
        }
        let subscribed = subscriptions.symmetricDifference(old.subscriptions).sorted()
        return deleted + roots.map { .renamed($0.info, from: $0.from) } + created
            + subscribed.map(Change.subscription) + messages
    }
}
