// Thread ids: which messages of an account belong together, whatever mailbox they lie in (RFC 8474 §5.2).
//
// Theory. Messages belong together when they share an identifier, by Message-ID, References or In-Reply-To, and their
// base subject: whoever begins something new by answering an old message has changed the subject. Each pair of an
// identifier and a subject links to one thread, and a new message joins the thread that its pairs link to, or begins
// one. When they link to several, those are merged: the message joins the eldest, and so does all that comes later;
// messages that were told another id before keep it, since an id once told never changes (RFC 8474 §5.2).
// Links outlive the messages that made them, so that an answer to what is gone still belongs to its thread; those of
// threads without any message are swept away when so much was purged that the search index is made anew.
// Invariants: a thread's id is the id of the body that began it; a merge points to an older thread, so no ring.

import GRDB
import Mail
import Synchronization

extension AccountReader {
    /// The thread of a body. It never changes once it was given; nil while it is not known, which is so for a message
    /// from before threads were kept until the background has come to it (`AccountStore.completeThreads`).
    package func threadID(of body: BodyID) throws -> ThreadID? {
        try db.first("SELECT thread_id FROM thread_member WHERE body_id = ?", .int(body.rawValue)) {
            ThreadID(rawValue: $0.int(0))
        }
    }

    /// The bodies of a thread, ascending; none when there is no such thread.
    package func bodies(in thread: ThreadID) throws -> [BodyID] {
        var bodies: [BodyID] = []
        try db.each("SELECT body_id FROM thread_member WHERE thread_id = ? ORDER BY body_id", .int(thread.rawValue)) {
            bodies.append(BodyID(rawValue: $0.int(0)))
        }
        return bodies
    }
}

extension WriteOperation {
    /// The thread that a new message joins or begins.
    func thread(of summary: MessageSummary, for body: BodyID) throws -> ThreadID {
        let keys = ThreadLink.keys(of: summary)
        var found: Set<Int64> = []
        var unlinked: [Int64] = []
        for key in keys {
            if let linked = try db.first(
                "SELECT thread_id FROM thread_link WHERE key = ?", .int(key), row: { $0.int(0) })
            {
                found.insert(try survivor(of: linked))
            } else {
                unlinked.append(key)
            }
        }
        let thread = found.min() ?? body.rawValue
        for other in found where other != thread {
            try db.run("INSERT INTO thread_merge (thread_id, into_id) VALUES (?, ?)", .int(other), .int(thread))
        }
        for key in unlinked {
            try db.run("INSERT INTO thread_link (key, thread_id) VALUES (?, ?)", .int(key), .int(thread))
        }
        return ThreadID(rawValue: thread)
    }

    /// The thread that this one was merged into, over any number of merges; the way there is made short for the next.
    private func survivor(of thread: Int64) throws -> Int64 {
        var path: [Int64] = []
        var current = thread
        while let next = try db.first(
            "SELECT into_id FROM thread_merge WHERE thread_id = ?", .int(current), row: { $0.int(0) })
        {
            path.append(current)
            current = next
        }
        for passed in path.dropLast() {
            try db.run("UPDATE thread_merge SET into_id = ? WHERE thread_id = ?", .int(current), .int(passed))
        }
        return current
    }
}

extension AccountStore {
    /// So many links are looked at in one operation.
    private static let linkStep = 5_000

    /// Takes away links of threads that no message belongs to any more.
    /// - Returns: false when that is not going on.
    func sweepSomeLinks() async throws(StoreError) -> Bool {
        guard let swept = ownersHandle.linksSwept.withLock({ $0 }) else { return false }
        let next = try await write { try $0.sweepLinks(after: swept, count: Self.linkStep) }
        ownersHandle.linksSwept.withLock { $0 = next }
        return true
    }
}

extension WriteOperation {
    /// - Returns: the last one that was looked at; nil when it was the last of all.
    fileprivate func sweepLinks(after key: Int64, count: Int) throws -> Int64? {
        let last = try db.first(
            "SELECT key FROM thread_link WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?", .int(key), .int(count - 1)
        ) { $0.int(0) }
        // What was merged into another thread may still lead there.
        try db.run(
            """
            DELETE FROM thread_link WHERE key > ? AND key <= ?
            AND NOT EXISTS (SELECT 1 FROM thread_member WHERE thread_id = thread_link.thread_id)
            AND NOT EXISTS (SELECT 1 FROM thread_merge WHERE thread_id = thread_link.thread_id)
            """, .int(key), .int(last ?? .max))
        return last
    }
}

/// What links a message to its thread.
enum ThreadLink {
    /// Of more identifiers, the oldest and the nearest ancestors link.
    static let mostKeys = 100

    /// A hash for each identifier that the message has or names, together with its base subject; each once.
    static func keys(of summary: MessageSummary) -> [Int64] {
        var ids = summary.references
        if ids.count > mostKeys - 1 { ids = Array(ids.prefix(1) + ids.suffix(mostKeys - 2)) }
        if let own = summary.messageID { ids.append(own) }
        var seen: Set<Int64> = []
        return ids.map { hash($0, summary.sortKeys.subject) }.filter { seen.insert($0).inserted }
    }

    /// FNV-1a, 64 bits. Who makes two alike joins threads that naming the identifier would have joined too.
    private static func hash(_ id: [UInt8], _ subject: [UInt8]) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ 0) &* 0x100_0000_01b3
        for byte in subject { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }
}
