// Sort criteria as one string of bytes for each message, so that sorting compares bytes and nothing else.
//
// Theory. Each criterion is written so that the order of the bytes is that of the values: numbers big-endian with their
// sign turned round, text with NUL as 00 ff and 00 00 behind it, so that what is shorter comes first. REVERSE turns the
// bits of its criterion round. Messages whose strings are equal stay in the order of the mailbox, REVERSE or not (RFC
// 5256 §3). Texts come folded by i;unicode-casemap (RFC 5255 §4.3). All strings lie in one array: a million messages
// cost a few tens of megabytes, not a million arrays.

package import IMAPSyntax
package import Mail

/// The strings of messages, in the order in which they were added.
package struct SortOrder: Sendable {
    private let criteria: [SortCriterion]
    private var bytes: [UInt8] = []
    /// Where each message's string ends.
    private var ends: [Int] = []
    private var indices: [Int] = []
    /// There is one criterion, a number: `numbers` has it instead of `bytes`.
    private let isNumeric: Bool
    private var numbers: [Int64] = []

    package init(_ criteria: [SortCriterion]) {
        self.criteria = criteria
        isNumeric = criteria.count == 1 && SortOrder.areNumeric(criteria)
    }

    /// What is known of a message beside its stored keys.
    package struct Entry: Hashable, Sendable {
        package var internalDate: Int64
        package var size: UInt32
        /// 1 ... 100, for RELEVANCY.
        package var score: UInt8
        /// As in `SortKeys`; where those are given they say it.
        package var sentDate: Int64?

        package init(internalDate: Int64, size: UInt32, score: UInt8 = 0, sentDate: Int64? = nil) {
            self.sentDate = sentDate
            self.internalDate = internalDate
            self.size = size
            self.score = score
        }
    }

    /// Whether the criteria ask for what `SortKeys` holds.
    package static func readsKeys(_ criteria: [SortCriterion]) -> Bool {
        criteria.contains { ![.arrival, .size, .relevancy].contains($0.key) }
    }

    /// Whether the criteria ask for nothing but numbers: of what `SortKeys` holds, for the sent date at most.
    package static func areNumeric(_ criteria: [SortCriterion]) -> Bool {
        criteria.allSatisfy { [.arrival, .date, .size, .relevancy].contains($0.key) }
    }

    /// - Parameter keys: may be nil where `readsKeys` is false, and for a message that is gone.
    package mutating func add(_ index: Int, _ entry: Entry, _ keys: SortKeys?) {
        for criterion in criteria {
            let start = bytes.count
            switch criterion.key {
            case .arrival: append(entry.internalDate, criterion)
            case .date: append((keys?.sentDate ?? entry.sentDate) ?? entry.internalDate, criterion)
            case .size: append(Int64(entry.size), criterion)
            // The highest score is the first (RFC 6203 §6).
            case .relevancy: append(-Int64(entry.score), criterion)
            case .cc: append(keys?.cc)
            case .from: append(keys?.from)
            case .to: append(keys?.to)
            case .subject: append(keys?.subject)
            case .displayFrom: append(keys?.displayFrom)
            case .displayTo: append(keys?.displayTo)
            }
            if criterion.isReverse { for place in start..<bytes.count { bytes[place] = ~bytes[place] } }
        }
        if !isNumeric { ends.append(bytes.count) }
        indices.append(index)
    }

    private mutating func append(_ value: Int64, _ criterion: SortCriterion) {
        guard !isNumeric else { return numbers.append(criterion.isReverse ? ~value : value) }
        let ordered = UInt64(bitPattern: value) ^ (1 << 63)
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: ordered >> shift)) }
    }

    private mutating func append(_ text: [UInt8]?) {
        for byte in text ?? [] {
            bytes.append(byte)
            if byte == 0 { bytes.append(0xff) }
        }
        bytes += [0, 0]
    }

    /// The indices that were added, in order. Those of equal strings stay as they were added.
    package func sorted() -> [Int] {
        guard !isNumeric else { return NumericOrder.ascending(numbers).map { indices[$0] } }
        let places = Array(indices.indices).sorted { left, right in
            let order = compare(left, right)
            return order == 0 ? left < right : order < 0
        }
        return places.map { indices[$0] }
    }

    /// Below, at, or above 0.
    private func compare(_ left: Int, _ right: Int) -> Int {
        let all = bytes.span
        var (one, other) = (left == 0 ? 0 : ends[left - 1], right == 0 ? 0 : ends[right - 1])
        let (oneEnd, otherEnd) = (ends[left], ends[right])
        while one < oneEnd, other < otherEnd {
            if all[one] != all[other] { return all[one] < all[other] ? -1 : 1 }
            one += 1
            other += 1
        }
        return (oneEnd - one) - (otherEnd - other)
    }
}
