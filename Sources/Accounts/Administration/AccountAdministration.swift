// What may be done to accounts, by whichever program asks: checks, hashing and the store's calls, in one place.

internal import Foundation
import Mail
package import MailCrypto
package import MailStore

/// The rules of accounts, aliases and domains. A value: make one where it is needed.
package struct AccountAdministration: Sendable {
    /// In bytes.
    package static let longestDisplayName = 200

    let store: Store
    let hashing: HashingPool
    let parameters: Argon2Parameters
    let actor: String
    let now: @Sendable () -> Int64
    let commonPasswords: CommonPasswords

    /// - Parameters:
    ///   - actor: who acts, for the audit trail: `cli:root`, `web:alice@example.org`.
    ///   - now: the time, in seconds since 1970.
    ///   - commonPasswords: what no password may be.
    package init(
        store: Store, hashing: HashingPool = HashingPool(), parameters: Argon2Parameters = Argon2Parameters(),
        actor: String, now: @escaping @Sendable () -> Int64 = AccountAdministration.systemTime,
        commonPasswords: CommonPasswords = CommonPasswords()
    ) {
        self.store = store
        self.hashing = hashing
        self.parameters = parameters
        self.actor = actor
        self.now = now
        self.commonPasswords = commonPasswords
    }

    /// The time, in seconds since 1970.
    @Sendable package static func systemTime() -> Int64 { Int64(Date().timeIntervalSince1970) }

    /// An account that was made, with the password when the machine chose it: to be shown once.
    package struct Created: Sendable {
        package let account: AccountRecord
        package let generatedPassword: String?
    }

    /// Makes an account with its address; the domain must be there.
    package func createAccount(
        _ address: String, displayName: String = "", password: PasswordChoice = .generated, quota: Int64? = nil
    ) async throws(AdministrationError) -> Created {
        let address = try await newAddress(address)
        if let quota, quota < 0 { throw .badQuota(quota) }
        try checkDisplayName(displayName)
        let secret = try await secret(password, for: address, least: Password.shortest)
        let account = try await storing { () async throws(StoreError) in
            try await store.directory.addAccount(
                address: address, displayName: displayName.normalizedToNFC, passwordHash: secret?.hash, quota: quota,
                by: actor)
        }
        if let quota { try await storing { () async throws(StoreError) in try await enforce(quota, account.id) } }
        return Created(account: account, generatedPassword: secret?.generated)
    }

    /// Every account, by address.
    package func accounts() async throws(AdministrationError) -> [AccountRecord] {
        try await storing { () async throws(StoreError) in try await store.directory.accounts() }
            .sorted { ($0.address.domain, $0.address.localPart) < ($1.address.domain, $1.address.localPart) }
    }

    /// The account of an address or alias.
    package func account(_ address: String) async throws(AdministrationError) -> AccountRecord {
        let parsed = try Self.address(address)
        let found = try await storing { () async throws(StoreError) in
            try await store.directory.account(address: parsed)
        }
        guard let found else { throw .noSuchAccount(parsed.description) }
        return found
    }

    /// Sets the password; gives it back when it was generated. `.none` is refused as empty: suspend the account
    /// instead.
    package func setPassword(
        of address: String, to choice: PasswordChoice
    ) async throws(AdministrationError) -> String? {
        let account = try await account(address)
        let hasTOTP = try await totp(of: account)?.isConfirmed ?? false
        let least = hasTOTP ? Password.shortestWithSecondFactor : Password.shortest
        guard let secret = try await secret(choice, for: account.address, least: least) else {
            throw .badPassword(.empty)
        }
        try await storing { () async throws(StoreError) in
            try await store.directory.setPassword(account.id, hash: secret.hash, by: actor)
        }
        return secret.generated
    }

    /// Gives the account another address of a domain that is here. The old address reaches nobody afterwards.
    package func renameAccount(_ address: String, to new: String) async throws(AdministrationError) -> AccountRecord {
        let account = try await account(address)
        let target = try await newAddress(new)
        try await storing { () async throws(StoreError) in
            try await store.directory.renameAccount(account.id, to: target, by: actor)
        }
        return try await self.account(target.description)
    }

    /// A suspended account cannot log in; its mail is kept, and mail to it waits at the sender's server.
    package func suspendAccount(_ address: String) async throws(AdministrationError) {
        try await setStatus(address, .suspended)
    }

    package func resumeAccount(_ address: String) async throws(AdministrationError) {
        try await setStatus(address, .active)
    }

    /// - Parameter bytes: nil for no quota.
    package func setQuota(of address: String, to bytes: Int64?) async throws(AdministrationError) {
        if let bytes, bytes < 0 { throw .badQuota(bytes) }
        let account = try await account(address)
        try await storing { () async throws(StoreError) in
            try await store.directory.setQuota(account.id, bytes, by: actor)
            try await enforce(bytes, account.id)
        }
    }

    /// Sets both bounds.
    /// - Parameters:
    ///   - bytes: nil for no bound.
    ///   - messages: likewise.
    package func setQuota(
        of address: String, to bytes: Int64?, messages: Int64?
    ) async throws(AdministrationError) {
        try await setQuota(of: address, to: bytes)
        try await setMessageQuota(of: address, to: messages)
    }

    /// - Parameter messages: nil for no bound.
    package func setMessageQuota(of address: String, to messages: Int64?) async throws(AdministrationError) {
        if let messages, messages < 0 { throw .badQuota(messages) }
        let account = try await account(address)
        try await storing { () async throws(StoreError) in
            try await store.directory.noteQuota(
                account.id, "messages: \(messages.map { "\($0)" } ?? "none")", by: actor)
            try await store.account(account.id).setMessageQuota(messages)
        }
    }

    /// Says whether the account's owner may set its quota over IMAP.
    package func setQuotaByOwner(of address: String, _ isAllowed: Bool) async throws(AdministrationError) {
        let account = try await account(address)
        try await storing { () async throws(StoreError) in
            try await store.directory.noteQuota(
                account.id, "settable over IMAP: \(isAllowed ? "yes" : "no")", by: actor)
            try await store.account(account.id).setQuotaByOwner(isAllowed)
        }
    }

    /// The directory remembers a quota for people; the account's file is what keeps to it.
    private func enforce(_ quota: Int64?, _ id: AccountID) async throws(StoreError) {
        try await store.account(id).setQuota(quota)
    }

    /// Removes the account and all of its mail, for good.
    package func removeAccount(_ address: String) async throws(AdministrationError) {
        let account = try await account(address)
        try await storing { () async throws(StoreError) in
            try await store.directory.removeAccount(account.id, by: actor)
            try await store.removeAccountFile(account.id)
        }
    }
}

