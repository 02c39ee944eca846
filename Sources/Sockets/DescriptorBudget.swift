// How many file descriptors the process may still take: who opens what an outsider can cause asks here first.
//
// Theory. A process that has no descriptor left is not only refused files and sockets: libdispatch looks after its
// threads through /proc, and ends the process when it cannot open a file there. So that number is never reached.
// Sockets, what sessions let messages wait in, and accounts' files are counted before they are opened, as many as each
// may come to have; what is not counted (listeners, event loops, the directory's database, keys, the control socket)
// lies in a reserve, which nobody is given. A stranger of IMAP is a socket and nothing else until a login.
//
// Room runs out in three steps, so that those who are in are served before others come in:
// - below `sessionMargin` a new connection is told to come again, and closed;
// - below `accountMargin` no account's file is opened and no login succeeds: it is told to come again;
// - below `socketMargin` nothing is accepted: connections wait in the kernel's backlog.
// Nobody waits here and nothing is tried again: each of them finds room as soon as others have left.

import Synchronization

/// The descriptors of one process. Safe to use from any thread.
package final class DescriptorBudget: Sendable {
    /// Two connections that write, with their log and its index, and four that read with theirs; the lock; a journal.
    package static let perAccount = 16
    /// What messages that are coming in wait in: of a command, and of the one before that is being stored.
    package static let perSession = 2

    static let sessionMargin = 96
    static let accountMargin = 48
    static let socketMargin = 24
    /// Below this a server could hardly serve anybody.
    package static let least = 256

    /// How many may be taken in all.
    package let capacity: Int
    private let taken = Mutex(0)
    private let refused: @Sendable () -> Void

    /// - Parameters:
    ///   - limit: the process's (RLIMIT_NOFILE).
    ///   - inUse: how many descriptors it was started with.
    ///   - cores: each has an event loop, with descriptors of its own.
    ///   - refused: told each time that somebody is turned away or kept waiting; must not block.
    package init(limit: Int, inUse: Int, cores: Int, refused: @escaping @Sendable () -> Void = {}) {
        capacity = max(0, limit - inUse - 64 - 4 * cores)
        self.refused = refused
    }

    /// How many are left.
    package var free: Int { capacity - taken.withLock { $0 } }

    /// Room for the messages of a connection that may send some at once.
    /// - Returns: nil when there is none. What is returned gives the room back at its end.
    package func session() -> DescriptorLoan? { lend(Self.perSession, leaving: Self.sessionMargin) }

    /// Whether a connection that may send messages only after a login (`login`) may stay.
    package func mayStay() -> Bool {
        if free >= Self.perSession + Self.sessionMargin { return true }
        refused()
        return false
    }

    /// Room for the messages of a connection that was let stay, from its login on.
    /// - Returns: nil when there is none. What is returned gives the room back at its end.
    package func login() -> DescriptorLoan? { lend(Self.perSession, leaving: Self.accountMargin) }

    /// Room for an account's file.
    /// - Returns: nil when there is none. What is returned gives the room back at its end.
    package func account() -> DescriptorLoan? { lend(Self.perAccount, leaving: Self.accountMargin) }

    private func lend(_ count: Int, leaving margin: Int) -> DescriptorLoan? {
        let isThere = taken.withLock { taken in
            guard capacity - taken >= count + margin else { return false }
            taken += count
            return true
        }
        guard isThere else {
            refused()
            return nil
        }
        return DescriptorLoan(of: self, count)
    }

    /// Whether a listener may accept; each may go on to accept a few at once.
    func mayAccept() -> Bool {
        if free > Self.socketMargin { return true }
        refused()
        return false
    }

    /// A socket was accepted: it is there, whether there was room or not.
    func accepted() { taken.withLock { $0 += 1 } }

    func give(_ count: Int) { taken.withLock { $0 -= count } }
}

/// Descriptors that somebody may have open, until the loan's last user lets go of it.
package final class DescriptorLoan: Sendable {
    private let budget: DescriptorBudget
    private let count: Int

    init(of budget: DescriptorBudget, _ count: Int) {
        self.budget = budget
        self.count = count
    }

    deinit { budget.give(count) }
}
