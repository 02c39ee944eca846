// TOTP of an account: offered, confirmed, asked for, taken away.
//
// Theory. An enrolment is a credential of the kind `totp`: unconfirmed until its first code, which shows that the app
// has the secret, then on. The secret is told once, at enrolment, and stored sealed under `keys/totp.key`, bound to
// its account and its row, so that no row can be put in another's place. A code is good once: the step that it stands
// for moves `last_step` forward in one conditional update, committed before anybody hears of it (RFC 6238 §5.2). An
// attempt is counted before its code is looked at, and taken back when it was right or a code used before: a guess it
// was not. A key that is missing or another one refuses everything.

internal import Foundation
internal import Mail
internal import MailCrypto
internal import MailStore

/// A TOTP secret, told once.
package struct TOTPEnrolment: Hashable, Sendable {
    /// For a QR code: `otpauth://totp/…`.
    package let uri: String
    /// The same secret for typing: base 32 in groups of four.
    package let secret: String
}

/// How it stands with an account's TOTP.
package struct TOTPStatus: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case off
        /// Offered, and no code has proved it.
        case pending
        case on
    }
    package let state: State
    /// When it was enrolled, in seconds since 1970; nil when it is off.
    package let since: Int64?
    /// Unused ones.
    package let recoveryCodes: Int
    /// Wrong codes since the last right one.
    package let failures: Int64
    /// Whether there have been so many that no code is taken any more.
    package let isBlocked: Bool
}

extension AccountAdministration {
    /// Ten wrong codes in an hour, and a hundred in a row: with three of a million codes right at any time, guessing
    /// succeeds less than once in 3,000 accounts.
    static let codeLimits = AttemptLimits(perWindow: 10, window: 3_600, inARow: 100)

    /// The file whose key seals TOTP secrets.
    package var totpKeyFile: KeyFile { KeyFile(path: "\(store.layout.keys)/totp.key") }

    /// Offers TOTP to the account, in the place of an earlier offer. It counts once `confirmTOTP` has seen a code.
    package func enrolTOTP(_ address: String) async throws(AdministrationError) -> TOTPEnrolment {
        let account = try await account(address)
        if let old = try await totp(of: account), old.isConfirmed {
            throw .credential(.totpIsOn(account.address.description))
        }
        let key = try await totpKeyForSealing()
        let secret: [UInt8]
        do { secret = try SecureRandom.bytes(TOTP.secretLength) } catch { throw .hashingFailed("\(error)") }
        let hostname = try await storing { () async throws(StoreError) in
            _ = try await store.directory.addCredential(
                NewCredential(kind: .totp, secret: "", isConfirmed: false), to: account.id, limit: 1,
                action: "totp.enroll", by: actor
            ) { id in
                let sealed = try key.seal(secret, associatedData: Self.place(of: id, account.id))
                return Data(sealed).base64EncodedString()
            }
            return try await store.directory.setting("hostname")
        }
        let letters = Array(Base32.encode(secret).utf8)
        return TOTPEnrolment(
            uri: TOTP.uri(
                secret: secret, account: account.address.description, issuer: hostname ?? account.address.domain),
            secret: CrockfordText.display(letters).replacing("-", with: " "))
    }

    /// Turns the offered TOTP on with its first code.
    package func confirmTOTP(_ address: String, code: String) async throws(AdministrationError) {
        let account = try await account(address)
        guard let credential = try await totp(of: account) else {
            throw .credential(.totpIsOff(account.address.description))
        }
        guard !credential.isConfirmed else { throw .credential(.totpIsOn(account.address.description)) }
        let actor = actor
        try await take(code, of: credential, account) { directory, step async throws(StoreError) in
            try await directory.confirmCredential(credential.id, step: step, by: actor)
        }
    }

    /// Accepts a code of the account's authenticator app, once. Its step is used up, durably, when this returns.
    /// - Throws: `.wrongCode`, also for one that was used; `.tooManyAttempts`, `.blocked`; `.totpIsOff`,
    ///   `.totpIsPending`; `.key` and `.wrongKey`.
    package func useTOTP(_ address: String, code: String) async throws(AdministrationError) {
        try await useTOTP(try await account(address), code: code)
    }

    func useTOTP(_ account: AccountRecord, code: String) async throws(AdministrationError) {
        guard let credential = try await totp(of: account) else {
            throw .credential(.totpIsOff(account.address.description))
        }
        guard credential.isConfirmed else { throw .credential(.totpIsPending(account.address.description)) }
        try await take(code, of: credential, account) { directory, step async throws(StoreError) in
            try await directory.useStep(credential.id, step: step)
        }
    }

