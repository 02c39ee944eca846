// What the substring index says of a needle: where it may be found, and of which messages it knows nothing.

package import Mail

/// What of a message is looked at: SEARCH's HEADER-like keys, BODY, and TEXT, which is both.
package enum IndexedPart: Hashable, Sendable {
    case header, body, text
}

/// The bodies that can hold a needle. Whoever looks at no others misses nothing; each is still to be verified.
package struct IndexCandidates: Sendable {
    /// Ascending.
    package let bodies: [BodyID]
    /// The last body that the index knows: all before it are known too.
    let last: BodyID

    /// Whether the index knows this body; of one that it does not know it says nothing.
    package func isIndexed(_ body: BodyID) -> Bool { body <= last }

    /// False only when the body cannot hold the needle. O(log n).
    package func mayContain(_ body: BodyID) -> Bool {
        guard isIndexed(body) else { return true }
        var (low, high) = (0, bodies.count)
        while low < high {
            let middle = (low + high) / 2
            if bodies[middle] < body { low = middle + 1 } else { high = middle }
        }
        return low < bodies.count && bodies[low] == body
    }
}

/// A body with its likeness to what was looked for.
package struct RankedBody: Hashable, Sendable {
    package let body: BodyID
    /// 1 ... 100, 100 when all of it is there (RFC 6203 §4).
    package let score: Int
}

extension AccountReader {
    /// Bodies that can hold the needle in that part; nil when the index cannot tell: the needle has fewer than three
    /// characters, or there is no index yet.
    package func candidates(_ needle: SearchNeedle, in part: IndexedPart) throws -> IndexCandidates? { nil }

    /// Bodies that are like the needle, the likest first, for FUZZY (RFC 6203): those that hold at least half of its
    /// trigrams, by the share that they hold; nil when the index cannot tell. What it does not know yet is not there.
    package func rank(_ needle: SearchNeedle, in part: IndexedPart) throws -> [RankedBody]? { nil }
}
