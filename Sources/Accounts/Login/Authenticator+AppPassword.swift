// App passwords: the id inside finds the row, so nobody's guesses stand in the way of who holds one.

internal import MailCrypto
internal import MailStore

extension Authenticator {
    /// Needs no permit: 130 random bits cannot be guessed, and whoever has them is not to be kept out by those who try.
    /// A text whose id is not the account's is refused without any hashing; that tells no more than that there is no
    /// such id, which is no secret. From a network that guesses too much, a check waits in the lane of the main
    /// passwords.
    func checkAppPassword(_ text: AppPasswordText, _ attempt: LoginAttempt) async throws -> LoginVerdict {
        let facts = try await facts(attempt, .appPassword(publicID: text.publicID))
        guard let account = facts.account else { return wrong(.unknownUser, nil, attempt) }
        guard let credential = facts.credential, credential.accountID == account.id else {
            return wrong(.unknownAppPassword, account, attempt)
        }
        let lane: HashingPool.Lane = limiter.isLimited(attempt.source, at: now) ? .ordinary : .first
        guard try await verify(text.secret, credential, lane) else { return wrong(.wrongAppPassword, account, attempt) }
        if let objection = try await objection(to: credential, of: account, attempt) {
            return .refused(objection, account)
        }
        await rehashIfWeak(credential, password: text.secret, lane: lane)
        limiter.succeeded(account.id, attempt.source, nil, at: now)
        return .accepted(account, credential, facts)
    }

    private func verify(
        _ secret: [UInt8], _ credential: CredentialRecord, _ lane: HashingPool.Lane
    ) async throws -> Bool {
        if try memory.right.contains(credential, secret) { return true }
        let hash = credential.secret
        guard try await hashing.run(lane: lane, { PasswordHash.verify(password: secret, phc: hash) }) else {
            return false
        }
        _ = try memory.right.remember(credential, secret)
        return true
    }

    /// A failure that no permit was needed for.
    func wrong(_ refusal: LoginRefusal, _ account: AccountRecord?, _ attempt: LoginAttempt) -> LoginVerdict {
        .refused(refusal, account, ban: limiter.wasWrong(attempt.source, at: now))
    }
}
