// Why a login works or does not: what would be accepted from where, and what was refused, in words.

internal import Mail
package import MailStore

/// What somebody who cannot log in, or wonders who can, needs to know about an account.
package struct LoginExplanation: Hashable, Sendable {
    /// A credential, and what it is good for.
    package struct Way: Hashable, Sendable {
        package let kind: CredentialKind
        /// An app password's id, a certificate's fingerprint; nil for the others.
        package let id: String?
        package let label: String
        /// Whether a mail program may log in with it now, from the address in question where one was given; within its
        /// scopes.
        package let isAccepted: Bool
        package let scopes: Set<CredentialScope>
        /// One sentence.
        package let explanation: String
    }

    /// A refused login.
    package struct Failure: Hashable, Sendable {
        package let record: LoginFailureRecord
        /// What the reason means, and what helps.
        package let explanation: String
    }

    package let account: String
    package let status: AccountStatus
    /// The address that was asked about.
    package let from: String?
    /// A ban that holds it.
    package let ban: BanRecord?
    package let ways: [Way]
    /// The newest first.
    package let failures: [Failure]
}

extension AccountAdministration {
    /// Explains an account's logins.
    /// - Parameters:
    ///   - from: the client's address; nil for wherever.
    ///   - failures: so many of the newest refusals.
    package func loginExplanation(
        _ address: String, from: String? = nil, failures limit: Int = 20
    ) async throws(AdministrationError) -> LoginExplanation {
        let account = try await account(address)
        var source: IPAddress?
        if let from {
            source = IPAddress(from)
            if source == nil { throw .credential(.badNetwork(.notANetwork(from))) }
        }
        let policy = try await policy(of: account)
        let records = try await storing { () async throws(StoreError) in
            try await store.directory.credentials(of: account.id)
        }
        let failures = try await storing { () async throws(StoreError) in
            try await store.directory.loginFailures(
                of: account.id, name: account.address.description, limit: limit)
        }
        let explainer = WayExplainer(account: account, policy: policy, source: source, now: now())
        var ways = records.filter { $0.kind != .recoveryCode }.map(explainer.way)
        if !records.contains(where: { $0.kind == .password }) { ways.insert(explainer.noPassword, at: 0) }
        let ban = try await bans().first { ban in
            guard let source, let network = try? Network(ban.network) else { return false }
            return network.contains(source)
        }
        return LoginExplanation(
            account: account.address.description, status: account.status, from: source?.description, ban: ban,
            ways: ways, failures: failures.map { .init(record: $0, explanation: Self.explanation(of: $0.reason)) })
    }

    /// What a refusal's word in log and records means.
    package static func explanation(of reason: String) -> String {
        switch reason {
        case "unknown-user": "nobody here has this name; it is the whole address, such as alice@example.org"
        case "no-password": "the account has no password; set one, or make an app password"
        case "wrong-password": "the password was wrong"
        case "unknown-app-password": "no app password of this account has this id: it was revoked, or is another's"
        case "wrong-app-password": "the app password was mistyped or is another one"
        case "wrong-proof":
            "no app password gives this SCRAM proof; the main password does not work with SCRAM, PLAIN over TLS does"
        case "channel-binding": "the TLS connection is not the one that the client saw: something stands between"
        case "no-certificate": "EXTERNAL was asked for without a client certificate"
        case "unknown-certificate": "the client certificate is not enrolled"
        case "suspended": "the account is suspended; resume it with: martlet user resume"
        case "out-of-scope": "the app password or certificate is not for this protocol"
        case "outside-networks": "the app password or certificate may not be used from this address"
        case "expired": "the app password or certificate has expired"
        case "not-authorized": "the client asked to act for another account"
        case "app-password-needed": "the password was right, and an app password is needed from there"
        case "limited": "too many failures from this network or for this name; nothing was checked"
        case "wrong-code": "the TOTP code was wrong or used already; the clocks may differ"
        case "wrong-recovery-code": "the recovery code was wrong or used already"
        case "too-many-codes": "too many wrong codes or passwords; nothing was checked"
        case "totp-key": "the server cannot open its TOTP secrets; see keys/totp.key"
        default: reason
        }
    }
}

/// Says of each credential what it is good for.
private struct WayExplainer {
    let account: AccountRecord
    let policy: PolicyInfo
    let source: IPAddress?
    let now: Int64

    var noPassword: LoginExplanation.Way {
        .init(
            kind: .password, id: nil, label: "", isAccepted: false, scopes: [],
            explanation: "none is set; set one with: martlet user passwd \(account.address)")
    }

    func way(_ record: CredentialRecord) -> LoginExplanation.Way {
        let (isAccepted, explanation) =
            switch record.kind {
            case .password: mainPassword()
            case .totp, .recoveryCode: totp(record)
            case .appPassword, .certificate: restricted(record)
            }
        let isActive = account.status == .active
        return .init(
            kind: record.kind, id: record.publicID, label: record.label, isAccepted: isAccepted && isActive,
            scopes: record.scopes,
            explanation: isActive ? explanation : "not accepted: the account is suspended; otherwise \(explanation)")
    }

    private func mainPassword() -> (Bool, String) {
        let whose = policy.account == nil ? "the server's policy" : "the account's policy"
        switch policy.effective {
        case .everywhere: return (true, "accepted everywhere, by \(whose)")
        case .never:
            let why = policy.hasTOTP ? "TOTP is on" : "\(whose) says so"
            return (false, "never accepted by mail programs, for \(why): they need an app password")
        case .trustedNetworks:
            let networks = policy.trustedNetworks.map(\.description).joined(separator: " ")
            let rule = "accepted from trusted networks alone, by \(whose): \(networks.isEmpty ? "none" : networks)"
            guard let source else { return (!policy.trustedNetworks.isEmpty, rule) }
            return policy.trustedNetworks.contains { $0.contains(source) }
                ? (true, rule) : (false, "not accepted from \(source); it is \(rule)")
        }
    }

    private func totp(_ record: CredentialRecord) -> (Bool, String) {
        guard record.isConfirmed else { return (false, "enrolled and not confirmed yet: it changes nothing so far") }
        let most = AccountAdministration.codeLimits.inARow ?? .max
        guard record.failures < most else {
            return (false, "blocked after \(record.failures) wrong codes in a row; reset it or use a recovery code")
        }
        return (false, "asked for where credentials are changed, never by mail programs")
    }

    private func restricted(_ record: CredentialRecord) -> (Bool, String) {
        if let expires = record.expires, expires <= now { return (false, "not accepted: it has expired") }
        let protocols = CredentialScope.allCases.filter { $0 != .readOnly && record.scopes.contains($0) }
        let names = protocols.map(\.rawValue).joined(separator: ", ")
        var rule = "accepted for \(names.isEmpty ? "nothing" : names)"
        if record.scopes.contains(.readOnly) { rule += ", reading only" }
        guard !record.networks.isEmpty else { return (!protocols.isEmpty, rule + ", from anywhere") }
        rule += ", from \(record.networks.joined(separator: " ")) alone"
        guard let source else { return (!protocols.isEmpty, rule) }
        let isInside = record.networks.contains { (try? Network($0))?.contains(source) ?? false }
        return isInside ? (!protocols.isEmpty, rule) : (false, "not accepted from \(source); it is \(rule)")
    }
}
