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
    ///
    /// - Parameter isAlone: it stands without parentheses around it: what begins otherwise than with LAZY are the
    ///   modifiers of the FETCH then (RFC 4466 §2.4), which the two grammars together leave open.
    mutating func preview(isAlone: Bool) throws(SyntaxError) -> FetchItem {
        let start = position
        guard take(" "), take("(") else {
            position = start
            return .preview(lazy: false)
        }
        let first = position
        if isAlone, letters() != "LAZY" {
            position = start
            return .preview(lazy: false)
        }
        position = first
        repeat {
            let modifier = try atom("a modifier of PREVIEW").asciiUppercased
            guard modifier == "LAZY" else { throw SyntaxError("PREVIEW has no modifier \(modifier)") }
        } while takeSpace()
        try closeList()
        return .preview(lazy: true)
    }
}
