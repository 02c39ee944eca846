// App passwords of an account: made by the server and told once, listed, revoked.

internal import Mail
internal import MailCrypto
package import MailStore

/// An app password as lists show it.
package struct AppPasswordInfo: Hashable, Sendable {
    /// The public id, the first five letters of its text.
    package let id: String
    package let label: String
    package let scopes: Set<CredentialScope>
    /// Where it may be used from; empty for anywhere.
    package let networks: [String]
    /// Seconds since 1970, as the other times.
    package let created: Int64
    package let expires: Int64?
    package let isExpired: Bool
    package let useCount: Int64
    package let lastUsed: Int64?
    /// The newest login with it; nil when the history has none (any more).
    package let lastLogin: LoginUse?
}

/// A new app password, told once.
package struct CreatedAppPassword: Hashable, Sendable {
    package let info: AppPasswordInfo
    /// Its text, in groups of four letters.
    package let secret: String
    package var id: String { info.id }
}

extension AccountAdministration {
    /// App passwords that an account may have.
    package static let mostAppPasswords = 50
    package static let mostNetworks = 32
    /// In bytes.
    package static let longestLabel = 200
    /// What a credential is good for when nothing is said: everything.
    package static let defaultScopes: Set<CredentialScope> = [.imap, .pop, .smtp, .sieve, .jmap]

    /// Makes an app password.
    /// - Parameters:
    ///   - scopes: empty for `defaultScopes`; `read-only` alone is IMAP, reading.
    ///   - expires: the second since 1970 from which on it is worth nothing; nil for never.
    ///   - networks: addresses and CIDRs that it may be used from; empty for anywhere.
    package func createAppPassword(
        _ address: String, label: String, scopes: Set<CredentialScope> = [], expires: Int64? = nil,
        networks: [String] = []
    ) async throws(AdministrationError) -> CreatedAppPassword {
        let account = try await account(address)
        let label = try checkedLabel(label)
        let scopes = try Self.checkedScopes(scopes)
        let networks = try Self.checkedNetworks(networks)
        if let expires, expires <= now() { throw .credential(.badExpiry(expires)) }
        let salt = try await scramSalt(of: account)
        // An id of 25 bits meets another's now and then; then a new one is drawn.
        for attempt in 1... {
            let text: AppPasswordText
            do { text = try AppPasswordText.make() } catch { throw .hashingFailed("\(error)") }
            let new = NewCredential(
                kind: .appPassword, secret: try await hash(text.secret), label: label, publicID: text.publicID,
                scopes: scopes, networks: networks, expires: expires, scram: try Self.scram(text, salt: salt))
            do {
                let record = try await store.directory.addCredential(
                    new, to: account.id, limit: Self.mostAppPasswords, action: "app-password.create", by: actor)
                return CreatedAppPassword(info: info(record, history: []), secret: text.display)
            } catch {
                if case .alreadyExists = error, attempt < 16 { continue }
                throw .store(error)
            }
        }
        throw .hashingFailed("no free id was found")
    }

    /// The account's app passwords, oldest first.
    package func appPasswords(_ address: String) async throws(AdministrationError) -> [AppPasswordInfo] {
        let account = try await account(address)
        let records = try await credentials(of: account, .appPassword)
        let history = try await storing { () async throws(StoreError) in
            try await store.directory.loginHistory(of: account.id, limit: StoreLimits.loginHistory)
        }
        return records.map { info($0, history: history) }
    }

    /// One of them.
    /// - Parameter id: the public id, in any case.
    package func appPassword(_ address: String, id: String) async throws(AdministrationError) -> AppPasswordInfo {
        let wanted = Self.publicID(id)
        for info in try await appPasswords(address) where info.id == wanted { return info }
        throw .credential(.noSuchAppPassword(id, account: address))
    }

    /// Ends an app password, and the sessions that live on it.
    package func revokeAppPassword(_ address: String, id: String) async throws(AdministrationError) {
        let account = try await account(address)
        let wanted = Self.publicID(id)
        for record in try await credentials(of: account, .appPassword) where record.publicID == wanted {
            return try await remove(record, action: "app-password.revoke") {
                .noSuchAppPassword(id, account: account.address.description)
            }
        }
        throw .credential(.noSuchAppPassword(id, account: account.address.description))
    }
}

extension AccountAdministration {
    /// A label: one line, not too long, in normalisation form C.
    func checkedLabel(_ label: String) throws(AdministrationError) -> String {
        let label = label.normalizedToNFC
        guard label.utf8.count <= Self.longestLabel else {
            throw .credential(.badLabel("has \(label.utf8.count) bytes; the most is \(Self.longestLabel)"))
        }
        for scalar in label.unicodeScalars where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
            throw .credential(.badLabel("holds a control character, such as a line end; leave it out"))
        }
        return label
    }

    static func checkedScopes(
        _ scopes: Set<CredentialScope>
    ) throws(AdministrationError) -> Set<CredentialScope> {
        if scopes.isEmpty { return defaultScopes }
        if scopes == [.readOnly] { return [.imap, .readOnly] }
        return scopes
    }

    static func checkedNetworks(_ texts: [String]) throws(AdministrationError) -> [String] {
        guard texts.count <= mostNetworks else { throw .credential(.tooManyNetworks(mostNetworks)) }
        var networks: [String] = []
        for text in texts {
            let network: Network
            do { network = try Network(text) } catch { throw .credential(.badNetwork(error)) }
            if !networks.contains(network.description) { networks.append(network.description) }
        }
        return networks
    }

    /// Removes a credential; one that is gone already is `gone`.
    func remove(
        _ record: CredentialRecord, action: String, gone: () -> CredentialProblem
    ) async throws(AdministrationError) {
        do {
            try await store.directory.removeCredential(record.id, action: action, by: actor)
        } catch {
            if case .notFound = error { throw .credential(gone()) }
            throw .store(error)
        }
    }

    private func info(_ record: CredentialRecord, history: [LoginUse]) -> AppPasswordInfo {
        AppPasswordInfo(
            id: record.publicID ?? "", label: record.label, scopes: record.scopes, networks: record.networks,
            created: record.created, expires: record.expires,
            isExpired: record.expires.map { $0 <= now() } ?? false, useCount: record.useCount,
            lastUsed: record.lastUsed, lastLogin: history.first { $0.credentialID == record.id })
    }

    /// The five letters as they are stored; what is none stays as it is and is found nowhere.
    private static func publicID(_ text: String) -> String {
        CrockfordText.values(Array(text.utf8), length: AppPasswordText.publicIDLength)
            .map { String(decoding: CrockfordText.letters($0), as: UTF8.self) } ?? text
    }

    /// One salt for all app passwords of an account: SCRAM names it before it knows which one the client proves.
    private func scramSalt(of account: AccountRecord) async throws(AdministrationError) -> [UInt8] {
        let proposal: [UInt8]
        do { proposal = try SecureRandom.bytes(16) } catch { throw .hashingFailed("\(error)") }
        return try await storing { () async throws(StoreError) in
            try await store.directory.ensureScramSalt(of: account.id, proposal: proposal)
        }
    }

    /// The keys of every spelling that a client may hash.
    private static func scram(_ text: AppPasswordText, salt: [UInt8]) throws(AdministrationError) -> String {
        do {
            return SCRAMKeys.text(of: try text.spellings.map { try SCRAMKeys.make(password: $0, salt: salt) })
        } catch {
            throw .hashingFailed("\(error)")
        }
    }
}
