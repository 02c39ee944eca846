// One AUTHENTICATE or AUTH from its first word to its outcome, whatever the mechanism.
//
// States. `begun`: nothing was said. `exchanging`: a challenge is out. `over`: there was an outcome or an error;
// everything further is malformed. A step takes the state out before it waits for anything, so that two at once get one
// answer.

internal import MailCrypto

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
        case scramFirst
        case scramFinal(SCRAMServer, SCRAMCandidate, LoginAttempt)
        case external
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
        case .scramFirst:
            guard let response else { return .malformed }
            return await scramFirst(response)
        case .scramFinal(let server, let candidate, let attempt):
            guard let response else { return .malformed }
            return await scramFinal(response, server, candidate, attempt)
        case .external:
            guard let response else { return .malformed }
            return await external(response)
        case .over: return .malformed
        }
    }

    private func begin(_ response: [UInt8]?) async -> Step {
        switch mechanism {
        case .plain, .login:
            var exchange = SASLExchange(mechanism == .plain ? .plain : .login)
            return await carryOut(exchange.begin(initialResponse: response), exchange)
        case .external:
            if let response { return await external(response) }
            state = .external
            return .challenge([])
        case .scramSHA256, .scramSHA256Plus:
            if let response { return await scramFirst(response) }
            state = .scramFirst
            return .challenge([])
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

extension SASLConversation {
    /// RFC 4422 appendix A: the response is the authorization identity, or empty.
    private func external(_ response: [UInt8]) async -> Step {
        guard response.count <= SASLExchange.longestResponse, !response.contains(0) else { return .malformed }
        let attempt = attempt(name: response, authorizationID: response)
        return .finished(await authenticator.logInByCertificate(attempt), additionalData: nil)
    }

    private func scramFirst(_ message: [UInt8]) async -> Step {
        guard message.count <= SASLExchange.longestResponse else { return .malformed }
        var server = SCRAMServer(
            isPlus: mechanism == .scramSHA256Plus, binding: connection.tls?.channelBinding)
        var attempt = attempt(name: [], authorizationID: [])
        do throws(SCRAMProblem) {
            let named = try server.clientFirst(message)
            attempt.name = named.name
            attempt.authorizationID = named.authorizationID
        } catch {
            return await refused(error, attempt)
        }
        do {
            let candidate = try await authenticator.scramCandidate(attempt.name)
            let challenge = try server.challenge(
                salt: candidate.salt, iterations: SCRAMKeys.iterations,
                nonce: SASLBase64.encode(try SecureRandom.bytes(18)))
            state = .scramFinal(server, candidate, attempt)
            return .challenge(challenge)
        } catch {
            return .finished(await authenticator.giveUp(attempt, error), additionalData: nil)
        }
    }

    private func scramFinal(
        _ message: [UInt8], _ server: SCRAMServer, _ candidate: SCRAMCandidate, _ attempt: LoginAttempt
    ) async -> Step {
        guard message.count <= SASLExchange.longestResponse else { return .malformed }
        var server = server
        let evidence: SCRAMServer.Evidence
        do throws(SCRAMProblem) {
            evidence = try server.clientFinal(message)
        } catch {
            return await refused(error, attempt)
        }
        let (outcome, signature) = await authenticator.logIn(evidence, candidate, attempt)
        let final = signature.map { Array("v=".utf8) + SASLBase64.encode($0) }
        return .finished(outcome, additionalData: final)
    }

    /// What is no message at all is malformed; what is one and does not fit is a failed login.
    private func refused(_ problem: SCRAMProblem, _ attempt: LoginAttempt) async -> Step {
        let refusal: LoginRefusal
        switch problem {
        case .malformed, .extension_, .order: return .malformed
        case .channelBinding, .channelBindingType, .channelBindingUse, .downgrade: refusal = .channelBinding
        case .nonce: refusal = .wrongProof
        }
        return .finished(await authenticator.refuse(attempt, refusal), additionalData: nil)
    }

    private func attempt(name: [UInt8], authorizationID: [UInt8]) -> LoginAttempt {
        LoginAttempt(
            name: name, authorizationID: authorizationID, mechanism: mechanism.rawValue, connection: connection)
    }
}
