// Whom a line of an access control list is about, as the commands of RFC 4314 name them.

import Mail

/// RFC 4314 §2: an account's name or `anyone`; a `-` before it makes the line one that takes rights away.
package struct AccessIdentifier: Hashable, Sendable {
    /// Without the `-`; as SASLprep spells it, not empty.
    package var name: String
    package var isNegative: Bool

    package init(name: String, isNegative: Bool = false) {
        self.name = name
        self.isNegative = isNegative
    }

    package static let anyone = "anyone"
    /// As it is written in commands and replies.
    package var text: String { (isNegative ? "-" : "") + name }
}

extension Lexer {
    // RFC 4314 §7: identifier = astring
    //
    // RFC 4314 §3: what SASLprep refuses, or leaves nothing of, is BAD; all else counts as it prepares it.
    mutating func accessIdentifier() throws(SyntaxError) -> AccessIdentifier {
        let bytes = try astring("an identifier")
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SyntaxError("an identifier is text in UTF-8")
        }
        guard var name = SASLprep.prepared(text) else {
            throw SyntaxError("an identifier must not be empty nor hold characters that no name holds")
        }
        let isNegative = name.hasPrefix("-")
        if isNegative { name.removeFirst() }
        guard !name.isEmpty else { throw SyntaxError("an identifier must not be empty") }
        return AccessIdentifier(name: name, isNegative: isNegative)
    }
}
