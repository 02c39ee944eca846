// The mailboxes and subscriptions of a session as its client was told of them, and what differs from how they are now.

import Mail
import MailStore

/// A mailbox of any account.
struct MailboxKey: Hashable, Sendable {
    let account: AccountID
    let mailbox: MailboxID
}

extension Selection {
    var key: MailboxKey { MailboxKey(account: account.id, mailbox: view.mailboxID) }
}

extension MailboxInfo {
    /// Whether events of it may be told (RFC 5465 §5: the rights "l" and "r").
    var isObservable: Bool { rights.isSuperset(of: [.lookup, .read]) }

    /// Whether its messages are others than at that time.
    func hasOtherMessages(than before: MailboxInfo) -> Bool {
        before.modSeq != modSeq || before.uidNext != uidNext || before.messages != messages
    }
}

/// A pure value. Names are those that the client knows the mailboxes by.
struct MailboxCatalogue: Sendable {
    private(set) var mailboxes: [MailboxKey: MailboxInfo]
    let subscriptions: Set<MailboxName>
    private let keys: [MailboxName: MailboxKey]
    private let parents: Set<MailboxName>

    /// - Parameter own: the account that the mailboxes without an owner belong to.
    init(own: AccountID, mailboxes: [MailboxInfo], subscriptions: Set<MailboxName>) {
        var byKey: [MailboxKey: MailboxInfo] = [:]
        var keys: [MailboxName: MailboxKey] = [:]
        var parents: Set<MailboxName> = []
        for info in mailboxes {
            let key = MailboxKey(account: info.owner ?? own, mailbox: info.id)
            byKey[key] = info
            keys[info.name] = key
            var above = info.name.parent
            while let name = above, parents.insert(name).inserted { above = name.parent }
        }
        self.mailboxes = byKey
        self.keys = keys
        self.parents = parents
        self.subscriptions = subscriptions
    }

    func exists(_ name: MailboxName) -> Bool { keys[name] != nil }
    func hasChildren(_ name: MailboxName) -> Bool { parents.contains(name) }
    subscript(name: MailboxName) -> MailboxInfo? { keys[name].flatMap { mailboxes[$0] } }
    subscript(key: MailboxKey) -> MailboxInfo? { mailboxes[key] }

    /// A mailbox that is in here has other messages; nothing else of it is new.
    mutating func update(_ key: MailboxKey, to info: MailboxInfo) {
        if mailboxes[key] != nil { mailboxes[key] = info }
    }

    /// Without the mailboxes of accounts that are not looked at any more, of which nothing can be said.
    func restricted(to accounts: Set<AccountID>, own: AccountID) -> MailboxCatalogue {
        MailboxCatalogue(
            own: own, mailboxes: mailboxes.filter { accounts.contains($0.key.account) }.map(\.value),
            subscriptions: subscriptions)
    }

    /// One difference; `MailboxInfo` is the newer, but for what is gone.
    enum Change: Hashable, Sendable {
        case created(MailboxInfo)
        case deleted(MailboxInfo)
        case renamed(MailboxInfo, from: MailboxName)
        /// It can be observed now, or no longer.
        case access(MailboxInfo)
        case subscription(MailboxName)
        /// Another mailbox of a name that was there already: its UIDVALIDITY is another.
        case replaced(MailboxInfo)
        /// Its messages changed.
        case messages(MailboxKey, MailboxInfo, before: MailboxInfo)
    }

    /// What happened from `old` to this, ordered by name within each kind: deletions, renamings, creations, rights,
    /// subscriptions, messages.
    func changes(since old: MailboxCatalogue) -> [Change] {
        // What differs is put in order, never all that there is: that would take long for many mailboxes.
        var deleted: [Change] = []
        var renamed: [Change] = []
        var created: [Change] = []
        var rights: [Change] = []
        var messages: [Change] = []
        for (key, info) in old.mailboxes where mailboxes[key] == nil && !exists(info.name) {
            deleted.append(.deleted(info))
        }
        for (key, info) in mailboxes {
            guard let before = old[key] else {
                if old.exists(info.name) { messages.append(.replaced(info)) } else { created.append(.created(info)) }
                continue
            }
            if before.name != info.name { renamed.append(.renamed(info, from: before.name)) }
            if before.isObservable != info.isObservable { rights.append(.access(info)) }
            if info.isObservable, info.hasOtherMessages(than: before) {
                messages.append(.messages(key, info, before: before))
            }
        }
        let subscribed = subscriptions.symmetricDifference(old.subscriptions).map(Change.subscription)
        return [deleted, renamed, created, rights, subscribed, messages].flatMap { kind in
            kind.sorted { $0.name < $1.name }
        }
    }
}

extension MailboxCatalogue.Change {
    fileprivate var name: MailboxName {
        switch self {
        case .created(let info), .deleted(let info), .renamed(let info, _), .access(let info), .replaced(let info),
            .messages(_, let info, _):
            info.name
        case .subscription(let name): name
        }
    }
}
