// The main password: limited, checked slowly and always, and then accepted only where its policy says so.

internal import Mail
internal import MailCrypto
internal import MailStore

extension Authenticator {
    func checkMainPassword(_ given: [UInt8], _ attempt: LoginAttempt) async throws -> LoginVerdict {
        let facts = try await facts(attempt, .mainPassword)
        let (account, credential) = (facts.account, facts.credential)
        let name = try Self.subject(account, credential, attempt.name)
        let permit: LoginLimiter.Permit
        switch await limiter.admit(.init(source: attempt.source, account: account?.id, name: name), at: now) {
        case .permit(let given): permit = given
        case .limited: return .refused(.limited, account)
        case .overloaded: throw HashingPool.Failure.overloaded
        }
        let password = Password.canonical(given)
        let isRight: Bool
        do {
            isRight = try await verify(password, credential)
        } catch {
            limiter.withdraw(permit, at: now)
            throw error
        }
        guard isRight, let account, let credential, !password.isEmpty else {
            return wrong(permit, account, credential, password)
        }
        limiter.withdraw(permit, at: now)
        return try await accept(account, credential, facts, password, name, attempt)
    }

    /// One verification at the full price, unless the very same was right a short while ago.
    private func verify(_ password: [UInt8], _ credential: CredentialRecord?) async throws -> Bool {
        if let credential, try memory.right.contains(credential, password) { return true }
        let hash = credential?.secret ?? dummyHash
        let isRight = try await hashing.run(lane: .ordinary) { PasswordHash.verify(password: password, phc: hash) }
        if isRight, let credential { _ = try memory.right.remember(credential, password) }
        return isRight
    }

    private func wrong(
        _ permit: LoginLimiter.Permit, _ account: AccountRecord?, _ credential: CredentialRecord?, _ password: [UInt8]
    ) -> LoginVerdict {
        let isRepeated = credential.flatMap { try? memory.wrong.remember($0, password) } ?? false
        let ban = limiter.wasWrong(permit, isRepeated: isRepeated, at: now)
        guard let account else { return .refused(.unknownUser, nil, ban: ban) }
        return .refused(credential == nil ? .noPassword : .wrongPassword, account, ban: ban)
    }

    private func accept(
        _ account: AccountRecord, _ credential: CredentialRecord, _ facts: LoginFacts, _ password: [UInt8],
        _ name: GuessSubject, _ attempt: LoginAttempt
    ) async throws -> LoginVerdict {
        if account.status != .active { return .refused(.suspended, account) }
        guard facts.allowsMainPassword(of: account, from: attempt.connection.remoteAddress) else {
            return .refused(.appPasswordNeeded, account)
        }
        if let objection = try await objection(to: credential, of: account, attempt) {
            return .refused(objection, account)
        }
        await rehashIfWeak(credential, password: password, lane: .ordinary)
        limiter.succeeded(account.id, attempt.source, name, at: now)
        return .accepted(account, credential, facts)
    }

    /// What guesses at that name are counted for: the same for every spelling of it.
    private static func subject(
        _ account: AccountRecord?, _ credential: CredentialRecord?, _ name: [UInt8]
    ) throws -> GuessSubject {
        if let account { return .account(account.id, changed: credential?.changed ?? 0) }
        let digest = try SHA256.hash(canonical(name)).prefix(8)
        return .name(digest.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
