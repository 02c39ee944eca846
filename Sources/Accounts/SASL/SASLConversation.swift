// One AUTHENTICATE or AUTH from its first word to its outcome, whatever the mechanism.
//
// States. `begun`: nothing was said. `exchanging`: a challenge is out. `over`: there was an outcome or an error; everything
// further is malformed. A step takes the state out before it waits for anything, so that two at once get one answer.

/// A SASL conversation. Responses and challenges are bytes, without base64.
package actor SASLConversation {
    package enum Step: Sendable {
        /// To be sent; the client's response goes to `next`.
        case challenge([UInt8])
        /// The end. `additionalData` comes with a success of some mechanisms: where the protocol has no place for it in
        /// its reply (IMAP, SMTP), it is sent as a last challenge and the client answers with an empty response
        /// (RFC 4422 §5).
        case finished(LoginOutcome, additionalData: [UInt8]?)
        /// The response is none of this mechanism's: `BAD`, 501. Nothing was checked.
        case malformed
    }

    private enum State {
        case begun
        case password(SASLExchange)
        case over
    }

    package nonisolated let mechanism: SASLMechanism
    private let authenticator: Authenticator
    private let connection: ClientConnection
    private var state = State.begun

    init(_ mechanism: SASLMechanism, _ authenticator: Authenticator, _ connection: ClientConnection) {
        self.mechanism = mechanism
        self.authenticator = authenticator
        self.connection = connection
    }

    /// Takes the client's response; at first the initial response, or nil when there was none.
    package func next(_ response: [UInt8]?) async -> Step {
        let current = state
        state = .over
        switch current {
        case .begun: return await begin(response)
        case .password(var exchange):
            guard let response else { return .malformed }
            return await carryOut(exchange.respond(to: response), exchange)
        case .over: return .malformed
        }
    }

    private func begin(_ response: [UInt8]?) async -> Step {
        switch mechanism {
        case .plain, .login:
            var exchange = SASLExchange(mechanism == .plain ? .plain : .login)
            return await carryOut(exchange.begin(initialResponse: response), exchange)
        case .external, .scramSHA256, .scramSHA256Plus:
            return .malformed
        }
    }

    private func carryOut(_ step: SASLExchange.Step, _ exchange: SASLExchange) async -> Step {
        switch step {
        case .challenge(let challenge):
            state = .password(exchange)
            return .challenge(challenge)
        case .attempt(let credentials):
            return .finished(
                await authenticator.logIn(credentials, mechanism: mechanism.rawValue, connection), additionalData: nil)
        case .malformed: return .malformed
        }
    }
}
