// Watching a whole account: its mailboxes' names, its subscriptions, and what happens in mailboxes nobody selected.

/// Which parts of an account commits have changed: never to what. Whoever watches looks there and compares with what it
/// knows, so two of these are one, and nothing queues up for a slow client.
package struct AccountNews: Sendable {
    /// Mailboxes whose messages somebody else has changed.
    package var mailboxes: Set<MailboxID> = []
    /// Those whose messages the watcher's own session has changed.
    package var ownMailboxes: Set<MailboxID> = []
    /// What INBOX was renamed to: that looks like any new mailbox (RFC 3501 §6.3.5).
    package var renamedInboxes: Set<MailboxID> = []
    /// A mailbox has come, gone, or got another name, use or access list; or the subscriptions have changed.
    package var hasNewNames = false
    package var hasNewAnnotations = false
    /// Another process has committed: everything may be new.
    package var isUnknown = false

    package init() {}

    package var isEmpty: Bool {
        mailboxes.isEmpty && ownMailboxes.isEmpty && !hasNewNames && !hasNewAnnotations && !isUnknown
    }

    package mutating func formUnion(_ other: AccountNews) {
        mailboxes.formUnion(other.mailboxes)
        ownMailboxes.formUnion(other.ownMailboxes)
        renamedInboxes.formUnion(other.renamedInboxes)
        hasNewNames = hasNewNames || other.hasNewNames
        hasNewAnnotations = hasNewAnnotations || other.hasNewAnnotations
        isUnknown = isUnknown || other.isUnknown
    }
}

/// What one batch of the writer has changed, and who did it.
struct CommittedNews: Sendable {
    /// Without the mailboxes.
    var news = AccountNews()
    /// By the session that changed them; nil for everybody who does not say who he is.
    var mailboxes: [String?: Set<MailboxID>] = [:]

    var isEmpty: Bool { news.isEmpty && mailboxes.isEmpty }

    /// As a session has to know it.
    func seen(by session: String?) -> AccountNews {
        var seen = news
        for (other, touched) in mailboxes {
            if let session, other == session {
                seen.ownMailboxes.formUnion(touched)
            } else {
                seen.mailboxes.formUnion(touched)
            }
        }
        return seen
    }
}

extension AccountEffects {
    /// Notes what an operation has done that has come to its end; an operation that is undone later leaves too much
    /// here, and whoever looks finds nothing new.
    func noteChanges(from first: Int, by session: String?) {
        for change in changes.dropFirst(first) {
            switch change {
            case .appended(let id, _), .flagged(let id, _), .expunged(let id, _, _):
                committed.mailboxes[session, default: []].insert(id)
            case .renamed, .deleted, .rights: committed.news.hasNewNames = true
            }
        }
    }
}

extension AccountStore {
    /// Calls `notify` after each commit of the account that brought something, of this process or, soon after, of
    /// another; on the writer's thread: it must not block.
    package func watchAccount(_ notify: @escaping @Sendable (AccountNews) -> Void) -> Watch {
        let session = session
        return hub.accountWatchers.add { committed in
            let news = committed.seen(by: session)
            if !news.isEmpty { notify(news) }
        }
    }
}
