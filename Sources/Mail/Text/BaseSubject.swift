// A subject without what replies, forwards and mailing lists put around it (RFC 5256 §2.1).
//
// Theory. The subject is a byte range that shrinks from both ends, in the order of the RFC's steps, until none of them
// takes anything away. No step looks at a byte more than a few times: a run of `[…]` that leads to no `re:` is
// remembered, so that it is not walked again from its second element.

/// What SORT and THREAD compare of a subject.
package struct BaseSubject: Hashable, Sendable {
    /// UTF-8, white space as single spaces; empty when nothing is left.
    package let text: [UInt8]
    /// Something was taken away that marks a reply or a forward (RFC 5256 §3, REFERENCES).
    package let isReplyOrForward: Bool

    /// - Parameter subject: decoded (RFC 2047).
    package init(_ subject: String) {
        var extractor = Extractor(WireString.collapsed(Array(subject.utf8)))
        extractor.run()
        text = Array(extractor.bytes[extractor.start..<extractor.end])
        isReplyOrForward = extractor.isReplyOrForward
    }
}

private struct Extractor {
    let bytes: [UInt8]
    var start = 0
    var end: Int
    var isReplyOrForward = false
    /// Up to here, elements of a run of subj-blob lead to no subj-refwd.
    private var noReplyBefore = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        end = bytes.count
    }

    mutating func run() {
        repeat {
            while removeTrailer() {}
            while removeLeader() || removeBlob() {}
        } while removeForward()
    }

    /// Step 2: subj-trailer = "(fwd)" / WSP
    private mutating func removeTrailer() -> Bool {
        if end > start, Extractor.isSpace(bytes[end - 1]) {
            end -= 1
            return true
        }
        guard end - start >= 5, matches("(fwd)", at: end - 5) else { return false }
        end -= 5
        isReplyOrForward = true
        return true
    }

    /// Step 3: subj-leader = (*subj-blob subj-refwd) / WSP
    private mutating func removeLeader() -> Bool {
        if start < end, Extractor.isSpace(bytes[start]) {
            start += 1
            return true
        }
        guard start >= noReplyBefore else { return false }
        var index = start
        while let next = blob(at: index) { index = next }
        guard let next = reply(at: index) else {
            noReplyBefore = index
            return false
        }
        start = next
        isReplyOrForward = true
        return true
    }

    /// Step 4: a subj-blob in front of something.
    private mutating func removeBlob() -> Bool {
        guard let next = blob(at: start), next < end else { return false }
        start = next
        return true
    }

    /// Step 6: subj-fwd-hdr and subj-fwd-trl
    private mutating func removeForward() -> Bool {
        guard end - start >= 6, matches("[fwd:", at: start), bytes[end - 1] == UInt8(ascii: "]") else { return false }
        start += 5
        end -= 1
        // What is inside was one element of the run, or none.
        noReplyBefore = start
        isReplyOrForward = true
        return true
    }

    /// Behind `"[" *BLOBCHAR "]" *WSP`; nil when there is none here.
    private func blob(at index: Int) -> Int? {
        guard index < end, bytes[index] == UInt8(ascii: "[") else { return nil }
        var next = index + 1
        while next < end, bytes[next] != UInt8(ascii: "]") {
            if bytes[next] == UInt8(ascii: "[") { return nil }
            next += 1
        }
        return next < end ? behindSpace(next + 1) : nil
    }

    /// Behind `("re" / ("fw" ["d"])) *WSP [subj-blob] ":"`; nil when there is none here.
    private func reply(at index: Int) -> Int? {
        var next: Int
        if matches("re", at: index) {
            next = index + 2
        } else if matches("fw", at: index) {
            next = index + (matches("d", at: index + 2) ? 3 : 2)
        } else {
            return nil
        }
        next = behindSpace(next)
        next = blob(at: next) ?? next
        return next < end && bytes[next] == UInt8(ascii: ":") ? next + 1 : nil
    }

    private func behindSpace(_ index: Int) -> Int {
        var index = index
        while index < end, Extractor.isSpace(bytes[index]) { index += 1 }
        return index
    }

    /// - Parameter text: in lower case.
    private func matches(_ text: StaticString, at index: Int) -> Bool {
        guard index >= start, end - index >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            zip(text, bytes[index...]).allSatisfy { $0 == $1.asciiLowercased }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
