// Telling what has been committed in other mailboxes than the selected one: for NOTIFY, and for ENABLE METADATA.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

extension Session {
    /// Begins to listen when METADATA is enabled (RFC 5464 §4.4). After NOTIFY it is NOTIFY that says what is told.
    func beginMetadataNews() async throws {
        guard enabled.contains(.metadata), notify == nil, listening == nil else { return }
        listening = try await listen(for: nil)
        listening?.box.observe([:], names: false, annotations: true)
    }

    /// Between commands: what the raised signals bring.
    func tell(_ raised: Wake) async throws(ConnectionEnded) {
        if raised.contains(.mailbox), let selected = notify?.interest.selected {
            try await announce(selected.isImmediate ? .everything : .withoutExpunge, withUIDs: false)
        }
        if raised.contains(.account), !isOver { try await tellNews() }
    }

    /// At the end of a command: what has come until now. Not behind the answer of LIST, to which it would seem to
    /// belong.
    func tellNews(after command: Command) async throws(ConnectionEnded) {
        switch command {
        case .list, .lsub: return
        default: break
        }
        if listening != nil, !connection.gate.poll(.account).isEmpty { try await tellNews() }
    }

    func tellNews() async throws(ConnectionEnded) {
        guard let listening, !isOver else { return }
        let contents = listening.box.take()
        do {
            try await tellOfMailboxes(contents, listening)
            try await tellOfAnnotations(contents, listening)
        } catch let ended as ConnectionEnded {
            throw ended
        } catch {
            overflow("The mail store cannot be read now.")
        }
    }

    /// RFC 5465 §5.8: as after NOTIFY NONE.
    private func overflow(_ text: String) {
        // Without NOTIFY it is of annotations, and there is another time.
        guard notify != nil else { return }
        connection.writer.untagged(.ok, code: .notificationOverflow, text)
        notify = NotifyState()
        listening = nil
    }

    // MARK: Mailboxes

    private func tellOfMailboxes(_ contents: NewsBox.Contents, _ listening: AccountListening) async throws {
        let ownNews = contents.accounts[listening.own.id]
        if contents.hasNewShares || ownNews?.hasNewNames == true || ownNews?.isUnknown == true {
            guard try await refreshOwners(listening, notify?.interest) else {
                return overflow("Too many others share mailboxes.")
            }
        }
        guard var state = notify, let old = state.catalogue else { return }
        var new: MailboxCatalogue? = nil
        if !contents.isStructural, state.own.isEmpty { new = try await refreshed(old, contents, listening) }
        if new == nil {
            let all = try await catalogue(of: listening)
            guard observe(all, state.interest, listening) else { return overflow("Too many mailboxes.") }
            new = all
        }
        guard let new else { return }
        try await tell(&state, new, contents)
        state.catalogue = new
        state.own = []
        notify = state
    }

    /// The catalogue with the mailboxes whose messages have changed; nil when more than those turn out to be others.
    private func refreshed(
        _ old: MailboxCatalogue, _ contents: NewsBox.Contents, _ listening: AccountListening
    ) async throws -> MailboxCatalogue? {
        var new = old
        for (id, news) in contents.accounts {
            guard let source = listening.sources[id] else { continue }
            let touched = news.mailboxes.union(news.ownMailboxes).filter { mailbox in
                MailboxKey(account: id, mailbox: mailbox) != selectedKey
            }
            let infos = try await source.account.mailboxes(touched)
            guard infos.count == touched.count else { return nil }
            for info in infos {
                let key = MailboxKey(account: id, mailbox: info.id)
                guard let shown = source.owner.map({ info.shown(of: $0) }) ?? info, let before = old[key] else {
                    return nil
                }
                guard shown.name == before.name, shown.isObservable == before.isObservable else { return nil }
                new.update(key, to: shown)
            }
        }
        return new
    }

    /// Tells what is different in `new`, and notes what the client has been told.
    func tell(_ state: inout NotifyState, _ new: MailboxCatalogue, _ contents: NewsBox.Contents) async throws {
        guard let old = state.catalogue else { return }
        var news = NotifyReport.Messages()
        news.tellsModSeq = enabled.tellsModSeq
        for (id, account) in contents.accounts {
            let key = { MailboxKey(account: id, mailbox: $0) }
            let others = Set(account.mailboxes.map(key))
            if !account.isUnknown { news.own.formUnion(Set(account.ownMailboxes.map(key)).subtracting(others)) }
            news.untold.formUnion(others.intersection(state.quiet))
            news.renamedInboxes.formUnion(account.renamedInboxes.map(key))
            state.quiet.subtract(others)
        }
        var report = NotifyReport(state, old: old, new: new, selected: selectedKey, news: news)
        report.addAll()
        state.refused = report.refused
        for key in news.own where new[key] != old[key] { state.quiet.insert(key) }
        if let selectedKey { state.quiet.insert(selectedKey) }
        state.quiet = state.quiet.filter { new[$0] != nil }
        try await write(report)
    }

    func write(_ report: NotifyReport) async throws(ConnectionEnded) {
        for line in report.lines {
            switch line {
            case .list(let name, let attributes, let oldName):
                connection.writer.list(name, attributes: attributes, oldName: oldName?.text)
            case .status(let info, let items):
                guard let owner = info.owner ?? identity?.account.id else { return }
                connection.writer.status(info.name, values(of: items, in: info, of: owner))
            }
            try await connection.flushIfLarge()
        }
    }

    // MARK: Annotations

    /// Names of what others have changed, never values (RFC 5464 §4.4.2, RFC 5465 §5.6, §5.7).
    private func tellOfAnnotations(_ contents: NewsBox.Contents, _ listening: AccountListening) async throws {
        guard self.listening === listening, listening.box.observesAnnotations else { return }
        for (id, news) in contents.accounts where news.hasNewAnnotations || news.isUnknown {
            var hasMore = true
            while hasMore, let source = listening.sources[id] {
                let found = try await source.account.annotationChanges(after: source.toldAnnotations)
                let own = listening.ownAnnotations[id] ?? []
                try await write(found.changes.filter { !own.contains($0.modSeq) }, of: source)
                listening.toldAnnotations(of: id, upTo: found.upTo)
                hasMore = found.hasMore
            }
        }
    }

    private func write(
        _ changes: [AnnotationChange], of source: AccountListening.Source
    ) async throws(ConnectionEnded) {
        for (_, changes) in Dictionary(grouping: changes, by: \.mailbox) {
            guard let first = changes.first else { continue }
            var name = first.name
            if let inner = first.name, let owner = source.owner {
                name = MailboxName(inner, of: owner)
                if name == nil { continue }
            }
            guard wantsMetadata(of: first.mailbox, name, in: source) else { continue }
            connection.writer.metadataChanged(name, Set(changes.map(\.entry)).sorted())
            try await connection.flushIfLarge()
        }
    }

    private func wantsMetadata(
        of mailbox: MailboxID?, _ name: MailboxName?, in source: AccountListening.Source
    ) -> Bool {
        guard let notify else { return enabled.contains(.metadata) }
        guard let mailbox, let name else { return notify.interest.serverMetadata }
        guard let catalogue = notify.catalogue,
            catalogue[MailboxKey(account: source.account.id, mailbox: mailbox)]?.isObservable == true
        else { return false }
        return notify.interest.events(of: name, in: catalogue).contains(.metadata)
    }
}

extension NewsBox.Contents {
    /// More has changed than messages.
    fileprivate var isStructural: Bool {
        hasNewShares || accounts.values.contains { $0.hasNewNames || $0.isUnknown }
    }
}
