// Whom a line of an access control list is about, as the commands of RFC 4314 name them.

/// RFC 4314 §2: an account's name or `anyone`; a `-` before it makes the line one that takes rights away.
package struct AccessIdentifier: Hashable, Sendable {
    /// Without the `-`; UTF-8 without control characters, not empty.
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
    // What SASLprep would refuse is refused; what it would map is compared as the account's address is.
    mutating func accessIdentifier() throws(SyntaxError) -> AccessIdentifier {
        let bytes = try astring("an identifier")
        guard var name = String(validating: bytes, as: UTF8.self) else {
            throw SyntaxError("an identifier is text in UTF-8")
        }
        guard name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw SyntaxError("an identifier must not hold control characters")
        }
        let isNegative = name.hasPrefix("-")
        if isNegative { name.removeFirst() }
        guard !name.isEmpty else { throw SyntaxError("an identifier must not be empty") }
        return AccessIdentifier(name: name, isNegative: isNegative)
    }
}
