// Finding a needle in the bytes of a part as they were sent, which answers long before the text is decoded.
//
// Theory. A text that is found to hold a needle need not be decoded. That is certain where the needle's key is
// printable ASCII, the part's charset writes ASCII as ASCII and nothing else as such bytes, and its transfer encoding
// leaves the bytes as they are: then they are letters of the text, side by side, and folding changes the case of each
// alone. In quoted-printable that is so for bytes that are not the digits behind a `=`; blanks at the end of a line
// vanish, so the needle must not end in one. In HTML it is so for what lies between tags and references; of a long one
// only the beginning is looked at. Where nothing is encoded and all bytes are ASCII, the text is these bytes, so that
// it certainly does not hold what they do not hold. Otherwise no says nothing: a letter with a mark folds to one.

/// Looks for a needle in a part's bytes, piece after piece.
package struct SentTextSearch {
    package enum Answer: Hashable, Sendable {
        /// The text holds the needle.
        case found
        /// It does not.
        case absent
        /// The text is to be decoded.
        case unknown
    }
    private enum Form: Hashable {
        case plain, html, quotedPrintable
    }

    private let needle: SearchNeedle
    private let pattern: CaselessPattern
    private let form: Form
    /// Bytes of the part that there will be.
    private let size: Int
    private var seen = 0
    /// What came last, so much that a match may begin in it.
    private var tail: [UInt8] = []
    private var isASCII = true
    private var isFound = false

    /// nil when the bytes of such a part tell nothing of such a needle.
    /// - Parameter size: how many bytes there will be.
    package init?(for needle: SearchNeedle, in part: PartIndex.Part, size: Int) {
        guard let pattern = needle.pattern, Charset.writesASCII(part.charset) else { return nil }
        switch (part.encoding, part.subtype) {
        case (.identity, "html"): form = .html
        case (.identity, _): form = .plain
        case (.quotedPrintable, let subtype) where subtype != "html":
            guard needle.key.last != 0x20, !needle.key.contains(UInt8(ascii: "=")) else { return nil }
            form = .quotedPrintable
        default: return nil
        }
        self.needle = needle
        self.pattern = pattern
        self.size = size
    }

    /// Once all bytes were taken, or the needle was found.
    package var answer: Answer { isFound ? .found : form == .plain && isASCII ? .absent : .unknown }

    /// Takes the next bytes.
    /// - Returns: whether the search goes on.
    package mutating func take(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let range = range.clamped(to: 0..<bytes.count)
        seen += range.count
        switch form {
        case .html:
            isFound = HTMLText.holds(pattern, in: bytes, range, isWhole: seen >= size)
            return false
        case .plain, .quotedPrintable:
            let isFirst = seen == range.count
            if !tail.isEmpty {
                let joint = tail + bytes[range.prefix(pattern.key.count + context - 1)]
                isFound = isSurely(in: joint, 0..<joint.count, isFirst: seen - range.count == tail.count)
            }
            isFound = isFound || isSurely(in: bytes, range, isFirst: isFirst)
            if isFound { return false }
            if form == .plain, isASCII { isASCII = ByteSearch.isASCII(bytes.span, range) }
            let kept = pattern.key.count + context - 1
            tail = range.count >= kept ? Array(bytes[range.suffix(kept)]) : (tail + bytes[range]).suffix(kept)
            return true
        }
    }

    /// Bytes before a match that say whether it is one.
    private var context: Int { form == .quotedPrintable ? 2 : 0 }

    /// Looks for a match that has its context within the range.
    /// - Parameter isFirst: nothing comes before the range.
    private func isSurely(in bytes: [UInt8], _ range: Range<Int>, isFirst: Bool) -> Bool {
        var from = range.lowerBound + (isFirst ? 0 : context)
        while from < range.upperBound, let place = needle.place(in: bytes, from..<range.upperBound, pattern) {
            let before = max(range.lowerBound, place - context)..<place
            if !bytes[before].contains(UInt8(ascii: "=")) || context == 0 { return true }
            from = place + 1
        }
        return false
    }
}

extension SearchNeedle {
    /// Where the needle begins first in the range of a text in ASCII of any case.
    func place(in bytes: [UInt8], _ range: Range<Int>, _ pattern: CaselessPattern) -> Int? {
        switch pattern.find(in: bytes.span, range) {
        case .found(let place): return place
        case .absent: return nil
        case .tooHard(let start):
            let rest = CaseFolding.asciiUppercased(Array(bytes[start..<range.upperBound]))
            return end(in: rest, from: 0).map { start + $0 - key.count }
        }
    }
}
