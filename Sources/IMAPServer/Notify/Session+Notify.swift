// NOTIFY: changes are told when they happen, of the selected mailbox and of the others.
//
// Theory. Nothing queues for a client. The session is woken by a commit of its account, compares the catalogue that its
// client knows with the account as it is, and writes the differences; a client that does not read is told of the sum
// when it reads again. The selected mailbox has its own comparison (`SelectedMailbox`), as ever: NOTIFY decides when it
// is made and what of it is told. Where nothing of it is wanted the view stands still, a snapshot, until a command of
// the client's own moves it.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// What a session keeps while NOTIFY is in force.
struct NotifyState {
    var interest = NotifyInterest()
    /// What the client knows; nil while the account is not watched.
    var catalogue: MailboxCatalogue?
    var watch: Watch?
    /// Names that the client's own commands have changed since the last look: it knows of them.
    var own: [MailboxName] = []

    /// Signals that bring something to tell between commands.
    var signals: Wake {
        var signals: Wake = []
        if interest.selected != nil { signals.insert(.mailbox) }
        if watch != nil { signals.insert(.account) }
        return signals
    }
}

extension Session {
    /// RFC 5465 §3.1.
    func notify(_ command: Notify) async throws -> Completion {
        let identity = try loggedIn()
        var state = NotifyState()
        if case .set(let status, let groups) = command {
            let utf8 = enabled.acceptsUTF8
            state.interest = try NotifyInterest(groups) { try? $0.name(utf8Accepted: utf8).get() }
            if state.interest.watchesAccount {
                try await watchAccount(identity.account, &state, status: status)
            }
            // What has come together until now is told in any case: NOTIFY SET is a NOOP too.
            notify = nil  // ends the old watch
            try await announce(announcing(.notify(command)), withUIDs: false)
            guard !isOver else { throw Replied() }
        }
        notify = state
        return .ok("NOTIFY completed.")
    }

    /// Watches first and looks then, so that nothing falls between.
    private func watchAccount(_ account: AccountStore, _ state: inout NotifyState, status: Bool) async throws {
        let gate = connection.gate
        state.watch = account.watchAccount { gate.raise(.account) }
        let catalogue = try await readCatalogue(account)
        let watched = catalogue.mailboxes.values.filter { info in
            !events(of: info.name, catalogue, state.interest).isDisjoint(with: [.messages, .flags])
        }
        guard watched.count <= limits.notifyMailboxes else {
            throw Refusal(
                .no("That are more than \(limits.notifyMailboxes) mailboxes.", code: .notificationOverflow))
        }
        state.catalogue = catalogue
        guard status else { return }
        for info in watched.sorted(by: { $0.name < $1.name }) where info.id != selection?.view.mailboxID {
            let events = events(of: info.name, catalogue, state.interest)
            var items: [StatusItem] = [.messages, .uidNext, .uidValidity]
            if events.contains(.flags) { items += [.unseen] + [.highestModSeq] }
            connection.writer.status(info.name, values(of: items, in: info, of: account.id))
            try await connection.flushIfLarge()
        }
    }

    private func readCatalogue(_ account: AccountStore) async throws(StoreError) -> MailboxCatalogue {
        let mailboxes = try await account.mailboxes()
        return MailboxCatalogue(mailboxes: mailboxes, subscriptions: try await account.subscriptions())
    }

    private func events(
        of name: MailboxName, _ catalogue: MailboxCatalogue, _ interest: NotifyInterest
    ) -> NotifyInterest.Events {
        interest.events(of: name, isSubscribed: catalogue.subscriptions.contains(name))
    }

    // MARK: Telling

    /// Between commands and in IDLE: what the raised signals bring.
    func tell(_ raised: Wake) async throws(ConnectionEnded) {
        if raised.contains(.mailbox), let selected = notify?.interest.selected {
            try await announce(selected.isImmediate ? .everything : .withoutExpunge, withUIDs: false)
        }
        if raised.contains(.account), !isOver { try await tellOfAccount() }
    }

