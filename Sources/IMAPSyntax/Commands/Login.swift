// LOGIN: a name and a password in plain text.

/// RFC 3501 §6.2.3. Never prints its password.
package struct Login: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package var user: [UInt8]
    package var password: [UInt8]

    package init(user: [UInt8], password: [UInt8]) {
        self.user = user
        self.password = password
    }

    package var description: String { "LOGIN" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Lexer {
    // RFC 3501 §9: login = "LOGIN" SP userid SP password
    mutating func login() throws(SyntaxError) -> Login {
        try space()
        let user = try astring("a user name")
        try space()
        return Login(user: user, password: try astring("a password"))
    }
}
