// Watching a whole account: its mailboxes' names, its subscriptions, and what happens in mailboxes nobody selected.

extension AccountStore {
    /// Calls `notify` after each commit of the account, of this process or, soon after, of another; on the writer's
    /// thread: it must not block. It is told that something may be new, never what: whoever watches compares what it
    /// knows with `mailboxes` and `subscriptions`, so nothing queues up for a slow client.
    package func watchAccount(_ notify: @escaping @Sendable () -> Void) -> Watch { hub.accountWatchers.add(notify) }
}