    /// Tells of the other mailboxes what has changed since the last time.
    private func tellOfAccount() async throws(ConnectionEnded) {
        guard let state = notify, let old = state.catalogue, let account = identity?.account else { return }
        let new: MailboxCatalogue
        do throws(StoreError) {
            new = try await readCatalogue(account)
        } catch {
            return overflow("The mail store cannot be read now.")
        }
        notify?.catalogue = new
        notify?.own = []
        let watched = new.mailboxes.values.count {
            !events(of: $0.name, new, state.interest).isDisjoint(with: [.messages, .flags])
        }
        guard watched <= limits.notifyMailboxes else { return overflow("Too many mailboxes.") }
        var report = NotifyReport(state, old: old, new: new, selected: selection?.view.mailboxID)
        for change in new.changes(since: old) { report.add(change, tellsModSeq: enabled.tellsModSeq) }
        for line in report.lines {
            switch line {
            case .list(let name, let attributes, let oldName):
                connection.writer.list(name, attributes: attributes, oldName: oldName?.text)
            case .status(let info, let items):
                connection.writer.status(info.name, values(of: items, in: info, of: account.id))
            }
            try await connection.flushIfLarge()
        }
    }

    /// RFC 5465 §5.8: as after NOTIFY NONE.
    private func overflow(_ text: String) {
        connection.writer.untagged(.ok, code: .notificationOverflow, text)
        notify = NotifyState()
    }

    /// The client changed these names itself and is not told of it (RFC 5465 §5).
    func noteOwn(_ command: Command) {
        guard notify?.catalogue != nil else { return }
        let arguments: [MailboxArgument] =
            switch command {
            case .create(let create): [create.mailbox]
            case .delete(let delete): [delete.mailbox]
            case .rename(let rename): [rename.from, rename.to]
            case .subscribe(let subscribe): [subscribe.mailbox]
            case .unsubscribe(let unsubscribe): [unsubscribe.mailbox]
            default: []
            }
        for argument in arguments {
            if let name = try? name(of: argument) { notify?.own.append(name) }
        }
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

    /// Sends what the client wants of each new message (RFC 5465 §5.2).
    func tellOfNew(from uidNext: UInt64, in selection: Selection) async throws(ConnectionEnded) {
        guard let items = notify?.interest.selected?.items, !items.isEmpty, let first = UInt32(exactly: uidNext) else {
            return
        }
        let view = selection.mailbox.view
        let start = view.indexOfFirst(atLeast: first)
        guard start < view.count, let lower = UID(first) else { return }
        let added = MessageSelection.uid(MessageSet([.init(.number(lower), .last)]))
        let plan = FetchPlan(Fetch(messages: added, items: items), enabled)
        var queue = FetchQueue([start..<view.count])
        while let indices = queue.next(of: view, plan) {
            let targets = selection.mailbox.targets(indices, becomeSeen: UIDSet())
            let encoder = FetchEncoder(
                plan: plan, targets: targets, flagSets: view.flagSets, account: selection.account.id,
                mailbox: selection.view.mailboxID)
            do {
                try await sendNew(encoder, of: selection.account)
            } catch let ended as ConnectionEnded {
                throw ended
            } catch {
                // They are gone, or cannot be read now: the client has their EXISTS and can ask.
                return
            }
        }
    }

    private func sendNew(_ encoder: FetchEncoder, of account: AccountStore) async throws {
        var ready = ByteBuffer()
        if encoder.plan.readsStore {
            var outcome = FetchOutcome()
            try await stream(encoder, of: account, &ready, &outcome)
        } else {
            var encoder = encoder
            encoder.encodeFromSnapshot(into: &connection.writer)
        }
        if ready.readableBytes > 0 { try await connection.send(ready) }
        try await connection.flushIfLarge()
    }
}
