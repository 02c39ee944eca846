// CANCELUPDATE: no more of the updates that earlier searches asked for.

/// RFC 5267 §4.3.5.
package struct CancelUpdate: Hashable, Sendable {
    /// Of the commands that asked; at least one.
    package var tags: [String]

    package init(tags: [String]) { self.tags = tags }
}

extension Lexer {
    // RFC 5267 §5: command-select =/ "CANCELUPDATE" 1*(SP quoted)
    mutating func cancelUpdate() throws(SyntaxError) -> CancelUpdate {
        try space()
        var tags: [String] = []
        repeat {
            guard tags.count < limits.arguments else { throw SyntaxError("too many tags") }
            tags.append(String(decoding: try quoted(), as: UTF8.self))
        } while takeSpace()
        return CancelUpdate(tags: tags)
    }
}
