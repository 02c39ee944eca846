// Recovery codes: ten words of 80 random bits on paper, each good once in the place of a TOTP code.

internal import Mail
internal import MailCrypto
internal import MailStore

/// A recovery code as text: 16 letters of Crockford's base 32.
enum RecoveryCodeText {
    static let length = 16

    /// Its letters, in lower case and without dashes: what argon2id gets.
    static func make() throws -> [UInt8] { CrockfordText.letters(try CrockfordText.random(length)) }

    /// Reads what somebody typed; nil for what is no recovery code.
    static func parse(_ text: String) -> [UInt8]? {
        CrockfordText.values(Array(text.utf8), length: length).map(CrockfordText.letters)
    }
}

extension AccountAdministration {
    /// How many codes an account gets.
    package static let recoveryCodeCount = 10
    /// 80 bits cannot be guessed; the limit spares the processor.
    private static let recoveryLimits = AttemptLimits(perWindow: 10, window: 3_600, inARow: nil)

    /// Makes ten new recovery codes in the place of those there are; TOTP must be on. They are told once.
    package func renewRecoveryCodes(_ address: String) async throws(AdministrationError) -> [String] {
        let account = try await account(address)
        guard let totp = try await totp(of: account) else {
            throw .credential(.totpIsOff(account.address.description))
        }
        guard totp.isConfirmed else { throw .credential(.totpIsPending(account.address.description)) }
        var codes: [[UInt8]] = []
        var credentials: [NewCredential] = []
        for _ in 0..<Self.recoveryCodeCount {
            let code: [UInt8]
            do { code = try RecoveryCodeText.make() } catch { throw .hashingFailed("\(error)") }
            codes.append(code)
            credentials.append(NewCredential(kind: .recoveryCode, secret: try await hash(code)))
        }
        let new = credentials
        try await storing { () async throws(StoreError) in
            _ = try await store.directory.replaceCredentials(
                new, of: .recoveryCode, account: account.id, action: "recovery-codes.renew", by: actor)
        }
        return codes.map(CrockfordText.display)
    }

    /// Accepts a recovery code, once; it is gone, durably, when this returns. TOTP stays on, and its count of wrong
    /// codes begins anew.
    package func useRecoveryCode(_ address: String, code: String) async throws(AdministrationError) {
        try await useRecoveryCode(try await account(address), code: code)
    }

    func useRecoveryCode(_ account: AccountRecord, code: String) async throws(AdministrationError) {
        guard let totp = try await totp(of: account), totp.isConfirmed else {
            throw .credential(.totpIsOff(account.address.description))
        }
        guard let letters = RecoveryCodeText.parse(code) else { throw .credential(.wrongRecoveryCode) }
        let subject = "recovery-code \(account.id)"
        try await begin(subject, on: nil, Self.recoveryLimits, account)
        let candidates = try await credentials(of: account, .recoveryCode)
        let found: CredentialRecord?
        do {
            found = try await hashing.run {
                candidates.first { PasswordHash.verify(password: letters, phc: $0.secret) }
            }
        } catch {
            throw .hashingFailed("\(error)")
        }
        guard let found else { throw .credential(.wrongRecoveryCode) }
        let isMine = try await storing { () async throws(StoreError) in
            let isMine = try await store.directory.consumeCredential(
                found.id, action: "recovery-code.use", by: actor)
            try await store.directory.withdrawAttempt(subject, on: nil)
            if isMine { try await store.directory.clearFailures(totp.id) }
            return isMine
        }
        guard isMine else { throw .credential(.wrongRecoveryCode) }
    }
}
