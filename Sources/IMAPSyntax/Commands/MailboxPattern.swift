// The patterns of LIST and LSUB, matched in linear time.
//
// A pattern is a sequence of bytes and wildcards; a name is matched by walking it once with the set of all places in
// the pattern where the match could stand, one bit each (Baeza-Yates and Gonnet's shift-and). No input makes it go
// back, so that `%*%*%*x` costs no more than `x` (an attack on servers that try every way in turn).

package import Mail

/// A pattern as a client sent it: bytes with `*` and `%` (RFC 3501 §9, list-mailbox).
package struct MailboxPatternArgument: Hashable, Sendable {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { bytes = Array(text.utf8) }
}

/// A pattern ready to be matched against many names. Every match takes time in proportion to the name's length.
package struct MailboxPattern: Sendable {
    private enum Step: Equatable {
        case byte(UInt8)
        /// `%`: any bytes but `/`.
        case withinLevel
        /// `*`: any bytes.
        case anything
    }

    /// 64-bit words of state; bit i is set when the first i steps have matched.
    private let words: Int
    private let stepCount: Int
    /// For byte b, words b * words ..< (b + 1) * words: the steps that b satisfies.
    private let steps: [UInt64]
    private let withinLevel: [UInt64]
    private let anything: [UInt64]

    /// - Parameters:
    ///   - reference: LIST's first argument, put before the pattern (RFC 3501 §6.3.8).
    ///   - utf8Accepted: as in `MailboxArgument.name`.
    /// - Returns: nil when the two together are no possible name, so that they match nothing.
    package init?(reference: MailboxArgument, pattern: MailboxPatternArgument, utf8Accepted: Bool) {
        guard let prefix = MailboxArgument.text(reference.bytes, utf8Accepted: utf8Accepted),
            let suffix = MailboxArgument.text(pattern.bytes, utf8Accepted: utf8Accepted)
        else { return nil }
        self.init(prefix + suffix)
    }

    /// - Parameter text: in UTF-8. nil when it is longer than any name could be.
    package init?(_ text: String) {
        var steps: [Step] = []
        for byte in text.normalizedToNFC.utf8 {
            switch byte {
            case UInt8(ascii: "*"):
                while let last = steps.last, last == .withinLevel || last == .anything { steps.removeLast() }
                steps.append(.anything)
            case UInt8(ascii: "%"):
                if steps.last != .withinLevel, steps.last != .anything { steps.append(.withinLevel) }
            default: steps.append(.byte(byte))
            }
            guard steps.count <= 2 * MailboxName.longest + 1 else { return nil }
        }
        self.init(steps)
    }

    private init(_ list: [Step]) {
        stepCount = list.count
        words = list.count / 64 + 1
        var steps = [UInt64](repeating: 0, count: 256 * words)
        var withinLevel = [UInt64](repeating: 0, count: words)
        var anything = [UInt64](repeating: 0, count: words)
        for (index, step) in list.enumerated() {
            let bit: UInt64 = 1 << UInt64(index % 64)
            switch step {
            case .byte(let byte): steps[Int(byte) * words + index / 64] |= bit
            case .withinLevel: withinLevel[index / 64] |= bit
            case .anything: anything[index / 64] |= bit
            }
        }
        self.steps = steps
        self.withinLevel = withinLevel
        self.anything = anything
    }

    /// INBOX, also as the first level of a longer name, is matched without regard to case (RFC 3501 §5.1).
    package func matches(_ name: MailboxName) -> Bool {
        matches(name.text.utf8, caseless: name.isAtOrBelow("INBOX") ? 5 : 0)
    }

    private func matches(_ text: String.UTF8View, caseless: Int) -> Bool {
        var state = [UInt64](repeating: 0, count: words)
        state[0] = 1
        passWildcards(&state)
        for (offset, byte) in text.enumerated() {
            advance(&state, over: byte, caseless: offset < caseless)
            passWildcards(&state)
        }
        return state[stepCount / 64] >> UInt64(stepCount % 64) & 1 == 1
    }

    private func advance(_ state: inout [UInt64], over byte: UInt8, caseless: Bool) {
        var carry: UInt64 = 0
        for word in 0..<words {
            var satisfied = steps[Int(byte) * words + word]
            if caseless { satisfied |= steps[Int(byte.asciiLowercased) * words + word] }
            let moved = state[word] & satisfied
            var stayed = state[word] & anything[word]
            if byte != UInt8(ascii: "/") { stayed |= state[word] & withinLevel[word] }
            state[word] = moved << 1 | carry | stayed
            carry = moved >> 63
        }
    }

    /// A wildcard also matches nothing. No two stand side by side, so that one step is enough.
    private func passWildcards(_ state: inout [UInt64]) {
        var carry: UInt64 = 0
        for word in 0..<words {
            let passed = state[word] & (anything[word] | withinLevel[word])
            state[word] |= passed << 1 | carry
            carry = passed >> 63
        }
    }
}
