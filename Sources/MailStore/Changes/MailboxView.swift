// The live view of one mailbox: the newest snapshot, and who wants to hear of the next.
//
// Only the account's writer moves the snapshot, after the commit it describes. A watcher is told that something is new,
// never what: it compares the snapshot that its client knows with `current`, so nothing queues up for a slow client.

package import Mail
import Synchronization

/// A mailbox in use by at least one session.
package final class MailboxView: Sendable {
    private struct State {
        var snapshot: MailboxSnapshot
        var name: MailboxName
        /// The first UID that no session has been shown as \Recent.
        var firstRecent: UInt64
        var rightsVersion: UInt64 = 0
    }
    private let state: Mutex<State>
    private let watchers = Watchers<Void>()
    package let mailboxID: MailboxID

    init(snapshot: MailboxSnapshot, name: MailboxName, firstRecent: UInt64) {
        mailboxID = snapshot.mailboxID
        state = Mutex(State(snapshot: snapshot, name: name, firstRecent: firstRecent))
    }

    /// The mailbox after the newest commit.
    package var current: MailboxSnapshot { state.withLock { $0.snapshot } }
    /// The mailbox's name now; a rename moves it under a session that has it selected.
    package var name: MailboxName { state.withLock { $0.name } }

    /// Another number whenever the rights on the mailbox may have changed.
    package var rightsVersion: UInt64 { state.withLock { $0.rightsVersion } }

    /// Calls `notify` after each commit that changed this mailbox, on the writer's thread: it must not block.
    package func watch(_ notify: @escaping @Sendable () -> Void) -> Watch { watchers.add(notify) }

    /// The UIDs that this session is the first to see, `\Recent` in its view; they are nobody else's from now on.
    ///
    /// nil when there are none. `AccountStore.select` and the sessions call it; the writer stores the mark.
    package func claimRecent(in snapshot: MailboxSnapshot) -> ClosedRange<UInt32>? {
        state.withLock { state in
            let first = state.firstRecent
            guard first < snapshot.uidNext, let lower = UInt32(exactly: first),
                let upper = UInt32(exactly: snapshot.uidNext - 1)
            else { return nil }
            state.firstRecent = snapshot.uidNext
            return lower...upper
        }
    }

    /// The first UID that would be \Recent for a session that only looks (EXAMINE, STATUS).
    package var firstRecent: UInt64 { state.withLock { $0.firstRecent } }

    var isWatched: Bool { !watchers.isEmpty }

    func publish(_ snapshot: MailboxSnapshot, name: MailboxName? = nil, newRights: Bool = false) {
        state.withLock { state in
            state.snapshot = snapshot
            if let name { state.name = name }
            if newRights { state.rightsVersion &+= 1 }
        }
        watchers.tell()
    }
}
