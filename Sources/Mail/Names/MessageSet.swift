// A set of message numbers as a client writes it (`1:4,7,9:*`), and what it names once `*` is known.

/// One end of a range: a number, or `*`, the largest number in use (RFC 3501 §9, seq-number).
package enum MessageSetBound<Number: MessageNumber>: Hashable, Sendable {
    case number(Number)
    case last
}

/// A message set as written: elements in the client's order, `*` not yet resolved (RFC 3501 §9, sequence-set).
package struct MessageSet<Number: MessageNumber>: Hashable, Sendable {
    package struct Element: Hashable, Sendable {
        package var first: MessageSetBound<Number>
        package var second: MessageSetBound<Number>
        /// `7` is `7:7`; `7:3` means the same as `3:7`.
        package init(_ first: MessageSetBound<Number>, _ second: MessageSetBound<Number>) {
            self.first = first
            self.second = second
        }
    }

    package var elements: [Element]

    /// - Parameter elements: at least one.
    package init(_ elements: [Element]) { self.elements = elements }

    /// The numbers that the set names, `*` being `last`. With `last` nil (an empty mailbox) `*` names nothing.
    package func resolved(last: Number?) -> NumberSet<Number> {
        var ranges: [ClosedRange<UInt32>] = []
        ranges.reserveCapacity(elements.count)
        for element in elements {
            guard let first = element.first.resolved(last: last), let second = element.second.resolved(last: last)
            else { continue }
            ranges.append(min(first, second)...max(first, second))
        }
        return NumberSet(ranges)
    }
}

extension MessageSetBound {
    fileprivate func resolved(last: Number?) -> UInt32? {
        switch self {
        case .number(let number): number.rawValue
        case .last: last?.rawValue
        }
    }
}

package typealias UIDSet = NumberSet<UID>
package typealias SequenceSet = NumberSet<SequenceNumber>

/// A set of numbers as ascending, disjoint, non-adjacent ranges. Its size in memory depends on the ranges, not the
/// numbers.
package struct NumberSet<Number: MessageNumber>: Hashable, Sendable {
    /// Ascending, no two touch; none contains 0.
    package private(set) var ranges: [ClosedRange<UInt32>]

    package init() { ranges = [] }

    /// Any ranges in any order; 0 is left out. O(n log n), O(n) when they already ascend.
    package init(_ unordered: [ClosedRange<UInt32>]) {
        ranges = []
        ranges.reserveCapacity(unordered.count)
        var previous: UInt32 = 0
        let ascending = unordered.allSatisfy { range in
            defer { previous = range.lowerBound }
            return range.lowerBound >= previous
        }
        for range in ascending ? unordered : unordered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            append(range)
        }
    }

    package init(_ numbers: some Sequence<Number>) {
        self.init(numbers.map { $0.rawValue...$0.rawValue })
    }

    /// `range` starts no lower than the last range starts.
    private mutating func append(_ range: ClosedRange<UInt32>) {
        guard range.upperBound > 0 else { return }
        let range = max(range.lowerBound, 1)...range.upperBound
        if let last = ranges.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
            ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        } else {
            ranges.append(range)
        }
    }

    package mutating func insert(_ number: Number) {
        let value = number.rawValue
        if let last = ranges.last, value > last.upperBound || value >= last.lowerBound {
            append(value...value)
        } else if ranges.isEmpty {
            ranges.append(value...value)
        } else {
            self = NumberSet(ranges + [value...value])
        }
    }

    package var isEmpty: Bool { ranges.isEmpty }

    /// How many numbers, not ranges.
    package var count: Int { ranges.reduce(0) { $0 + Int($1.upperBound - $1.lowerBound) + 1 } }

    /// O(log ranges).
    package func contains(_ number: Number) -> Bool { contains(rawValue: number.rawValue) }

    package func contains(rawValue: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < rawValue { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(rawValue)
    }

    /// The numbers in ascending order. Beware of `1:4294967295`: walk the mailbox instead.
    package var numbers: some Sequence<Number> {
        ranges.lazy.flatMap { $0.lazy.compactMap { Number($0) } }
    }

    /// As the wire writes it: `1:4,7`. Empty for the empty set, which the wire cannot write.
    package var wireForm: String {
        var text: [UInt8] = []
        text.reserveCapacity(ranges.count * 12)
        for range in ranges {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(decimal: range.lowerBound)
            guard range.upperBound > range.lowerBound else { continue }
            text.append(UInt8(ascii: ":"))
            text.append(decimal: range.upperBound)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// The number's digits, without a String.
    fileprivate mutating func append(decimal number: UInt32) {
        var unit: UInt32 = 1
        while number / unit >= 10 { unit *= 10 }
        while unit > 0 {
            append(0x30 + UInt8(truncatingIfNeeded: number / unit % 10))
            unit /= 10
        }
    }
}
