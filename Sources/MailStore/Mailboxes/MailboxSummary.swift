// What SELECT tells of a mailbox, known before all of its messages are read.
//
// Theory. To read a mailbox that nobody has in use takes some 0.3 µs for each message. What SELECT tells is in the
// mailbox's row, but for two things: the first message without \Seen, which is met on the way, and which messages are
// \Recent. Where none is, the summary is given away as soon as it is complete, in the middle of the reading; both are
// of one transaction, so the view that comes is what the summary says.

package import Mail
import Synchronization

package struct MailboxSummary: Sendable {
    package let mailboxID: MailboxID
    package let uidValidity: UIDValidity
    package let uidNext: UInt64
    package let highestModSeq: ModSeq
    package let flagSets: FlagSetTable
    package let count: Int
    /// The index of the first message without \Seen.
    package let firstUnseen: Int?

    package init(_ snapshot: MailboxSnapshot, count: Int, firstUnseen: Int?) {
        mailboxID = snapshot.mailboxID
        uidValidity = snapshot.uidValidity
        uidNext = snapshot.uidNext
        highestModSeq = snapshot.highestModSeq
        flagSets = snapshot.flagSets
        self.count = count
        self.firstUnseen = firstUnseen
    }
}

/// A mailbox that is being selected.
package enum OpeningMailbox: Sendable {
    case open(MailboxView)
    /// Its messages are being read; none of them is \Recent.
    case coming(MailboxSummary, Pending<OpenedMailbox>)
}

/// A view, and the mailbox as its summary told it.
package struct OpenedMailbox: Sendable {
    package let view: MailboxView
    package let snapshot: MailboxSnapshot
}

/// Gives the summary away while the mailbox is read.
struct SummaryAhead {
    /// Fewer messages are read in less time than it takes to say so.
    static let worthwhile = 2_048

    private let mailbox: MailboxSnapshot
    private let count: Int
    private let seen: Set<FlagSetID>
    private let give: (MailboxSummary) -> Void
    private var isGiven = false

    /// Of a mailbox as its row says, without messages.
    /// - Returns: nil where the view is to be waited for.
    init?(
        _ mailbox: MailboxSnapshot, count: Int, unseen: Int, firstRecent: UInt64,
        _ give: @escaping (MailboxSummary) -> Void
    ) {
        guard count >= SummaryAhead.worthwhile, firstRecent >= mailbox.uidNext else { return nil }
        self.mailbox = mailbox
        self.count = count
        self.give = give
        seen = mailbox.flagSets.ids { $0.contains(.seen) }
        if unseen == 0 { tell(nil) }
    }

    private mutating func tell(_ firstUnseen: Int?) {
        isGiven = true
        give(MailboxSummary(mailbox, count: count, firstUnseen: firstUnseen))
    }

    /// Each message in turn.
    mutating func met(_ flagSet: FlagSetID, at index: Int) {
        if !isGiven, !seen.contains(flagSet) { tell(index) }
    }

    /// After the last.
    func check(_ found: Int) throws(StoreError) {
        guard isGiven, found != count else { return }
        throw .broken("mailbox \(mailbox.mailboxID) says that it has \(count) messages and has \(found)")
    }
}

/// Goes on with the first word that is said, and hears no other.
final class FirstWord<Word: Sendable>: Sendable {
    private let listener: Mutex<CheckedContinuation<Word, Never>?>

    init(_ listener: CheckedContinuation<Word, Never>) { self.listener = Mutex(listener) }

    func say(_ word: Word) {
        let listener = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        listener?.resume(returning: word)
    }
}
