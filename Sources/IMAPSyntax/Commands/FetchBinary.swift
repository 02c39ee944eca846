// FETCH's BINARY and PREVIEW items.

import Mail

extension Lexer {
    // RFC 3516 §7: section-binary = "[" [section-part] "]"
    mutating func sectionBinary() throws(SyntaxError) -> [UInt32] {
        let section = try section()
        guard section.text == nil else { throw SyntaxError("BINARY takes a part's number only") }
        return section.path
    }

    // RFC 8970 §6: "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]
    /// What follows the name.
    mutating func preview() throws(SyntaxError) -> FetchItem {
        guard position + 1 < bytes.count, bytes[position] == 0x20, bytes[position + 1] == UInt8(ascii: "(") else {
            return .preview(lazy: false)
        }
        position += 2
        repeat {
            let modifier = try atom("a modifier of PREVIEW").asciiUppercased
            guard modifier == "LAZY" else { throw SyntaxError("PREVIEW has no modifier \(modifier)") }
        } while takeSpace()
        try closeList()
        return .preview(lazy: true)
    }
}
