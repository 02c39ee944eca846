// A mailbox at one moment: immutable, packed, shared by every session that looks at it.
//
// Messages lie in chunks of at most `Chunk.capacity`, ascending by UID. A new snapshot shares every chunk that did not
// change with the one before it, so that two snapshots are compared by looking at the chunks that differ.

package import Mail

/// What the snapshot knows of one message.
package struct MessageEntry: Hashable, Sendable {
    package let uid: UID
    package var flagSet: FlagSetID
    package var modSeq: ModSeq
    /// RFC822.SIZE: the octets stored.
    package let size: UInt32
    package let internalDate: MailDate
    package let bodyID: BodyID

    package init(
        uid: UID, flagSet: FlagSetID, modSeq: ModSeq, size: UInt32, internalDate: MailDate, bodyID: BodyID
    ) {
        self.uid = uid
        self.flagSet = flagSet
        self.modSeq = modSeq
        self.size = size
        self.internalDate = internalDate
        self.bodyID = bodyID
    }

    /// By the numbers themselves: what another module compares is a call for each.
    package static func == (left: MessageEntry, right: MessageEntry) -> Bool {
        left.uid.rawValue == right.uid.rawValue && left.modSeq.rawValue == right.modSeq.rawValue
            && left.flagSet.rawValue == right.flagSet.rawValue && left.size == right.size
            && left.internalDate.packed == right.internalDate.packed && left.bodyID.rawValue == right.bodyID.rawValue
    }
}

/// Some neighbouring messages of a snapshot, ascending by UID; never empty, never changed.
package final class Chunk: Sendable {
    package static let capacity = 1_024
    package let entries: [MessageEntry]
    /// The highest of the messages', so that a search for changes passes over whole chunks.
    package let highestModSeq: ModSeq
    /// Every flag set that a message here has; few, and each once.
    package let flagSets: [FlagSetID]

    init(_ entries: [MessageEntry]) {
        self.entries = entries
        var highest = ModSeq.zero
        var flagSets: [FlagSetID] = []
        var last: FlagSetID?
        for entry in entries {
            if entry.modSeq.rawValue > highest.rawValue { highest = entry.modSeq }
            guard entry.flagSet.rawValue != last?.rawValue else { continue }
            last = entry.flagSet
            if !flagSets.contains(entry.flagSet) { flagSets.append(entry.flagSet) }
        }
        highestModSeq = highest
        self.flagSets = flagSets
    }

    var firstUID: UInt32 { entries[0].uid.rawValue }
    var lastUID: UInt32 { entries[entries.count - 1].uid.rawValue }
}