extension AccountAdministration {
    private func setStatus(_ address: String, _ status: AccountStatus) async throws(AdministrationError) {
        let account = try await account(address)
        try await storing { () async throws(StoreError) in
            try await store.directory.setStatus(account.id, status, by: actor)
        }
    }

    /// What people are shown: one line, not too long.
    private func checkDisplayName(_ name: String) throws(AdministrationError) {
        guard name.utf8.count <= Self.longestDisplayName else {
            throw .badDisplayName("has \(name.utf8.count) bytes; the most is \(Self.longestDisplayName)")
        }
        for scalar in name.unicodeScalars where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
            throw .badDisplayName("holds a control character, such as a line end; leave it out")
        }
    }

    /// The hash of the password that was chosen; nil for none.
    private func secret(
        _ choice: PasswordChoice, for address: EmailAddress, least: Int
    ) async throws(AdministrationError) -> (hash: String, generated: String?)? {
        switch choice {
        case .none:
            return nil
        case .given(let bytes):
            let password: [UInt8]
            do {
                password = try Password.checked(bytes, least: least)
                try Password.refuseName(password, of: address)
            } catch {
                throw .badPassword(error)
            }
            try await refuseCommon(password, of: address)
            return (try await hash(password), nil)
        case .generated:
            let password: String
            do { password = try RandomText.password() } catch { throw .hashingFailed("\(error)") }
            return (try await hash(Array(password.utf8)), password)
        }
    }

    /// Asks cracklib. A dictionary that is not there is no permission.
    private func refuseCommon(_ password: [UInt8], of address: EmailAddress) async throws(AdministrationError) {
        let objection: String?
        do {
            objection = try await hashing.run { [commonPasswords] in
                try commonPasswords.objection(to: password, name: address.localPart)
            }
        } catch {
            throw .credential(.cannotCheckPassword("\(error)"))
        }
        if let objection { throw .badPassword(.common(objection)) }
    }

    func hash(_ password: [UInt8]) async throws(AdministrationError) -> String {
        do {
            return try await hashing.run { [parameters] in
                try PasswordHash.make(password: password, parameters: parameters)
            }
        } catch {
            throw .hashingFailed("\(error)")
        }
    }

    /// The address for something new: well formed, without a detail, of a domain that is here.
    func newAddress(_ text: String) async throws(AdministrationError) -> EmailAddress {
        let address = try Self.address(text)
        guard address.splitDetail().detail == nil else { throw .detailInAddress(text) }
        try await requireDomain(address.domain)
        return address
    }

    static func address(_ text: String) throws(AdministrationError) -> EmailAddress {
        do { return try EmailAddress(text) } catch { throw .badAddress(text, error) }
    }

    /// A store call, its error in ours.
    func storing<T>(
        _ work: () async throws(StoreError) -> T
    ) async throws(AdministrationError) -> T {
        do { return try await work() } catch { throw .store(error) }
    }
}
