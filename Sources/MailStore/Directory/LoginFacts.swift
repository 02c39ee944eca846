// What a login with a password must know of the directory, read in one go.
//
// Each read costs a jump to another thread and back, which is most of what a login costs; and what is read at once is
// of one moment. Whoever is asked for, the same statements run: a name that nobody has takes no less time than another.
// They are few and find single rows, so the read is a brief one.

import GRDB
package import Mail

/// Of one moment.
package struct LoginFacts: Sendable {
    /// nil when nobody, or more than one, has the address.
    package let account: AccountRecord?
    /// The one that was asked for; of an app password also when it is another account's.
    package let credential: CredentialRecord?
    /// The account has TOTP, set up to its end.
    package let hasTOTP: Bool
    /// The settings that were asked for and are set.
    package let settings: [String: String]
    package let switches: CapabilitySwitches
    /// Of the directory, as it was then or before.
    package let version: DirectoryVersion
}

/// Moves with every commit that `watchChanges` tells of. While it stays the same, nothing was told.
package struct DirectoryVersion: Hashable, Sendable {
    let count: UInt64
}

/// Which of its credentials somebody logs in with.
package enum LoginSecret: Hashable, Sendable {
    case mainPassword
    /// The id inside an app password.
    case appPassword(publicID: String)
}

extension Directory {
    /// - Parameters:
    ///   - address: nil for what is no address, and so nobody's.
    ///   - settings: the keys of those that the answer is to have.
    package func loginFacts(
        of address: EmailAddress?, secret: LoginSecret, settings keys: [String]
    ) async throws(StoreError) -> LoginFacts {
        let key = address?.lookupKey ?? ""
        return try await file.read(isBrief: true) { [hub] db in
            // Before anything is read: what is committed from here on moves it.
            let version = hub.version
            let account = try db.account(key: key)
            let id = account?.id ?? AccountID(rawValue: 0)
            var settings: [String: String] = [:]
            for key in keys { settings[key] = try db.setting(key) }
            return LoginFacts(
                account: account, credential: try db.credential(secret, of: id), hasTOTP: try db.hasTOTP(id),
                settings: settings, switches: try db.capabilitySwitches(of: id), version: version)
        }
    }

    /// Moves before anybody is told of a change.
    package var version: DirectoryVersion { hub.version }
}

extension Database {
    fileprivate func credential(_ secret: LoginSecret, of account: AccountID) throws -> CredentialRecord? {
        switch secret {
        case .mainPassword: try credentials(of: account, kind: .password).first
        case .appPassword(let publicID): try credential(publicID: publicID, kind: .appPassword)
        }
    }

    fileprivate func hasTOTP(_ account: AccountID) throws -> Bool {
        try first(
            "SELECT 1 FROM credential WHERE account_id = ? AND kind = 'totp' AND confirmed = 1", .int(account.rawValue)
        ) { _ in true } ?? false
    }
}
