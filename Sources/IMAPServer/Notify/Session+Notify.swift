// NOTIFY: changes are told when they happen, of the selected mailbox and of the others.
//
// Theory. Nothing queues for a client. The session is woken by a commit that it cares for, compares the catalogue that
// its client knows with what is there now, and writes the differences; a client that does not read is told of the sum
// when it reads again. The selected mailbox has its own comparison (`SelectedMailbox`), as ever: NOTIFY decides when it
// is made and what of it is told. Where nothing of it is wanted the view stands still, a snapshot, until a command of
// the client's own moves it.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// What a session keeps from its first NOTIFY on.
struct NotifyState {
    var interest = NotifyInterest()
    /// What the client knows; nil while no other mailboxes are watched.
    var catalogue: MailboxCatalogue?
    /// What the client's own commands have made of names since the last look.
    var own: [OwnName] = []
    /// Mailboxes that have changed without STATUS: by the client itself, or while it had them selected.
    var quiet: Set<MailboxKey> = []
    /// Names that it has been told are \NoAccess.
    var refused: Set<MailboxName> = []

    /// Signals that bring something to tell between commands.
    var signals: Wake {
        var signals: Wake = []
        if interest.selected != nil { signals.insert(.mailbox) }
        if interest.watchesAccount { signals.insert(.account) }
        return signals
    }
}

extension Session {
    /// RFC 5465 §3.1. One that is refused leaves the one before it in force.
    func notify(_ command: Notify) async throws -> Completion {
        var state = NotifyState()
        var listening: AccountListening?
        if case .set(let status, let groups) = command {
            let utf8 = enabled.acceptsUTF8
            state.interest = try NotifyInterest(groups, metadata: isOffered("METADATA")) {
                try? $0.name(utf8Accepted: utf8).get()
            }
            if state.interest.watchesAccount {
                listening = try await watch(&state, status: status)
            }
            // What has come together until now is told in any case: NOTIFY SET is a NOOP too.
            notify = nil
            try await announce(announcing(.notify(command)), withUIDs: false)
            guard !isOver else { throw Replied() }
        }
        notify = state
        self.listening = listening
        return .ok("NOTIFY completed.")
    }

    /// Listens first and looks then, so that nothing falls between.
    private func watch(_ state: inout NotifyState, status: Bool) async throws -> AccountListening {
        guard let listening = try await listen(for: state.interest) else {
            throw Refusal(
                .no("That are mailboxes of more than \(limits.notifyOwners) others.", code: .notificationOverflow))
        }
        guard state.interest.watchesMailboxes else {
            listening.box.observe([:], names: false, annotations: true)
            return listening
        }
        let catalogue = try await catalogue(of: listening)
        guard observe(catalogue, state.interest, listening) else {
            throw Refusal(
                .no("That are more than \(limits.notifyMailboxes) mailboxes.", code: .notificationOverflow))
        }
        try await tellRest(catalogue, listening)
        state.catalogue = catalogue
        try await tellRefused(&state, catalogue)
        if status { try await tellStatus(state.interest, catalogue) }
        return listening
    }

    /// What the client would have been told next by the NOTIFY that ends now.
    private func tellRest(_ catalogue: MailboxCatalogue, _ listening: AccountListening) async throws {
        guard let old = self.listening, var state = notify, let known = state.catalogue else { return }
        let both = old.accounts.intersection(listening.accounts)
        state.catalogue = known.restricted(to: both, own: listening.own.id)
        try await tell(&state, catalogue.restricted(to: both, own: listening.own.id), old.box.take())
    }

    /// RFC 5465 §3.1: mailboxes that the client can list and may not observe.
    private func tellRefused(_ state: inout NotifyState, _ catalogue: MailboxCatalogue) async throws {
        var report = NotifyReport(state, old: catalogue, new: catalogue, selected: nil, news: .init())
        let refused = catalogue.mailboxes.values.filter { !$0.isObservable }
        for info in refused.sorted(by: { $0.name < $1.name }) { report.addAccess(info) }
        state.refused = report.refused
        try await write(report)
    }

