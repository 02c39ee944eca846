// Sent dates and thread structures of an account's bodies, kept in memory for the next SORT and THREAD.
//
// Theory. A body never changes, and a new body's id is above all others. So what was read of the bodies up to an id
// stays true for good, and is only extended: by whoever asks for newer bodies, inside a read job, piece by piece. What
// a session gets is a copy that shares its memory with what is kept until that grows. Bodies that are gone stay until
// the keys are let go, found by nobody who knows which messages there are; a purge lets them go. Bounded by
// `KeyMemory`; what has no room, and a mailbox that is a small part of its account, is read from the file each time.

import GRDB
package import Mail
import Synchronization

/// What a step of reading came to.
package enum KeyReading<Keys: Sendable>: Sendable {
    case ready(Keys)
    /// There is more to read: ask again.
    case more
    /// There is no room, or it is not worth it, or it is not known yet.
    case none
}

/// The Date fields of an account's bodies.
package struct SentDates: Sendable {
    fileprivate var bodies: [Int64] = []
    /// In seconds since 1970, `Int64.min` where there is none.
    fileprivate var seconds: [Int64] = []
    /// All bodies up to this one are here.
    fileprivate var through: Int64 = 0

    package init() {}

    fileprivate var size: Int { 8 * (bodies.capacity + seconds.capacity) }

    /// nil when the body has no date, or is not there.
    /// - Parameter cursor: 0 at first; the next body is looked for behind the last.
    package func seconds(of body: BodyID, from cursor: inout Int) -> Int64? {
        guard bodies.isFound(body.rawValue, from: &cursor), seconds[cursor] != .min else { return nil }
        return seconds[cursor]
    }
}

/// Identifiers and base subjects of an account's bodies, as numbers.
package struct ThreadKeys: Sendable {
    fileprivate var bodies: [Int64] = []
    fileprivate var messageIDs: [Int32] = []
    fileprivate var subjects: [Int32] = []
    fileprivate var isReply: [Bool] = []
    fileprivate var references: [Int32] = []
    fileprivate var referenceEnds: [Int] = []
    fileprivate var through: Int64 = 0
    /// How many different ones there are.
    fileprivate var identifiers = 0
    fileprivate var subjectCount = 1

    fileprivate var size: Int {
        8 * (bodies.capacity + referenceEnds.capacity) + isReply.capacity
            + 4 * (messageIDs.capacity + subjects.capacity + references.capacity)
    }

    /// A table without messages, for messages of these bodies.
    package var emptyTable: ThreadingTable { ThreadingTable(identifiers: identifiers, subjects: subjectCount) }

    /// Puts a message into such a table, unless its body is not there.
    /// - Parameter cursor: 0 at first; the next body is looked for behind the last.
    package func append(
        _ body: BodyID, id: Int, date: Int64, internalDate: Int64, from cursor: inout Int,
        to table: inout ThreadingTable
    ) {
        guard bodies.isFound(body.rawValue, from: &cursor) else { return }
        let start = cursor == 0 ? 0 : referenceEnds[cursor - 1]
        table.append(
            id: id, messageID: messageIDs[cursor], references: references[start..<referenceEnds[cursor]],
            subject: subjects[cursor], isReply: isReply[cursor], date: date, internalDate: internalDate)
    }
}

extension [Int64] {
    /// Moves the cursor to the number, among ascending ones. Quick for the one behind the cursor.
    fileprivate func isFound(_ number: Int64, from cursor: inout Int) -> Bool {
        if cursor < count, self[cursor] == number { return true }
        if cursor + 1 < count, self[cursor + 1] == number {
            cursor += 1
            return true
        }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < number { low = middle + 1 } else { high = middle }
        }
        guard low < count, self[low] == number else { return false }
        cursor = low
        return true
    }
}

/// What is kept of one account.
final class MessageKeys: Sendable {
    fileprivate struct State: Sendable {
        var dates = SentDates()
        var threads = ThreadKeys()
        var identifiers = Interner()
        var subjects = Interner()

        var size: Int { dates.size + threads.size + identifiers.size + subjects.size }
    }
    /// Rows that one step reads: some tens of milliseconds.
    fileprivate static let step = 16_384
    /// So many bodies are read for each message that is asked about, at most; for one of a few messages they are not.
    fileprivate static let worthwhile: Int64 = 4

    fileprivate let memory: KeyMemory
    fileprivate let state = Mutex(State())

