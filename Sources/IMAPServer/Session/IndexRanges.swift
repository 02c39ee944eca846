// Places in a list as ranges.

extension [Range<Int>] {
    /// Adds a place behind all that are there; neighbours become one range.
    mutating func append(index: Int) {
        if let last, last.upperBound == index {
            self[count - 1] = last.lowerBound..<index + 1
        } else {
            append(index..<index + 1)
        }
    }
}
