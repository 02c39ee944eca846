// Sorting by a number: in linear time, and equal numbers stay in their order.

package enum NumericOrder {
    private static let digitBits: UInt64 = 11
    /// Fewer are compared with each other.
    private static let fewest = 256

    private struct Element {
        var key: UInt64
        var place: Int32
    }

    /// The places of the keys, at most 2^31, from the lowest key to the highest. O(n) (radix sort, lowest digit first).
    package static func ascending(_ keys: [Int64]) -> [Int] {
        guard keys.count >= fewest, keys.count <= Int(Int32.max), let least = keys.min(), let most = keys.max() else {
            return keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        }
        let bits = UInt64(64 - distance(from: least, to: most).leadingZeroBitCount)
        var elements: [Element] = []
        elements.reserveCapacity(keys.count)
        for (place, key) in keys.enumerated() {
            elements.append(Element(key: distance(from: least, to: key), place: Int32(truncatingIfNeeded: place)))
        }
        var other = elements
        var shift: UInt64 = 0
        while shift < bits {
            pass(elements, into: &other, shift)
            swap(&elements, &other)
            shift += digitBits
        }
        return elements.map { Int($0.place) }
    }

    private static func distance(from least: Int64, to key: Int64) -> UInt64 {
        UInt64(bitPattern: key) &- UInt64(bitPattern: least)
    }

    /// Puts the elements in the order of one digit of theirs.
    private static func pass(_ elements: [Element], into other: inout [Element], _ shift: UInt64) {
        let mask = 1 << digitBits - 1 as UInt64
        var starts = [Int](repeating: 0, count: 1 << Int(digitBits))
        for element in elements { starts[Int(element.key >> shift & mask)] += 1 }
        var sum = 0
        for digit in starts.indices {
            let count = starts[digit]
            starts[digit] = sum
            sum += count
        }
        for element in elements {
            let digit = Int(element.key >> shift & mask)
            other[starts[digit]] = element
            starts[digit] += 1
        }
    }
}