    init(memory: KeyMemory) { self.memory = memory }

    func drop() { state.withLock { $0 = State() } }

    /// - Returns: false when somebody uses them.
    func dropIfFree() -> Bool { state.withLockIfAvailable { $0 = State() } != nil }

    /// Whether so many bodies are to be read, which take so many bytes each at least.
    fileprivate func isWorthwhile(_ missing: Int64, for count: Int, bytes: Int) -> Bool {
        missing <= MessageKeys.worthwhile * Int64(count) && missing <= Int64(memory.most / bytes)
    }

    /// Runs a step; without room nothing is kept.
    fileprivate func read<Keys>(
        _ step: (inout State) throws -> KeyReading<Keys>
    ) rethrows -> KeyReading<Keys> {
        try state.withLock { state in
            let result: KeyReading<Keys>
            do { result = try step(&state) } catch {
                // What a step that failed has added would come again.
                state = State()
                throw error
            }
            if memory.claim(state.size, for: self) { return result }
            state = State()
            return .none
        }
    }
}

extension AccountReader {
    /// The sent dates of all bodies up to the newest that is asked about.
    /// - Parameter count: how many messages are asked about.
    package func sentDates(through newest: BodyID, for count: Int) throws -> KeyReading<SentDates> {
        guard let keys else { return .none }
        return try keys.read { state in
            let missing = newest.rawValue - state.dates.through
            guard missing > 0 else { return .ready(state.dates) }
            guard keys.isWorthwhile(missing, for: count, bytes: 16) else { return .none }
            var last: Int64?
            try db.each(
                "SELECT id, sent_date FROM body WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
                .int(state.dates.through), .int(newest.rawValue), .int(MessageKeys.step)
            ) { row in
                let date = row.optionalInt(1).map { MailDate(packed: $0).secondsSince1970 }
                state.dates.bodies.append(row.int(0))
                state.dates.seconds.append(date ?? .min)
                last = row.int(0)
            }
            guard let last, last < newest.rawValue else {
                state.dates.through = newest.rawValue
                return .ready(state.dates)
            }
            state.dates.through = last
            return .more
        }
    }

    /// The thread structures of all bodies up to the newest that is asked about.
    /// - Parameter count: how many messages are asked about.
    package func threadKeys(through newest: BodyID, for count: Int) throws -> KeyReading<ThreadKeys> {
        guard let keys, try db.areSummariesComplete() else { return .none }
        return try keys.read { state in
            let missing = newest.rawValue - state.threads.through
            guard missing > 0 else { return .ready(state.threads) }
            guard keys.isWorthwhile(missing, for: count, bytes: 100) else { return .none }
            if state.subjects.count == 0 { _ = state.subjects.number(of: UnsafeRawBufferPointer(start: nil, count: 0)) }
            var last: Int64?
            try db.each(
                """
                SELECT body_id, message_id, ancestors, subject, is_reply
                FROM thread_member JOIN sort_key USING (body_id)
                WHERE body_id > ? AND body_id <= ? ORDER BY body_id LIMIT ?
                """, .int(state.threads.through), .int(newest.rawValue), .int(MessageKeys.step)
            ) { row in
                state.add(row)
                last = row.int(0)
            }
            state.threads.identifiers = state.identifiers.count
            state.threads.subjectCount = state.subjects.count
            guard let last, last < newest.rawValue else {
                state.threads.through = newest.rawValue
                return .ready(state.threads)
            }
            state.threads.through = last
            return .more
        }
    }
}

extension MessageKeys.State {
    fileprivate mutating func add(_ row: SQLRow) {
        threads.bodies.append(row.int(0))
        let messageID = row.isNull(1) ? ThreadingTable.none : row.withBlob(1) { identifiers.number(of: $0) }
        threads.messageIDs.append(messageID)
        row.withBlob(2) { ancestors in
            var start = 0
            for (end, byte) in ancestors.enumerated() where byte == 0 {
                // As `AncestorList.decoded` reads them: what is empty is none.
                if end > start {
                    let id = UnsafeRawBufferPointer(rebasing: ancestors[start..<end])
                    threads.references.append(identifiers.number(of: id))
                }
                start = end + 1
            }
        }
        threads.referenceEnds.append(threads.references.count)
        threads.subjects.append(row.withBlob(3) { subjects.number(of: $0) })
        threads.isReply.append(row.int(4) != 0)
    }
}
