// SORT's keys and THREAD's view of bodies: stored when a message comes in, read from its header where an older account
// has none stored yet.

import GRDB
package import Mail

extension AccountReader {
    /// The sort keys of each body, in the order of `bodies`.
    /// - Throws: `.messageGone` when a body is not there.
    package func sortKeys(of bodies: [BodyID]) throws -> [SortKeys] {
        try bodies.map { try db.storedSortKeys(of: $0)?.keys ?? summary(of: $0).sortKeys }
    }

    /// What the threading algorithms need of each body; its `id` is the body's place in `bodies`. INTERNALDATE belongs
    /// to the message, not to the body: the caller puts it in.
    /// - Throws: `.messageGone` when a body is not there.
    package func threading(of bodies: [BodyID]) throws -> [ThreadingMessage] {
        try bodies.enumerated().map { index, body in
            try db.storedThreading(of: body, id: index) ?? summary(of: body).threading(id: index)
        }
    }

    func summary(of body: BodyID) throws -> MessageSummary { MessageSummary(header: try header(of: body)) }
}

extension WriteOperation {
    /// Stores what SORT and THREAD need of a new body, and gives it its thread.
    mutating func insertSummary(_ summary: MessageSummary, of body: BodyID) throws {
        try insertSortKeys(summary, of: body)
        try insertThread(summary, of: body)
    }

    func insertSortKeys(_ summary: MessageSummary, of body: BodyID) throws {
        let keys = summary.sortKeys
        try db.run(
            """
            INSERT INTO sort_key
            (body_id, subject, is_reply, from_mailbox, to_mailbox, cc_mailbox, from_display, to_display)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .int(body.rawValue), .blob(keys.subject), .int(summary.isReplyOrForward ? 1 : 0), .blob(keys.from),
            .blob(keys.to), .blob(keys.cc), .blob(keys.displayFrom), .blob(keys.displayTo))
    }

    mutating func insertThread(_ summary: MessageSummary, of body: BodyID) throws {
        let thread = try thread(of: summary, for: body)
        try db.run(
            "INSERT INTO thread_member (body_id, thread_id, message_id, ancestors) VALUES (?, ?, ?, ?)",
            .int(body.rawValue), .int(thread.rawValue), .optional(summary.messageID),
            .blob(AncestorList.encoded(summary.references)))
    }
}

extension Database {
    /// nil when the body has no row yet, or is not there.
    fileprivate func storedSortKeys(of body: BodyID) throws -> (keys: SortKeys, isReply: Bool)? {
        try first(
            """
            SELECT sent_date, subject, is_reply, from_mailbox, to_mailbox, cc_mailbox, from_display, to_display
            FROM sort_key JOIN body ON body.id = body_id WHERE body_id = ?
            """, .int(body.rawValue)
        ) { row in
            let keys = SortKeys(
                sentDate: row.optionalInt(0).map { MailDate(packed: $0).secondsSince1970 }, subject: row.blob(1),
                from: row.blob(3), to: row.blob(4), cc: row.blob(5), displayFrom: row.blob(6), displayTo: row.blob(7))
            return (keys, row.int(2) != 0)
        }
    }

    fileprivate func storedThreading(of body: BodyID, id: Int) throws -> ThreadingMessage? {
        try first(
            """
            SELECT thread_member.message_id, ancestors, subject, is_reply, sent_date FROM thread_member
            JOIN sort_key USING (body_id) JOIN body ON body.id = body_id WHERE body_id = ?
            """, .int(body.rawValue)
        ) { row in
            ThreadingMessage(
                id: id, messageID: row.isNull(0) ? nil : row.blob(0), references: AncestorList.decoded(row.blob(1)),
                baseSubject: row.blob(2), isReplyOrForward: row.int(3) != 0,
                sentDate: row.optionalInt(4).map { MailDate(packed: $0).secondsSince1970 })
        }
    }
}

/// Message identifiers as one blob, each ended by NUL, which unfolded header text never holds.
enum AncestorList {
    static func encoded(_ ids: [[UInt8]]) -> [UInt8] { ids.flatMap { $0 + [0] } }

    static func decoded(_ bytes: [UInt8]) -> [[UInt8]] { bytes.split(separator: 0).map { Array($0) } }
}
