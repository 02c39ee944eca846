// EMAILID and THREADID of messages that were copied from another account: those of their source (RFC 8474 §5).
//
// Theory. A message's identifiers are its account and its body, and its account and its thread: keys that are never
// given twice, so nothing else has them. A copy within the account shares the body. A copy in another account has a
// body of its own; a row of body_origin gives it the identifiers that its source was told under, for good, and through
// any number of accounts, also back to the first. What is copied may begin a thread of the other account: then the
// whole of that thread is called after the source's, so that the answers that come later belong to it (thread_origin).
// Where it joins one, it alone keeps its source's: who has one EMAILID has one THREADID (RFC 8474 §5.2).
// Invariants: neither identifier of a body ever changes; equal EMAILIDs have equal bytes and equal THREADIDs.

import GRDB

/// What EMAILID names: the account and the body that were there first.
package struct EmailID: Hashable, Sendable {
    package let account: AccountID
    package let body: BodyID

    package init(account: AccountID, body: BodyID) {
        self.account = account
        self.body = body
    }
}

/// What THREADID names.
package struct ThreadName: Hashable, Sendable {
    package let account: AccountID
    package let thread: ThreadID

    package init(account: AccountID, thread: ThreadID) {
        self.account = account
        self.thread = thread
    }
}

/// Under what a message was known where it was copied from.
struct MessageOrigin: Hashable, Sendable {
    let email: EmailID
    let thread: ThreadName
}

extension AccountReader {
    /// - Parameter account: whose the body is.
    package func emailID(of body: BodyID, in account: AccountID) throws -> EmailID {
        let origin = try db.first(
            "SELECT account_id, source_body_id FROM body_origin WHERE body_id = ?", .int(body.rawValue)
        ) { EmailID(account: AccountID(rawValue: $0.int(0)), body: BodyID(rawValue: $0.int(1))) }
        return origin ?? EmailID(account: account, body: body)
    }

    /// The bodies of an account that have an EMAILID. A body that is not there may be among them.
    package func bodies(_ email: EmailID, in account: AccountID) throws -> Set<BodyID> {
        var bodies: Set<BodyID> = []
        try db.each(
            "SELECT body_id FROM body_origin WHERE source_body_id = ? AND account_id = ?", .int(email.body.rawValue),
            .int(email.account.rawValue)
        ) { bodies.insert(BodyID(rawValue: $0.int(0))) }
        if email.account == account, try emailID(of: email.body, in: account) == email { bodies.insert(email.body) }
        return bodies
    }

    /// nil while the thread is not known (`threadID`).
    /// - Parameter account: whose the body is.
    package func threadName(of body: BodyID, in account: AccountID) throws -> ThreadName? {
        try db.first(
            """
            SELECT coalesce(b.thread_account_id, t.account_id, ?2),
            coalesce(b.thread_id, t.source_thread_id, m.thread_id)
            FROM thread_member m LEFT JOIN body_origin b ON b.body_id = m.body_id
            LEFT JOIN thread_origin t ON t.thread_id = m.thread_id WHERE m.body_id = ?1
            """, .int(body.rawValue), .int(account.rawValue)
        ) { ThreadName(account: AccountID(rawValue: $0.int(0)), thread: ThreadID(rawValue: $0.int(1))) }
    }

    /// What a copy of the message keeps; nil while its thread is not known.
    func origin(of body: BodyID, in account: AccountID) throws -> MessageOrigin? {
        guard let thread = try threadName(of: body, in: account) else { return nil }
        return MessageOrigin(email: try emailID(of: body, in: account), thread: thread)
    }
}

extension WriteOperation {
    /// For a new body, once its thread is known.
    func insertOrigin(_ origin: MessageOrigin, of body: BodyID) throws {
        try db.run(
            """
            INSERT INTO body_origin (body_id, account_id, source_body_id, thread_account_id, thread_id)
            VALUES (?, ?, ?, ?, ?)
            """, .int(body.rawValue), .int(origin.email.account.rawValue), .int(origin.email.body.rawValue),
            .int(origin.thread.account.rawValue), .int(origin.thread.thread.rawValue))
        // A thread has its id from the body that began it.
        try db.run(
            """
            INSERT INTO thread_origin (thread_id, account_id, source_thread_id)
            SELECT thread_id, ?, ? FROM thread_member WHERE body_id = ?3 AND thread_id = ?3
            """, .int(origin.thread.account.rawValue), .int(origin.thread.thread.rawValue), .int(body.rawValue))
    }
}
