// The fields of a header block, one after the other, as they stand in the bytes.

/// One field of a header block: where its pieces lie.
package struct HeaderField: Hashable, Sendable {
    /// The name, without white space before the colon.
    package let name: Range<Int>
    /// What follows the colon, folds included, without white space and line ends at either end.
    package let value: Range<Int>
}

/// The fields of a header block (RFC 5322 §2.2) in order. Lines without a colon, names with a space in them and
/// continuations of nothing are left out; an empty line ends the block. Linear.
package struct HeaderFields: Sequence, Sendable {
    package let block: [UInt8]

    package init(_ block: [UInt8]) { self.block = block }

    package func makeIterator() -> Iterator { Iterator(block: block) }

    package struct Iterator: IteratorProtocol {
        let block: [UInt8]
        private var position = 0

        init(block: [UInt8]) { self.block = block }

        package mutating func next() -> HeaderField? {
            while position < block.count {
                let start = position
                let end = endOfField(from: start)
                guard end > start else { return nil }
                position = end
                if let field = field(start, end) { return field }
            }
            return nil
        }

        /// After the last line of the field that begins at `start`; `start` itself at the empty line.
        private func endOfField(from start: Int) -> Int {
            if isLineFeed(at: start) { return start }
            var end = start
            repeat {
                guard let feed = ByteSearch.firstIndex(of: 0x0a, in: block.span, from: end) else { return block.count }
                end = feed + 1
            } while end < block.count && isBlank(block[end])
            return end
        }

        private func isLineFeed(at index: Int) -> Bool {
            block[index] == 0x0a || block[index] == 0x0d && index + 1 < block.count && block[index + 1] == 0x0a
        }

        private func field(_ start: Int, _ end: Int) -> HeaderField? {
            // No further than the field: a block without a colon would be read to its end for each line.
            guard !isBlank(block[start]),
                let colon = ByteSearch.firstIndex(of: 0x3a, in: block.span, from: start, to: end)
            else { return nil }
            var nameEnd = colon
            while nameEnd > start, isBlank(block[nameEnd - 1]) { nameEnd -= 1 }
            guard nameEnd > start else { return nil }
            for index in start..<nameEnd where block[index] <= 0x20 { return nil }
            return HeaderField(name: start..<nameEnd, value: trimmed(colon + 1, end))
        }

        private func trimmed(_ start: Int, _ end: Int) -> Range<Int> {
            var start = start
            var end = end
            while start < end, isSpace(block[start]) { start += 1 }
            while end > start, isSpace(block[end - 1]) { end -= 1 }
            return start..<end
        }

        private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        private func isSpace(_ byte: UInt8) -> Bool { isBlank(byte) || byte == 0x0a || byte == 0x0d }
    }
}

extension HeaderFields {
    /// A field's value on one line: folds lose their line ends and keep their white space, NUL is left out.
    package func unfolded(_ field: HeaderField) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(field.value.count)
        for index in field.value {
            let byte = block[index]
            if byte != 0x0a && byte != 0x0d && byte != 0 { result.append(byte) }
        }
        return result
    }

    /// The name in lower case.
    package func key(_ field: HeaderField) -> [UInt8] { block[field.name].map(\.asciiLowercased) }

    /// True when the field has this name, given in lower case.
    package func isNamed(_ key: [UInt8], _ field: HeaderField) -> Bool {
        guard field.name.count == key.count else { return false }
        return zip(field.name, key).allSatisfy { block[$0].asciiLowercased == $1 }
    }
}
