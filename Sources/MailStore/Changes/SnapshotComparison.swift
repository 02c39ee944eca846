// The walk over two snapshots' chunks that finds what differs, passing over the chunks that they share.

import Mail

/// Collects the difference and, when expunged messages are kept, the chunks of the view that still holds them.
struct SnapshotComparison {
    let keepingExpunged: Bool
    private(set) var difference = ViewDifference()
    private(set) var chunks: [Chunk] = []
    private var pending: [MessageEntry] = []

    init(keepingExpunged: Bool) { self.keepingExpunged = keepingExpunged }

    mutating func run(from old: MailboxSnapshot, to new: MailboxSnapshot) {
        var left = Cursor(old.chunks)
        var right = Cursor(new.chunks)
        while true {
            if let shared = left.sharedChunk(with: right) {
                flush()
                if keepingExpunged { chunks.append(shared) }
                left.skipChunk()
                right.skipChunk()
                continue
            }
            if !keepingExpunged { walkInStep(&left, &right) }
            switch (left.entry, right.entry) {
            case (nil, nil):
                flush()
                return
            case (let gone?, nil):
                expunged(gone)
                left.advance()
            case (nil, let added?):
                difference.added.append(added.uid)
                keep(added)
                right.advance()
            case (let before?, let after?):
                step(before, after, &left, &right)
            }
        }
    }

    /// Passes over messages that both have, as far as the chunks at hand reach: what most of a comparison is.
    private mutating func walkInStep(_ left: inout Cursor, _ right: inout Cursor) {
        guard left.chunk < left.chunks.count, right.chunk < right.chunks.count else { return }
        let (old, new) = (left.chunks[left.chunk].entries, right.chunks[right.chunk].entries)
        // The last of a chunk is left to those who know how to go on to the next.
        while left.offset < old.count - 1, right.offset < new.count - 1,
            old[left.offset].uid.rawValue == new[right.offset].uid.rawValue
        {
            let (before, after) = (old[left.offset], new[right.offset])
            if before.modSeq.rawValue != after.modSeq.rawValue || before.flagSet.rawValue != after.flagSet.rawValue {
                difference.changed.append(after.uid)
            }
            left.offset += 1
            right.offset += 1
        }
    }

    private mutating func step(
        _ before: MessageEntry, _ after: MessageEntry, _ left: inout Cursor, _ right: inout Cursor
    ) {
        if before.uid < after.uid {
            expunged(before)
            left.advance()
        } else if after.uid < before.uid {
            difference.added.append(after.uid)
            keep(after)
            right.advance()
        } else {
            if before.modSeq != after.modSeq || before.flagSet != after.flagSet {
                difference.changed.append(after.uid)
            }
            keep(after)
            left.advance()
            right.advance()
        }
    }

    private mutating func expunged(_ entry: MessageEntry) {
        difference.expunged.append(entry.uid)
        keep(entry)
    }

    private mutating func keep(_ entry: MessageEntry) {
        guard keepingExpunged else { return }
        pending.append(entry)
        if pending.count == Chunk.capacity { flush() }
    }

    private mutating func flush() {
        guard !pending.isEmpty else { return }
        chunks.append(Chunk(pending))
        pending = []
    }

    /// A place in a list of chunks.
    private struct Cursor {
        let chunks: [Chunk]
        var chunk = 0
        var offset = 0

        init(_ chunks: [Chunk]) { self.chunks = chunks }

        var entry: MessageEntry? { chunk < chunks.count ? chunks[chunk].entries[offset] : nil }

        func sharedChunk(with other: Cursor) -> Chunk? {
            guard offset == 0, other.offset == 0, chunk < chunks.count, other.chunk < other.chunks.count,
                chunks[chunk] === other.chunks[other.chunk]
            else { return nil }
            return chunks[chunk]
        }

        mutating func skipChunk() { chunk += 1 }

        mutating func advance() {
            offset += 1
            if offset == chunks[chunk].entries.count {
                offset = 0
                chunk += 1
            }
        }
    }
}
