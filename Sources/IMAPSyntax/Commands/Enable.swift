// ENABLE: the extensions that a client asks the session to turn on.

import Mail

/// RFC 5161 §3.1.
package struct Enable: Hashable, Sendable {
    /// As asked for, in upper case; unknown ones are to be ignored.
    package var capabilities: [String]

    package init(capabilities: [String]) { self.capabilities = capabilities }
}

extension Lexer {
    // RFC 5161 §4: enable = "ENABLE" 1*(SP capability)
    mutating func enable() throws(SyntaxError) -> Enable {
        var capabilities: [String] = []
        try space()
        repeat {
            guard capabilities.count < limits.arguments else { throw SyntaxError("too many capabilities") }
            capabilities.append(try atom("a capability").asciiUppercased)
        } while takeSpace()
        return Enable(capabilities: capabilities)
    }
}
