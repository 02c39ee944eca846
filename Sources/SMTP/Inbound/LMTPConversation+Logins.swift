// STARTTLS and AUTH in an LMTP conversation (RFC 3207, RFC 4954): offered, never required.
//
// States. AUTH leads to `waiting`; a challenge to `sasl`, where one line is the client's response; every outcome back
// to `command`. STARTTLS forgets everything that came before: the client's name, its transaction, its login, and the
// bytes behind the command, which somebody on the way may have put there.

package import Accounts
import NIOCore

/// What a connection offers besides delivery, as it is now.
package struct LoginOffer: Hashable, Sendable {
    package var offersTLS = false
    package var isTLS = false
    /// The best first; none: nobody can log in here.
    package var mechanisms: [SASLMechanism] = []
    /// False: first TLS.
    package var mayLogIn = false
    package var isLoggedIn = false

    package init() {}
}

extension LMTPConversation {
    /// Lines of the reply to LHLO.
    var offers: [String] {
        var lines: [String] = []
        if logins.offersTLS, !logins.isTLS { lines.append("STARTTLS") }
        if logins.mayLogIn, !logins.isLoggedIn, !logins.mechanisms.isEmpty {
            lines.append("AUTH " + logins.mechanisms.map(\.rawValue).joined(separator: " "))
        }
        return lines
    }

    mutating func startTLS() {
        guard !logins.isTLS else { return refuse(.tlsAlready) }
        guard logins.offersTLS else { return refuse(.notImplemented) }
        reply(.goAheadTLS)
        input = ByteBuffer()
        state = .waiting
        actions.append(.startTLS)
    }

    /// The answer to `startTLS`.
    package mutating func secured() {
        guard state == .waiting else { return }
        input = ByteBuffer()
        client = nil
        endTransaction()
        logins.isTLS = true
        logins.isLoggedIn = false
        state = .command
    }

    mutating func authenticate(_ name: String, _ initial: String?) {
        guard client != nil else { return refuse(.lhloFirst) }
        guard mail == nil else { return refuse(.mailAlready) }
        guard !logins.isLoggedIn else { return refuse(.loggedInAlready) }
        guard !logins.mechanisms.isEmpty else { return refuse(.notImplemented) }
        guard logins.mayLogIn else { return refuse(.encryptionNeeded) }
        guard let mechanism = SASLMechanism(name: name), logins.mechanisms.contains(mechanism) else {
            return refuse(.unknownMechanism)
        }
        var response: [UInt8]?
        if let initial {
            guard case .bytes(let bytes) = SASLResponse(initial: initial.utf8) else { return refuse(.badResponse) }
            response = bytes
        }
        state = .waiting
        actions.append(.authenticate(mechanism, initial: response))
    }

    /// Takes one line of a SASL exchange. False: there is no whole one yet.
    mutating func readResponse() -> Bool {
        guard let line = takeLine(limits.saslLine) else { return state == .over }
        state = .command
        guard line.suffix(2) == [0x0d, 0x0a] else {
            finishedLogin(.badResponse)
            return true
        }
        switch SASLResponse(line: line.dropLast(2)) {
        case .bytes(let bytes):
            state = .waiting
            actions.append(.respond(bytes))
        case .cancelled: refuse(.authCancelled)
        case .malformed: finishedLogin(.badResponse)
        }
        return true
    }

    /// An answer to `authenticate` and `respond`: the server's next word, which the client answers.
    package mutating func challenge(_ bytes: [UInt8]) {
        output.writeStaticString("334 ")
        output.writeBytes(SASLBase64.encode(bytes))
        output.writeStaticString("\r\n")
        state = .sasl
    }

    /// The other answer: the login's end, as a reply; 2xx is a success. Too many failures end the connection.
    package mutating func finishedLogin(_ outcome: Reply) {
        state = .command
        reply(outcome)
        if outcome.isPositive {
            logins.isLoggedIn = true
        } else {
            failedLogins += 1
            if failedLogins >= limits.failedLogins { end(with: .tooManyFailedLogins) }
        }
    }
}

extension Reply {
    /// What a login came to (RFC 4954 §6).
    init(_ outcome: LoginOutcome) {
        switch outcome {
        case .success: self = .loggedIn
        case .failure: self = .loginFailed
        case .appPasswordNeeded: self = .appPasswordNeeded
        case .unauthorized: self = .notAuthorized
        case .limited: self = .loginsLimited
        case .unavailable: self = .loginsUnavailable
        }
    }
}