    /// The STATUS indicator (RFC 5465 §3.1).
    private func tellStatus(_ interest: NotifyInterest, _ catalogue: MailboxCatalogue) async throws {
        let watched = catalogue.mailboxes.filter { key, info in
            key != selectedKey && info.isObservable
                && !interest.events(of: info.name, in: catalogue).isDisjoint(with: [.messages, .flags])
        }
        for (key, info) in watched.sorted(by: { $0.value.name < $1.value.name }) {
            let events = interest.events(of: info.name, in: catalogue)
            var items: [StatusItem] = [.messages, .uidNext, .uidValidity]
            if events.contains(.flags) {
                items.append(.unseen)
                if isOffered("CONDSTORE") { items.append(.highestModSeq) }
            }
            connection.writer.status(info.name, values(of: items, in: info, of: key.account))
            try await connection.flushIfLarge()
        }
    }

    /// Lets news in that concern these mailboxes, and no others.
    /// - Returns: false when they are too many.
    func observe(_ catalogue: MailboxCatalogue, _ interest: NotifyInterest, _ listening: AccountListening) -> Bool {
        var observed: [AccountID: Set<MailboxID>] = [:]
        var count = 0
        for (key, info) in catalogue.mailboxes {
            guard !interest.events(of: info.name, in: catalogue).isDisjoint(with: [.messages, .flags]) else { continue }
            count += 1
            observed[key.account, default: []].insert(key.mailbox)
        }
        guard count <= limits.notifyMailboxes else { return false }
        listening.box.observe(observed, names: true, annotations: interest.wantsMetadata)
        return true
    }

    // MARK: The client's own changes

    /// The client changed these names itself and is not told of it (RFC 5465 §5).
    func noteOwn(_ command: Command) {
        guard notify?.catalogue != nil else { return }
        let note = { [self] (argument: MailboxArgument, exists: Bool?, isSubscribed: Bool?) in
            guard let name = try? name(of: argument) else { return }
            notify?.own.append(OwnName(name: name, exists: exists, isSubscribed: isSubscribed))
        }
        switch command {
        case .create(let create): note(create.mailbox.withoutDelimiter, true, true)
        case .delete(let delete): note(delete.mailbox, false, nil)
        case .rename(let rename):
            let isOfInbox = (try? name(of: rename.from))?.isInbox == true
            note(rename.from, isOfInbox, nil)
            note(rename.to, true, nil)
        case .subscribe(let subscribe): note(subscribe.mailbox, nil, true)
        case .unsubscribe(let unsubscribe): note(unsubscribe.mailbox, nil, false)
        default: break
        }
    }

    /// The selected mailbox, when it is watched among the others too.
    var selectedKey: MailboxKey? {
        selection?.key
    }

    /// A mailbox is selected no more: what the client was not told of it is news now, the rest is not.
    func noteUnselected(_ selection: Selection) {
        guard notify?.catalogue != nil, let listening else { return }
        var news = AccountNews()
        if selection.mailbox.toldModSeq == selection.view.current.highestModSeq {
            news.ownMailboxes = [selection.view.mailboxID]
        } else {
            news.mailboxes = [selection.view.mailboxID]
        }
        listening.note(news, of: selection.account.id)
    }

    // MARK: The selected mailbox

    /// Nothing is told of the selected mailbox: the client wants none of it, and its own command changed nothing there.
    func isSilent(_ own: SelectedMailbox.OwnChange, removes: Bool) -> Bool {
        guard let notify, notify.interest.selected == nil, !removes else { return false }
        if case .none = own { return true }
        return false
    }

    /// Flags that others changed are not told to a client that asked for messages only.
    func hidesFlags(_ own: SelectedMailbox.OwnChange) -> Bool {
        guard case .none = own, let selected = notify?.interest.selected else { return false }
        return !selected.flags
    }
}

extension NotifyInterest {
    func events(of name: MailboxName, in catalogue: MailboxCatalogue) -> Events {
        events(of: name, isSubscribed: catalogue.subscriptions.contains(name))
    }
}
