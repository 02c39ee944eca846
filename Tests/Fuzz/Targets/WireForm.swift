// What a client's parser wants of a value in a response: brackets that match, strings that end.

/// One parenthesised list of IMAP (RFC 3501 §4): NIL, numbers, strings and lists, a space between two.
enum WireForm {
    /// Throws what is wrong with it, if anything is.
    static func check(_ bytes: [UInt8], _ what: String) throws(Finding) {
        var index = 0
        var depth = 0
        // Whether a space, or the beginning of a list, was last.
        var isAfterSpace = true
        while index < bytes.count {
            try require(index == 0 || depth > 0, "\(what): ends at \(index) of \(bytes.count)")
            switch bytes[index] {
            case UInt8(ascii: "("):
                depth += 1
                isAfterSpace = true
                index += 1
            case UInt8(ascii: ")"):
                try require(!isAfterSpace, "\(what): nothing before \")\" at \(index)")
                depth -= 1
                index += 1
            case 0x20:
                try require(!isAfterSpace, "\(what): a space at \(index)")
                isAfterSpace = true
                index += 1
            default:
                try require(depth > 0, "\(what): no list")
                isAfterSpace = false
                index = try end(ofAtomAt: index, bytes, what)
            }
        }
        try require(depth == 0, "\(what): \(depth) lists have no end")
    }

    private static func end(ofAtomAt start: Int, _ bytes: [UInt8], _ what: String) throws(Finding) -> Int {
        switch bytes[start] {
        case UInt8(ascii: "\""): return try end(ofQuotedAt: start, bytes, what)
        case UInt8(ascii: "{"): return try end(ofLiteralAt: start, bytes, what)
        default:
            let atom = bytes[start...].prefix { ![0x20, UInt8(ascii: "("), UInt8(ascii: ")")].contains($0) }
            let isNumber = atom.allSatisfy { (0x30...0x39).contains($0) }
            try require(isNumber || atom.elementsEqual("NIL".utf8), "\(what): \(Array(atom)) at \(start)")
            return atom.endIndex
        }
    }

    private static func end(ofQuotedAt start: Int, _ bytes: [UInt8], _ what: String) throws(Finding) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            if bytes[index] == UInt8(ascii: "\\") { index += 1 }
            let byte = index < bytes.count ? bytes[index] : 0
            let mayStand = byte != 0 && byte != 0x0d && byte != 0x0a && byte < 0x80
            try require(mayStand, "\(what): byte \(byte) in quotes, at \(index)")
            index += 1
        }
        try require(index < bytes.count, "\(what): quotes from \(start) on have no end")
        return index + 1
    }

    private static func end(ofLiteralAt start: Int, _ bytes: [UInt8], _ what: String) throws(Finding) -> Int {
        let digits = bytes[(start + 1)...].prefix { (0x30...0x39).contains($0) }
        let text = digits.endIndex + 3
        guard let size = Int(String(decoding: digits, as: UTF8.self)), size <= bytes.count - min(text, bytes.count),
            bytes[digits.endIndex..<text].elementsEqual("}\r\n".utf8), !bytes[text..<(text + size)].contains(0)
        else { throw Finding("\(what): a broken literal at \(start)") }
        return text + size
    }
}
