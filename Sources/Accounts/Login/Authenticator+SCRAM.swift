// SCRAM: one salt for all app passwords of an account, one that is always the same for everybody else.

internal import MailCrypto
internal import MailStore

/// Between SCRAM's first and last message: whose proof is awaited, under which salt.
struct SCRAMCandidate: Sendable {
    let account: AccountRecord?
    let salt: [UInt8]
}

extension Authenticator {
    /// The salt to tell a client that gave this name. An account without app passwords, and a name that nobody has, get
    /// one that is made from the name with a key of the server's, the same at every try.
    func scramCandidate(_ name: [UInt8]) async throws -> SCRAMCandidate {
        try await prepare()
        let account = try await account(named: name)
        let salt = try await store.directory.scramSalt(of: account?.id ?? Self.nobody)
        guard let key = memory.scramKey else { throw SCRAMUnavailable() }
        let fake = try HMAC.sha256(key: key, message: Array("salt:".utf8) + Self.canonical(name))
        return SCRAMCandidate(account: account, salt: salt ?? Array(fake.prefix(16)))
    }

    /// What the client's proof comes to, and with a success the server's signature.
    func logIn(
        _ evidence: SCRAMServer.Evidence, _ candidate: SCRAMCandidate, _ attempt: LoginAttempt
    ) async -> (outcome: LoginOutcome, signature: [UInt8]?) {
        var signature: [UInt8]?
        let outcome = await settle(attempt) {
            let found = try await self.checkProof(evidence, candidate, attempt)
            signature = found.signature
            return found.verdict
        }
        return (outcome, signature)
    }

    /// An exchange that was broken off: what was said does not fit what was said before.
    func refuse(_ attempt: LoginAttempt, _ refusal: LoginRefusal) async -> LoginOutcome {
        await settle(attempt) { self.wrong(refusal, nil, attempt) }
    }

    /// An exchange that cannot go on for a reason of the server's.
    func giveUp(_ attempt: LoginAttempt, _ error: any Error) async -> LoginOutcome {
        await settle(attempt) { throw error }
    }

    /// Checks the proof against every app password of the account, in each of its spellings.
    /// - Returns: what was found, and the server's signature when the proof was right.
    private func checkProof(
        _ evidence: SCRAMServer.Evidence, _ candidate: SCRAMCandidate, _ attempt: LoginAttempt
    ) async throws -> (verdict: LoginVerdict, signature: [UInt8]?) {
        let credentials = try await store.directory.credentials(
            of: candidate.account?.id ?? Self.nobody, kind: .appPassword)
        guard let account = candidate.account else { return (wrong(.unknownUser, nil, attempt), nil) }
        guard let (credential, keys) = try Self.match(evidence, credentials, candidate.salt) else {
            return (wrong(.wrongProof, account, attempt), nil)
        }
        if let objection = try await objection(to: credential, of: account, attempt) {
            return (.refused(objection, account), nil)
        }
        limiter.succeeded(account.id, attempt.source, nil, at: now)
        return (.accepted(account, credential), try keys.serverSignature(authMessage: evidence.authMessage))
    }

    private static func match(
        _ evidence: SCRAMServer.Evidence, _ credentials: [CredentialRecord], _ salt: [UInt8]
    ) throws -> (CredentialRecord, SCRAMKeys)? {
        for credential in credentials {
            for keys in SCRAMKeys.list(credential.scram ?? "")
            where keys.salt == salt && keys.iterations == SCRAMKeys.iterations {
                if try keys.accept(proof: evidence.proof, authMessage: evidence.authMessage) {
                    return (credential, keys)
                }
            }
        }
        return nil
    }
}

/// The server's key for SCRAM could not be read.
struct SCRAMUnavailable: Error, CustomStringConvertible {
    var description: String { "SCRAM is not available without its key file" }
}
