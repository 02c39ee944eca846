// SASL's PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login) from the server's side: pure, bounded, no I/O.
//
// States. PLAIN: waiting for its one message. LOGIN: waiting for the name, then for the password. Each ends with the
// credentials or with `malformed`; after that every further response is malformed too.

/// What a client presents: bytes as it sent them.
package struct SASLCredentials: Hashable, Sendable {
    package var authorizationID: [UInt8]
    package var name: [UInt8]
    package var password: [UInt8]

    package init(authorizationID: [UInt8], name: [UInt8], password: [UInt8]) {
        self.authorizationID = authorizationID
        self.name = name
        self.password = password
    }
}

/// One authentication exchange. Responses are decoded already (`SASLResponse`).
package struct SASLExchange: Sendable {
    package enum Step: Hashable, Sendable {
        /// To be sent, base64-encoded, as the server's challenge.
        case challenge([UInt8])
        case attempt(SASLCredentials)
        case malformed
    }

    private enum State {
        case plain, loginName
        case loginPassword(name: [UInt8])
        case over
    }

    /// The most a single response may hold, in bytes: 1,024 for the password and 512 for each name.
    package static let longestResponse = 2_048
    package enum Kind: Sendable { case plain, login }
    private let kind: Kind
    private var state: State

    package init(_ kind: Kind) {
        self.kind = kind
        state = kind == .plain ? .plain : .loginName
    }

    /// Begins, with the client's initial response (RFC 4959, RFC 4954) when there was one.
    package mutating func begin(initialResponse: [UInt8]?) -> Step {
        if let initialResponse { return respond(to: initialResponse) }
        // PLAIN lets the client speak first: its challenge is empty.
        return .challenge(kind == .plain ? [] : Array("Username:".utf8))
    }

    package mutating func respond(to response: [UInt8]) -> Step {
        guard response.count <= SASLExchange.longestResponse else { return fail() }
        switch state {
        case .plain:
            guard let credentials = SASLExchange.plain(response) else { return fail() }
            state = .over
            return .attempt(credentials)
        case .loginName:
            guard !response.contains(0) else { return fail() }
            state = .loginPassword(name: response)
            return .challenge(Array("Password:".utf8))
        case .loginPassword(let name):
            guard !response.contains(0) else { return fail() }
            state = .over
            return .attempt(SASLCredentials(authorizationID: [], name: name, password: response))
        case .over:
            return fail()
        }
    }

    private mutating func fail() -> Step {
        state = .over
        return .malformed
    }

    /// `message = [authzid] UTF8NUL authcid UTF8NUL passwd` (RFC 4616 §2); no part holds a NUL. An empty name or
    /// password is let through: the authenticator refuses it like a wrong one.
    private static func plain(_ message: [UInt8]) -> SASLCredentials? {
        let parts = message.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        return SASLCredentials(authorizationID: Array(parts[0]), name: Array(parts[1]), password: Array(parts[2]))
    }
}
