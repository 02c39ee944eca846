// Hearing of what is committed in a session's account and in those that share mailboxes with it.
//
// Theory. The writers' threads put news into a box and raise a signal; the session takes them out when it has time.
// What waits is a few sets that are joined, so it has an end however busy the accounts and however slow the client: the
// identifiers of mailboxes that the session cares for, and bits. News that it does not care for neither wait nor wake.

import IMAPSyntax
import Mail
import MailStore
import Synchronization

/// Where the news wait for their session.
final class NewsBox: Sendable {
    struct Contents: Sendable {
        var accounts: [AccountID: AccountNews] = [:]
        /// Somebody may have begun to share something.
        var hasNewShares = false
    }
    private struct State {
        var contents = Contents()
        /// nil: all mailboxes, until it is known which.
        var observed: [AccountID: Set<MailboxID>]?
        var observesNames = true
        var observesAnnotations = true
    }
    private let state = Mutex(State())

    /// What the session cares for from now on.
    func observe(_ mailboxes: [AccountID: Set<MailboxID>], names: Bool, annotations: Bool) {
        state.withLock { state in
            state.observed = mailboxes
            state.observesNames = names
            state.observesAnnotations = annotations
        }
    }

    /// - Returns: whether there is something in it for the session.
    func add(_ news: AccountNews, of account: AccountID) -> Bool {
        state.withLock { state in
            var news = news
            if let observed = state.observed {
                news.mailboxes.formIntersection(observed[account] ?? [])
                news.ownMailboxes.formIntersection(observed[account] ?? [])
            }
            news.hasNewNames = news.hasNewNames && state.observesNames
            if !news.hasNewNames { news.renamedInboxes = [] }
            news.hasNewAnnotations = news.hasNewAnnotations && state.observesAnnotations
            guard !news.isEmpty else { return false }
            state.contents.accounts[account, default: AccountNews()].formUnion(news)
            return true
        }
    }

    var observesAnnotations: Bool { state.withLock { $0.observesAnnotations } }

    func addShares() { state.withLock { $0.contents.hasNewShares = true } }

    func take() -> Contents {
        state.withLock { state in
            defer { state.contents = Contents() }
            return state.contents
        }
    }
}

/// Used by the session's task alone; letting it go ends the watches.
final class AccountListening {
    /// An account that is listened to.
    struct Source {
        /// As the session may use it.
        let account: AccountStore
        /// nil for the session's own.
        let owner: AccountRecord?
        let watch: Watch
        /// Annotations have been told, or were there from the start, up to here.
        var toldAnnotations: ModSeq
    }

    let own: AccountStore
    let box = NewsBox()
    private(set) var sources: [AccountID: Source] = [:]
    private var shares: Watch?
    private let gate: ChannelGate
    /// Changes of annotations by the session itself, which it knows.
    var ownAnnotations: [AccountID: Set<ModSeq>] = [:]

    init(own: AccountStore, gate: ChannelGate) {
        self.own = own
        self.gate = gate
    }

    var accounts: Set<AccountID> { Set(sources.keys) }

    /// Hears of others that begin to share.
    func listenForShares(_ directory: Directory) {
        let (box, gate) = (box, gate)
        shares = directory.watchShares {
            box.addShares()
            gate.raise(.account)
        }
    }

    /// Listens to an account from now on, if it does not yet.
    /// - Parameter known: what has been told of the annotations; nil for all that there are.
    func listen(
        to account: AccountStore, of owner: AccountRecord?, toldAnnotations known: ModSeq? = nil
    ) async throws(StoreError) {
        guard sources[account.id] == nil else { return }
        let (box, gate, id) = (box, gate, account.id)
        let watch = account.watchAccount { news in
            if box.add(news, of: id) { gate.raise(.account) }
        }
        let told = if let known { known } else { try await account.lastAnnotationChange() }
        sources[id] = Source(account: account, owner: owner, watch: watch, toldAnnotations: told)
    }

    /// Stops listening to all accounts but these and the own one.
    func keepOnly(_ owners: Set<AccountID>) {
        sources = sources.filter { owners.contains($0.key) || $0.key == own.id }
    }

    func toldAnnotations(of account: AccountID, upTo modSeq: ModSeq) {
        sources[account]?.toldAnnotations = modSeq
        ownAnnotations[account] = ownAnnotations[account]?.filter { $0 > modSeq }
    }

    /// What nobody has committed just now, but the session has to look at.
    func note(_ news: AccountNews, of account: AccountID) {
        if box.add(news, of: account) { gate.raise(.account) }
    }
}

extension Session {
    /// The mailboxes of all accounts that are listened to, as the client knows them.
    func catalogue(of listening: AccountListening) async throws(StoreError) -> MailboxCatalogue {
        var mailboxes: [MailboxInfo] = []
        for source in listening.sources.values {
            let all = try await source.account.mailboxes()
            mailboxes += source.owner.map { owner in all.compactMap { $0.shown(of: owner) } } ?? all
        }
        return MailboxCatalogue(
            own: listening.own.id, mailboxes: mailboxes, subscriptions: Set(try await listening.own.subscriptions()))
    }

    /// Listens to the session's account and to those who share what the client cares for.
    /// - Parameter interest: nil for everybody who shares anything, as far as the bound allows.
    /// - Returns: nil when they are too many.
    func listen(for interest: NotifyInterest?) async throws -> AccountListening? {
        let listening = AccountListening(own: try loggedIn().account, gate: connection.gate)
        listening.listenForShares(environment.store.directory)
        let known = self.listening.flatMap { $0.box.observesAnnotations ? $0.sources : nil } ?? [:]
        try await listening.listen(
            to: listening.own, of: nil, toldAnnotations: known[listening.own.id]?.toldAnnotations)
        guard try await refreshOwners(listening, interest, known: known) else { return nil }
        return listening
    }

    /// Listens to those who share what the client cares for, and to nobody else.
    /// - Returns: false when they are too many.
    func refreshOwners(
        _ listening: AccountListening, _ interest: NotifyInterest?, known: [AccountID: AccountListening.Source] = [:]
    ) async throws(StoreError) -> Bool {
        let subscriptions = Set(try await listening.own.subscriptions())
        let owners = try await environment.store.directory.owners(sharingWith: listening.own.id).filter {
            interest?.concerns(owner: $0.sharedElement, subscriptions: subscriptions) ?? true
        }
        guard interest == nil || owners.count <= limits.notifyOwners else { return false }
        let wanted = owners.prefix(limits.notifyOwners)
        listening.keepOnly(Set(wanted.map(\.id)))
        for owner in wanted {
            let account = try await environment.store.sharedAccount(of: owner, for: listening.own)
            try await listening.listen(to: account, of: owner, toldAnnotations: known[owner.id]?.toldAnnotations)
        }
        return true
    }
}
