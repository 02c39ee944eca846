// What a person may change for themselves, and what it takes: the password and, with TOTP on, a code, each time.
//
// Theory. Nothing here trusts a login that was: who changes credentials proves who they are with the change itself. The
// proof is checked in one order, so that nothing shows early: the password first, always with one argon2id
// verification; then, only when it was right, the second factor. Both count their attempts in the directory, and
// every refusal of a proof is written down for "login explain".

internal import Mail
package import MailCrypto
package import MailStore

/// What somebody shows to prove who they are.
package struct SelfProof: Sendable {
    package var password: [UInt8]
    /// A code of the authenticator app or a recovery code; not looked at without TOTP.
    package var code: String?

    package init(password: [UInt8], code: String? = nil) {
        self.password = password
        self.code = code
    }
}

/// The changes that an account's owner may make. A value for one account and one request's origin.
package struct SelfService: Sendable {
    /// As for TOTP codes: nobody types more wrong passwords in an hour who knows theirs.
    static let passwordLimits = AttemptLimits(perWindow: 10, window: 3_600, inARow: 100)

    let administration: AccountAdministration
    let address: String
    let remoteAddress: String
    let protocolName: String
    private let dummyHash: String

    /// - Parameters:
    ///   - address: the account's.
    ///   - remoteAddress: where the request came from.
    ///   - protocolName: `web` …, for the records.
    package init(
        store: Store, hashing: HashingPool, parameters: Argon2Parameters = Argon2Parameters(), address: String,
        remoteAddress: String, protocolName: String = "web",
        now: @escaping @Sendable () -> Int64 = AccountAdministration.systemTime
    ) {
        administration = AccountAdministration(
            store: store, hashing: hashing, parameters: parameters, actor: "self:\(remoteAddress)", now: now)
        self.address = address
        self.remoteAddress = remoteAddress
        self.protocolName = protocolName
        dummyHash = Authenticator.dummyHash(parameters)
    }

    /// Sets another password.
    package func changePassword(to new: [UInt8], _ proof: SelfProof) async throws(AdministrationError) {
        let account = try await prove(proof)
        _ = try await administration.setPassword(of: account, to: .given(new))
    }

    /// Offers TOTP; `confirmTOTP` turns it on.
    package func enrolTOTP(_ proof: SelfProof) async throws(AdministrationError) -> TOTPEnrolment {
        try await administration.enrolTOTP(try await prove(proof))
    }

    /// Turns TOTP on with its first code, and gives the recovery codes.
    package func confirmTOTP(
        code: String, _ proof: SelfProof
    ) async throws(AdministrationError) -> [String] {
        let account = try await prove(proof)
        try await administration.confirmTOTP(account, code: code)
        return try await administration.renewRecoveryCodes(account)
    }

    /// Takes TOTP and the recovery codes away.
    /// - Throws: besides, `.tooShort` for a password that is good enough with TOTP alone: change it first.
    package func resetTOTP(_ proof: SelfProof) async throws(AdministrationError) {
        let account = try await prove(proof)
        let length = String(decoding: Password.canonical(proof.password), as: UTF8.self).unicodeScalars.count
        guard length >= Password.shortest else { throw .badPassword(.tooShort(characters: length)) }
        try await administration.resetTOTP(account)
    }

    package func renewRecoveryCodes(_ proof: SelfProof) async throws(AdministrationError) -> [String] {
        try await administration.renewRecoveryCodes(try await prove(proof))
    }

    package func createAppPassword(
        label: String, scopes: Set<CredentialScope> = [], expires: Int64? = nil, networks: [String] = [],
        _ proof: SelfProof
    ) async throws(AdministrationError) -> CreatedAppPassword {
        try await administration.createAppPassword(
            try await prove(proof), label: label, scopes: scopes, expires: expires, networks: networks)
    }

    package func revokeAppPassword(id: String, _ proof: SelfProof) async throws(AdministrationError) {
        try await administration.revokeAppPassword(try await prove(proof), id: id)
    }

    package func addCertificateLogin(
        pem: String, label: String = "", _ proof: SelfProof
    ) async throws(AdministrationError) -> CertificateLogin {
        try await administration.addCertificateLogin(try await prove(proof), pem: pem, label: label)
    }

    package func removeCertificateLogin(fingerprint: String, _ proof: SelfProof) async throws(AdministrationError) {
        try await administration.removeCertificateLogin(try await prove(proof), fingerprint: fingerprint)
    }
}