/// A mailbox's messages and counters after one commit.
package struct MailboxSnapshot: Sendable {
    package let mailboxID: MailboxID
    package let uidValidity: UIDValidity
    /// The UID that the next message will get (RFC 3501 §2.3.1.1); 4,294,967,296 when none is left.
    package internal(set) var uidNext: UInt64
    /// The mailbox's highest MODSEQ, never 0.
    package internal(set) var highestModSeq: ModSeq
    /// True once the mailbox was deleted; its sessions must end their selection.
    package internal(set) var isDeleted = false
    package internal(set) var flagSets: FlagSetTable
    /// Ascending by UID.
    package private(set) var chunks: [Chunk] = []
    /// starts[i] is the index of the first message of chunks[i]; one more entry holds the count.
    private var starts: [Int] = [0]

    package init(
        mailboxID: MailboxID, uidValidity: UIDValidity, uidNext: UInt64, highestModSeq: ModSeq,
        flagSets: FlagSetTable, entries: [MessageEntry] = []
    ) {
        self.mailboxID = mailboxID
        self.uidValidity = uidValidity
        self.uidNext = uidNext
        self.highestModSeq = highestModSeq
        self.flagSets = flagSets
        setChunks(Self.packed(entries))
    }

    private static func packed(_ entries: [MessageEntry]) -> [Chunk] {
        stride(from: 0, to: entries.count, by: Chunk.capacity).map {
            Chunk(Array(entries[$0..<min($0 + Chunk.capacity, entries.count)]))
        }
    }

    private mutating func setChunks(_ new: [Chunk]) {
        chunks = new
        starts = [0]
        starts.reserveCapacity(new.count + 1)
        for chunk in new { starts.append(starts[starts.count - 1] + chunk.entries.count) }
    }

    // MARK: Looking up

    package var count: Int { starts[starts.count - 1] }
    package var isEmpty: Bool { chunks.isEmpty }
    package var lastUID: UID? { chunks.last.flatMap { UID($0.lastUID) } }

    /// - Parameter index: 0 ..< count; the message's sequence number less one.
    package subscript(index: Int) -> MessageEntry {
        let chunk = chunkIndex(holding: index)
        return chunks[chunk].entries[index - starts[chunk]]
    }

    /// The flags of a message of this snapshot.
    package func flags(of entry: MessageEntry) -> Flags { flagSets[entry.flagSet].flags }

    private func chunkIndex(holding index: Int) -> Int {
        var low = 0
        var high = chunks.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if starts[middle] <= index { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The message's index, or nil when there is none with this UID. O(log n).
    package func index(of uid: UID) -> Int? {
        let index = indexOfFirst(atLeast: uid.rawValue)
        return index < count && self[index].uid == uid ? index : nil
    }

    /// The same, where it is likely to be the message with this index.
    package func index(of uid: UID, near likely: Int) -> Int? {
        if likely < count, self[likely].uid.rawValue == uid.rawValue { return likely }
        return index(of: uid)
    }

    /// The index of the first message whose UID is `uid` or greater; `count` when there is none. O(log n).
    package func indexOfFirst(atLeast uid: UInt32) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].lastUID < uid { low = middle + 1 } else { high = middle }
        }
        guard low < chunks.count else { return count }
        let entries = chunks[low].entries
        var first = 0
        var end = entries.count
        while first < end {
            let middle = (first + end) / 2
            if entries[middle].uid.rawValue < uid { first = middle + 1 } else { end = middle }
        }
        return starts[low] + first
    }

    /// The messages whose UIDs are in the set, as ascending, disjoint ranges of indices.
    package func indices(in set: UIDSet) -> [Range<Int>] {
        set.ranges.compactMap { range in
            let first = indexOfFirst(atLeast: range.lowerBound)
            let end = range.upperBound == .max ? count : indexOfFirst(atLeast: range.upperBound + 1)
            return first < end ? first..<end : nil
        }
    }

    /// Calls `body` with each message of the range and its index, in order.
    package func forEach<Failure: Error>(
        in range: Range<Int>, _ body: (Int, MessageEntry) throws(Failure) -> Void
    ) throws(Failure) {
        guard !range.isEmpty else { return }
        var chunk = chunkIndex(holding: range.lowerBound)
        var index = range.lowerBound
        while index < range.upperBound {
            let entries = chunks[chunk].entries
            let offset = starts[chunk]
            while index < min(range.upperBound, offset + entries.count) {
                try body(index, entries[index - offset])
                index += 1
            }
            chunk += 1
        }
    }

    /// Calls `body` with the messages at these indices. Quick for ascending ones.
    package func forEach(at indices: [Int], _ body: (Int, MessageEntry) -> Void) {
        var chunk = 0
        for index in indices {
            if index < starts[chunk] || index >= starts[chunk + 1] { chunk = chunkIndex(holding: index) }
            body(index, chunks[chunk].entries[index - starts[chunk]])
        }
    }

    /// The index of the first message without any of these flag sets; nil when there is none.
    package func indexOfFirst(notIn flagSets: Set<FlagSetID>) -> Int? {
        for (chunk, start) in zip(chunks, starts) where !chunk.flagSets.allSatisfy(flagSets.contains) {
            let offset = chunk.entries.firstIndex { !flagSets.contains($0.flagSet) }
            if let offset { return start + offset }
        }
        return nil
    }

    /// How many messages `forEach(in:changedSince:)` looks at.
    package func countOfChunks(changedSince modSeq: ModSeq) -> Int {
        chunks.reduce(0) { $1.highestModSeq > modSeq ? $0 + $1.entries.count : $0 }
    }

    /// How many messages lie in chunks that another snapshot does not share at the same place: what it takes to
    /// compare the two.
    package func countOfChunks(differingFrom other: MailboxSnapshot) -> Int {
        var count = 0
        for index in 0..<max(chunks.count, other.chunks.count) {
            let mine = index < chunks.count ? chunks[index] : nil
            let others = index < other.chunks.count ? other.chunks[index] : nil
            if mine !== others { count += max(mine?.entries.count ?? 0, others?.entries.count ?? 0) }
        }
        return count
    }

    /// Calls `body` with the index of each message of the range that has a greater MODSEQ, in order. Time for each
    /// chunk, and for the messages of those that have some.
    package func forEach(in range: Range<Int>, changedSince modSeq: ModSeq, _ body: (Int) -> Void) {
        guard !range.isEmpty else { return }
        for chunk in chunkIndex(holding: range.lowerBound)...chunkIndex(holding: range.upperBound - 1)
        where chunks[chunk].highestModSeq > modSeq {
            let start = starts[chunk]
            for (offset, entry) in chunks[chunk].entries.enumerated()
            where entry.modSeq > modSeq && range.contains(start + offset) {
                body(start + offset)
            }
        }
    }

    // MARK: Making the next one

    /// With messages added at the end. Their UIDs are greater than every UID here.
    mutating func append(_ entries: [MessageEntry]) {
        guard let first = entries.first else { return }
        var tail = entries[...]
        var new = chunks
        if let last = new.last, last.entries.count < Chunk.capacity, last.lastUID < first.uid.rawValue {
            let room = Chunk.capacity - last.entries.count
            new[new.count - 1] = Chunk(last.entries + tail.prefix(room))
            tail = tail.dropFirst(room)
        }
        setChunks(new + Self.packed(Array(tail)))
    }

    /// With other entries in place of those with the same UIDs; such as are not here are passed over.
    /// - Parameter entries: ascending by UID.
    mutating func replace(_ entries: [MessageEntry]) {
        var next = 0
        for place in chunks.indices {
            guard next < entries.count else { return }
            let chunk = chunks[place]
            guard entries[next].uid.rawValue <= chunk.lastUID else { continue }
            var new = chunk.entries
            var index = indexOfFirst(atLeast: entries[next].uid.rawValue) - starts[place]
            while next < entries.count, index < new.count {
                let (uid, here) = (entries[next].uid.rawValue, new[index].uid.rawValue)
                if uid == here { new[index] = entries[next] }
                if uid <= here { next += 1 }
                if uid >= here { index += 1 }
            }
            // What is behind the last message here is looked for in the next chunk.
            while next < entries.count, entries[next].uid.rawValue <= chunk.lastUID { next += 1 }
            chunks[place] = Chunk(new)
        }
    }

    /// Without these messages.
    mutating func remove(_ uids: UIDSet) {
        var remaining = uids.ranges[...]
        var new: [Chunk] = []
        new.reserveCapacity(chunks.count)
        for chunk in chunks {
            while let range = remaining.first, range.upperBound < chunk.firstUID { remaining = remaining.dropFirst() }
            guard let range = remaining.first, range.lowerBound <= chunk.lastUID else {
                new.append(chunk)
                continue
            }
            let entries = chunk.entries.filter { entry in
                let uid = entry.uid.rawValue
                while let range = remaining.first, range.upperBound < uid { remaining = remaining.dropFirst() }
                return remaining.first.map { uid < $0.lowerBound } ?? true
            }
            if !entries.isEmpty { new.append(entries.count == chunk.entries.count ? chunk : Chunk(entries)) }
        }
        setChunks(new)
    }

    /// The same messages, with the other snapshot's chunks wherever they hold the same, so that comparing stays cheap.
    func sharingChunks(with other: MailboxSnapshot) -> MailboxSnapshot {
        let byFirst = Dictionary(other.chunks.map { ($0.firstUID, $0) }, uniquingKeysWith: { $1 })
        var result = self
        result.setChunks(
            chunks.map { chunk in
                guard let twin = byFirst[chunk.firstUID], twin.entries == chunk.entries else { return chunk }
                return twin
            })
        return result
    }

    // MARK: Comparing

    /// What a session has to be told to come from this snapshot to `latest`, and the view that it then has.
    ///
    /// With `keepingExpunged` the view keeps the messages that are gone, so that no sequence number moves
    /// (RFC 3501 §7.4.1); they stay among the differences of the next call.
    package func advanced(to latest: MailboxSnapshot, keepingExpunged: Bool) -> (MailboxSnapshot, ViewDifference) {
        var walk = SnapshotComparison(keepingExpunged: keepingExpunged)
        walk.run(from: self, to: latest)
        var view = latest
        if keepingExpunged && !walk.difference.expunged.isEmpty {
            view.setChunks(walk.chunks)
        }
        return (view, walk.difference)
    }
}

/// What changed between two snapshots of one mailbox.
package struct ViewDifference: Sendable {
    /// Gone, ascending.
    package internal(set) var expunged: [UID] = []
    /// Added, ascending; all greater than every UID of the older snapshot.
    package internal(set) var added: [UID] = []
    /// In both, with another MODSEQ; ascending.
    package internal(set) var changed: [UID] = []

    package var isEmpty: Bool { expunged.isEmpty && added.isEmpty && changed.isEmpty }
}
