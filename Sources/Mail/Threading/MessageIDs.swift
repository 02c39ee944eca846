// Message identifiers as threading compares them: References, In-Reply-To and Message-ID read alike (RFC 5256 §3).

/// Reads msg-ids out of a field, whatever stands between them.
package enum MessageIDs {
    /// Of longer lists the last so many count: they are the nearest ancestors.
    package static let mostReferences = 1_000

    /// Every valid `<left@right>` of the value, in order, without brackets, quoting and white space, so that two
    /// spellings of one identifier are equal. Linear.
    /// - Parameter value: unfolded.
    package static func all(in value: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var position = 0
        while let open = ByteSearch.firstIndex(of: UInt8(ascii: "<"), in: value.span, from: position) {
            position = open + 1
            if let id = next(in: value, at: &position) { found.append(id) }
        }
        return found
    }

    /// The first valid one; nil when there is none.
    package static func first(in value: [UInt8]) -> [UInt8]? {
        var position = 0
        while let open = ByteSearch.firstIndex(of: UInt8(ascii: "<"), in: value.span, from: position) {
            position = open + 1
            if let id = next(in: value, at: &position) { return id }
        }
        return nil
    }

    /// Moves behind the bracket, or to the one that begins another.
    private static func next(in value: [UInt8], at position: inout Int) -> [UInt8]? {
        var id: [UInt8] = []
        var at: Int?
        var isQuoted = false
        while position < value.count {
            let byte = value[position]
            if byte == UInt8(ascii: "<"), !isQuoted { return nil }
            position += 1
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted:
                guard position < value.count else { return nil }
                id.append(value[position])
                position += 1
            case UInt8(ascii: ">") where !isQuoted:
                guard let at, at > 0, at + 1 < id.count, id.count <= ParsedMessage.longestMessageID else { return nil }
                return id
            case 0x20, 0x09, 0x0d, 0x0a: if isQuoted { id.append(byte) }
            default:
                if byte == UInt8(ascii: "@"), !isQuoted { at = id.count }
                id.append(byte)
            }
        }
        return nil
    }
}