extension SelfService {
    /// Checks the proof. Gives the account's own address.
    /// - Throws: `.wrongPassword` for a wrong one and for an account that is not there, suspended or without password;
    ///   `.codeNeeded` and what `useTOTP` and `useRecoveryCode` throw.
    private func prove(_ proof: SelfProof) async throws(AdministrationError) -> String {
        let account = try await checkPassword(proof.password)
        let name = account.address.description
        guard let totp = try await administration.totp(of: account), totp.isConfirmed else { return name }
        guard let code = proof.code, !code.isEmpty else { throw .credential(.codeNeeded) }
        do {
            if RecoveryCodeText.parse(code) != nil {
                try await administration.useRecoveryCode(account, code: code)
            } else {
                try await administration.useTOTP(account, code: code)
            }
        } catch {
            await note(error, account)
            throw error
        }
        return name
    }

    /// Unknown names are counted, hashed and refused as known ones are.
    private func checkPassword(_ password: [UInt8]) async throws(AdministrationError) -> AccountRecord {
        let found = try await knownAccount()
        var credential: CredentialRecord?
        if let found { credential = try await administration.credentials(of: found, .password).first }
        let name = found?.address.lookupKey ?? String(address.lowercased().prefix(256))
        let subject = "self-service \(name)"
        let mayTry = try await begin(subject, credential)
        let isRight = try await verify(Password.canonical(password), credential?.secret ?? dummyHash)
        guard let found, let credential, isRight, mayTry, !password.isEmpty, found.status == .active else {
            await note(.credential(mayTry ? .wrongPassword : .blocked(name)), found)
            throw .credential(.wrongPassword)
        }
        try await administration.storing { () async throws(StoreError) in
            try await administration.store.directory.withdrawAttempt(subject, on: nil)
            try await administration.store.directory.clearFailures(credential.id)
        }
        return found
    }

    /// Counts the attempt. False for a password that was guessed at too often in a row: it is wrong from now on, until
    /// it is set anew.
    private func begin(_ subject: String, _ credential: CredentialRecord?) async throws(AdministrationError) -> Bool {
        let now = administration.now()
        let verdict = try await administration.storing { () async throws(StoreError) in
            try await administration.store.directory.beginAttempt(
                subject, on: credential?.id, limits: Self.passwordLimits, at: now)
        }
        if case .tooMany(let until) = verdict { throw .credential(.tooManyAttempts(until: until, now: now)) }
        return verdict == .allowed
    }

    private func knownAccount() async throws(AdministrationError) -> AccountRecord? {
        do { return try await administration.account(address) } catch {
            switch error {
            case .noSuchAccount, .badAddress: return nil
            default: throw error
            }
        }
    }

    private func verify(_ password: [UInt8], _ hash: String) async throws(AdministrationError) -> Bool {
        do {
            return try await administration.hashing.run { PasswordHash.verify(password: password, phc: hash) }
        } catch {
            throw .hashingFailed("\(error)")
        }
    }

    /// Writes a refused proof down. That this fails is no reason to refuse otherwise.
    private func note(_ error: AdministrationError, _ account: AccountRecord?) async {
        let reason: String
        switch error {
        case .credential(.wrongPassword): reason = "wrong-password"
        case .credential(.wrongCode): reason = "wrong-code"
        case .credential(.wrongRecoveryCode): reason = "wrong-recovery-code"
        case .credential(.tooManyAttempts), .credential(.blocked): reason = "too-many-codes"
        case .credential(.key), .credential(.wrongKey): reason = "totp-key"
        default: return
        }
        let failure = LoginFailureRecord(
            time: administration.now(), accountID: account?.id, name: address, address: remoteAddress,
            protocolName: protocolName, mechanism: "self-service", reason: reason)
        try? await administration.store.directory.recordFailures([failure])
    }
}
