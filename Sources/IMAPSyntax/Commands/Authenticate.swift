// AUTHENTICATE, and the lines that its dialogue goes on with.

import Mail

/// RFC 3501 §6.2.2, RFC 4959 §3. Never prints its initial response.
package struct Authenticate: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The SASL mechanism, in upper case.
    package var mechanism: String
    /// Decoded; empty for `=`; nil when the client waits for the first challenge.
    package var initialResponse: [UInt8]?

    package init(mechanism: String, initialResponse: [UInt8]? = nil) {
        self.mechanism = mechanism
        self.initialResponse = initialResponse
    }

    package var description: String { "AUTHENTICATE \(mechanism)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A client's line in an AUTHENTICATE dialogue (RFC 3501 §6.2.2).
package enum SASLLine: Hashable, Sendable {
    case response([UInt8])
    /// `*`: the client gives up; the reply is BAD.
    case cancel
    /// Not base64; the reply is BAD.
    case invalid

    /// - Parameter line: without its line end.
    package init(_ line: [UInt8]) {
        if line == [UInt8(ascii: "*")] {
            self = .cancel
        } else if let bytes = Base64.decode(line) {
            self = .response(bytes)
        } else {
            self = .invalid
        }
    }
}

extension Lexer {
    // RFC 4959 §7: authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64)
    mutating func authenticate() throws(SyntaxError) -> Authenticate {
        try space()
        let mechanism = try atom("a SASL mechanism").asciiUppercased
        guard takeSpace() else { return Authenticate(mechanism: mechanism) }
        if take("=") { return Authenticate(mechanism: mechanism, initialResponse: []) }
        let start = position
        while position < bytes.count, bytes[position] != 0x20 { position += 1 }
        guard let response = Base64.decode(bytes[start..<position]), !response.isEmpty else {
            throw SyntaxError("the initial response is not base64")
        }
        return Authenticate(mechanism: mechanism, initialResponse: response)
    }
}
