// A text that SEARCH looks for.

/// A text to look for without regard to case. Looking is linear in the text searched, whatever both hold (the
/// Knuth-Morris-Pratt search, which leaps by memchr while nothing matches).
package struct SearchNeedle: Hashable, Sendable {
    /// The folded text.
    package let key: [UInt8]
    /// For each length of a match that has begun, the longest shorter one to go on from.
    private let fallback: [Int]
    /// The key to look for in bytes that are not folded yet; nil when it is not printable ASCII.
    let pattern: CaselessPattern?

    package init(_ text: String) {
        key = CaseFolding.fold(text)
        var fallback = [Int](repeating: 0, count: key.count + 1)
        var length = 0
        for index in key.indices.dropFirst() {
            while length > 0, key[index] != key[length] { length = fallback[length] }
            if key[index] == key[length] { length += 1 }
            fallback[index + 1] = length
        }
        self.fallback = fallback
        pattern = CaselessPattern(folded: key)
    }

    /// In a text folded by `CaseFolding.fold`. The empty needle is found everywhere (RFC 3501 §6.4.4, HEADER).
    package func isFound(in folded: [UInt8]) -> Bool {
        // Folded text has no letters in lower case, so that it is the same without regard to case.
        if let pattern { return place(in: folded, 0..<folded.count, pattern) != nil }
        return end(in: folded, from: 0) != nil
    }

    /// Where the first match at or after `start` ends; nil when there is none.
    func end(in folded: [UInt8], from start: Int) -> Int? {
        guard let first = key.first else { return start }
        let text = folded.span
        var index = start
        var length = 0
        while index < text.count {
            if length == 0 {
                guard text.count - index >= key.count,
                    let next = ByteSearch.firstIndex(of: first, in: text, from: index)
                else { return nil }
                index = next
            }
            while length > 0, text[index] != key[length] { length = fallback[length] }
            if text[index] == key[length] { length += 1 }
            index += 1
            if length == key.count { return index }
        }
        return nil
    }

    package func isFound(in text: String) -> Bool { isFound(in: CaseFolding.fold(text)) }
}
