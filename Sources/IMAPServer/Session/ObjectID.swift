// The identifiers of mailboxes, messages and threads that clients see (RFC 8474).
//
// Each is made of the keys of the store, which are never given twice: a letter for the kind, the account's key, and the
// key within the account. So no two things that one login can see share an identifier, and a rename or a move keeps it.

import IMAPSyntax
import MailStore

enum ObjectID {
    /// RFC 8474 §4. A rename keeps it; RENAME of INBOX makes a new mailbox with one of its own.
    static func mailbox(_ mailbox: MailboxID, of account: AccountID) -> String { "F\(account)-\(mailbox)" }

    /// RFC 8474 §5.1: of the body, which copies of a message share.
    static func email(_ body: BodyID, of account: AccountID) -> String { "M\(account)-\(body)" }

    /// RFC 8474 §5.2.
    static func thread(_ thread: ThreadID, of account: AccountID) -> String { "T\(account)-\(thread)" }

    /// The body that an EMAILID names; nil when it is none of this account's.
    static func body(_ objectID: String, of account: AccountID) -> BodyID? {
        key(objectID, "M", account).map { BodyID(rawValue: $0) }
    }

    /// The thread that a THREADID names; nil when it is none of this account's.
    static func thread(_ objectID: String, of account: AccountID) -> ThreadID? {
        key(objectID, "T", account).map { ThreadID(rawValue: $0) }
    }

    private static func key(_ objectID: String, _ kind: Character, _ account: AccountID) -> Int64? {
        let start = "\(kind)\(account)-"
        guard objectID.hasPrefix(start), let key = Int64(objectID.dropFirst(start.count)), key > 0,
            objectID == "\(start)\(key)"
        else { return nil }
        return key
    }
}