    /// How it stands with the account's TOTP and recovery codes.
    package func totpStatus(_ address: String) async throws(AdministrationError) -> TOTPStatus {
        let account = try await account(address)
        let codes = try await credentials(of: account, .recoveryCode).count
        guard let credential = try await totp(of: account) else {
            return TOTPStatus(state: .off, since: nil, recoveryCodes: codes, failures: 0, isBlocked: false)
        }
        return TOTPStatus(
            state: credential.isConfirmed ? .on : .pending, since: credential.created, recoveryCodes: codes,
            failures: credential.failures, isBlocked: credential.failures >= (Self.codeLimits.inARow ?? .max))
    }

    /// Takes the account's TOTP and its recovery codes away, as when the telephone is lost. Needs no key.
    package func resetTOTP(_ address: String) async throws(AdministrationError) {
        let account = try await account(address)
        let removed = try await storing { () async throws(StoreError) in
            let removed = try await store.directory.removeCredentials(
                of: account.id, kind: .totp, action: "totp.reset", by: actor)
            try await store.directory.removeCredentials(
                of: account.id, kind: .recoveryCode, action: "recovery-codes.remove", by: actor)
            return removed
        }
        guard removed > 0 else { throw .credential(.totpIsOff(account.address.description)) }
    }
}

extension AccountAdministration {
    /// The account's credentials of a kind, oldest first.
    func credentials(
        of account: AccountRecord, _ kind: CredentialKind
    ) async throws(AdministrationError) -> [CredentialRecord] {
        try await storing { () async throws(StoreError) in
            try await store.directory.credentials(of: account.id, kind: kind)
        }
    }

    func totp(of account: AccountRecord) async throws(AdministrationError) -> CredentialRecord? {
        try await credentials(of: account, .totp).first
    }

    /// Checks a code and uses it up by `accept`, which is true for one caller per step.
    private func take(
        _ code: String, of credential: CredentialRecord, _ account: AccountRecord,
        accept: (Directory, Int64) async throws(StoreError) -> Bool
    ) async throws(AdministrationError) {
        let secret = try openSecret(of: credential, account)
        let subject = "totp \(credential.id)"
        try await begin(subject, on: credential.id, Self.codeLimits, account)
        let step: Int64?
        do {
            step = try TOTP.match(code: Array(code.utf8), secret: secret, at: now(), after: -1)
        } catch {
            throw .hashingFailed("\(error)")
        }
        guard let step else { throw .credential(.wrongCode) }
        let isAccepted = try await storing { () async throws(StoreError) in
            let isAccepted = try await accept(store.directory, step)
            try await store.directory.withdrawAttempt(subject, on: isAccepted ? nil : credential.id)
            return isAccepted
        }
        guard isAccepted else { throw .credential(.wrongCode) }
    }

    /// Counts an attempt, or says why there can be none.
    func begin(
        _ subject: String, on credential: CredentialID?, _ limits: AttemptLimits, _ account: AccountRecord
    ) async throws(AdministrationError) {
        let now = now()
        let verdict = try await storing { () async throws(StoreError) in
            try await store.directory.beginAttempt(subject, on: credential, limits: limits, at: now)
        }
        switch verdict {
        case .allowed: return
        case .tooMany(let until): throw .credential(.tooManyAttempts(until: until, now: now))
        case .blocked: throw .credential(.blocked(account.address.description))
        }
    }

    /// The key for a new secret. One is made only while nothing is sealed: in the place of a lost one it would hide the
    /// loss.
    private func totpKeyForSealing() async throws(AdministrationError) -> SealingKey {
        let isInUse = try await storing { () async throws(StoreError) in
            try await store.directory.hasCredentials(of: .totp)
        }
        do { return try isInUse ? totpKeyFile.load() : totpKeyFile.loadOrMake() } catch {
            throw .credential(.key(error))
        }
    }

    private func openSecret(
        of credential: CredentialRecord, _ account: AccountRecord
    ) throws(AdministrationError) -> [UInt8] {
        let key: SealingKey
        do { key = try totpKeyFile.load() } catch { throw .credential(.key(error)) }
        guard let sealed = Data(base64Encoded: credential.secret),
            let secret = try? key.open(Array(sealed), associatedData: Self.place(of: credential.id, account.id)),
            secret.count == TOTP.secretLength
        else { throw .credential(.wrongKey(path: totpKeyFile.path, account: account.address.description)) }
        return secret
    }

    /// What a sealed secret is bound to.
    private static func place(of credential: CredentialID, _ account: AccountID) -> [UInt8] {
        Array("martlet totp account \(account) credential \(credential)".utf8)
    }
}
