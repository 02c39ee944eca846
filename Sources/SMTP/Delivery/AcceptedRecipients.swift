// What was found out about recipients when they were accepted, for the delivery that follows at once.
//
// Theory. RCPT looks an address up, and the message's end does so again, because minutes may lie between. Where it is
// less than a moment, and this process has changed nothing in the directory meanwhile, the answer is the same one.

import Mail
import MailStore
import Synchronization

final class AcceptedRecipients: Sendable {
    /// How long another process's change may go unnoticed.
    static let moment = Duration.seconds(1)
    static let most = 1_000

    private struct Entry {
        let recipients: [Recipient]
        let time: ContinuousClock.Instant
        let version: DirectoryVersion
    }
    private let entries = Mutex<[EmailAddress: Entry]>([:])

    /// - Parameter version: the directory's, from before it was asked.
    func note(_ recipients: [Recipient], of address: EmailAddress, _ version: DirectoryVersion) {
        entries.withLock { entries in
            if entries.count >= Self.most { entries = [:] }
            entries[address] = Entry(recipients: recipients, time: .now, version: version)
        }
    }

    /// The active accounts behind the address; nil when they are to be looked up again.
    func recipients(of address: EmailAddress, _ version: DirectoryVersion) -> [Recipient]? {
        entries.withLock { entries in
            guard let entry = entries[address], entry.version == version,
                .now - entry.time < Self.moment
            else { return nil }
            return entry.recipients
        }
    }
}
