// The identifiers of mailboxes, messages and threads that clients see (RFC 8474).
//
// Each is made of the keys of the store, which are never given twice: a letter for the kind, the account's key, and the
// key within the account. So no two things that one login can see share an identifier, and a rename or a move keeps it.
// A message that was copied from another account, and its thread, keep the account's key of their source too.

import IMAPSyntax
import MailStore

enum ObjectID {
    /// RFC 8474 §4. A rename keeps it; RENAME of INBOX makes a new mailbox with one of its own.
    static func mailbox(_ mailbox: MailboxID, of account: AccountID) -> String { "F\(account)-\(mailbox)" }

    /// RFC 8474 §5.1: of the body, which copies of a message share.
    static func email(_ id: EmailID) -> String { "M\(id.account)-\(id.body)" }

    /// RFC 8474 §5.2.
    static func thread(_ name: ThreadName) -> String { "T\(name.account)-\(name.thread)" }

    /// What an EMAILID names; nil for what is none.
    static func email(_ objectID: String) -> EmailID? {
        keys(objectID, "M").map { EmailID(account: AccountID(rawValue: $0), body: BodyID(rawValue: $1)) }
    }

    /// What a THREADID names; nil for what is none.
    static func thread(_ objectID: String) -> ThreadName? {
        keys(objectID, "T").map { ThreadName(account: AccountID(rawValue: $0), thread: ThreadID(rawValue: $1)) }
    }

    private static func keys(_ objectID: String, _ kind: Character) -> (account: Int64, key: Int64)? {
        let parts = objectID.dropFirst().split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let account = Int64(parts[0]), let key = Int64(parts[1]), account > 0, key > 0,
            objectID == "\(kind)\(account)-\(key)"
        else { return nil }
        return (account, key)
    }
}
