// The store's agreed shape without a body, so that what stands on it compiles: delete this folder when the store is here.

package import Logging
package import Mail
package import NIOCore

private let absent = StoreError.unavailable("the store is not built yet")

package struct DataDirectory: Sendable {
    package let root: String
    package var tlsCertificate: String { root + "/tls/cert.pem" }
    package var tlsKey: String { root + "/tls/key.pem" }
    package var configuration: String { root + "/martlet.yaml" }
    package var lmtpSocket: String { root + "/lmtp.sock" }
    package var controlSocket: String { root + "/control.sock" }
}

package final class Store: Sendable {
    package struct Options: Sendable {
        package var openAccounts = 256
        package var readersPerAccount = 2
        package var retentionDays = 14
        package init() {}
    }
    package let directory: Directory
    package let layout: DataDirectory
    private init(layout: DataDirectory) {
        self.layout = layout
        directory = Directory()
    }
    package static func open(
        at path: String, exclusive: Bool, options: Options = .init(), logger: Logger
    ) async throws(StoreError) -> Store { throw absent }
    package static func create(at path: String, hostname: String, logger: Logger) async throws(StoreError) -> Store {
        throw absent
    }
    package func account(_ id: AccountID) async throws(StoreError) -> AccountStore { throw absent }
    package func stage(limit: Int? = nil) -> MessageStaging { MessageStaging() }
    package func removeAccountFile(_ id: AccountID) async throws(StoreError) { throw absent }
    package func checkIntegrity() async throws(StoreError) -> IntegrityReport { throw absent }
    package func close() async {}
}

package struct IntegrityReport: Sendable {
    package var problems: [String] = []
    package var accounts = 0
    package var mailboxes = 0
    package var messages = 0
    package var isClean: Bool { problems.isEmpty }
    package init() {}
}

package enum AccountStatus: String, Sendable, Hashable { case active, suspended }
package struct AccountRecord: Sendable, Hashable {
    package let id: AccountID
    package let address: EmailAddress
    package let displayName: String
    package let status: AccountStatus
    package let quota: Int64?
    package let created: Int64
    package let generation: Int64
}
package struct DomainRecord: Sendable, Hashable {
    package let name: String
    package let created: Int64
}
package struct CredentialRecord: Sendable, Hashable {
    package let id: CredentialID
    package let accountID: AccountID
    package let secret: String
    package let changed: Int64
}
package enum AliasName: Sendable, Hashable {
    case address(EmailAddress)
    case catchAll(domain: String)
    package var domain: String {
        switch self {
        case .address(let address): address.domain
        case .catchAll(let domain): domain
        }
    }
}
package struct AliasRecord: Sendable, Hashable {
    package let name: AliasName
    package let targets: [AccountRecord]
}
package struct Recipient: Sendable, Hashable {
    package let account: AccountRecord
    package let detail: String?
}

package final class Directory: Sendable {
    init() {}
    package func setting(_ key: String) async throws(StoreError) -> String? { throw absent }
    package func setSetting(_ key: String, _ value: String) async throws(StoreError) { throw absent }
    package func domains() async throws(StoreError) -> [DomainRecord] { throw absent }
    package func addDomain(_ name: String, by actor: String) async throws(StoreError) { throw absent }
    package func removeDomain(_ name: String, by actor: String) async throws(StoreError) { throw absent }
    package func accounts() async throws(StoreError) -> [AccountRecord] { throw absent }
    package func account(_ id: AccountID) async throws(StoreError) -> AccountRecord? { throw absent }
    package func account(address: EmailAddress) async throws(StoreError) -> AccountRecord? { throw absent }
    package func addAccount(
        address: EmailAddress, displayName: String, passwordHash: String?, quota: Int64?, by actor: String
    ) async throws(StoreError) -> AccountRecord { throw absent }
    package func renameAccount(_ id: AccountID, to address: EmailAddress, by actor: String) async throws(StoreError) {
        throw absent
    }
    package func setStatus(_ id: AccountID, _ status: AccountStatus, by actor: String) async throws(StoreError) {
        throw absent
    }
    package func setQuota(_ id: AccountID, _ bytes: Int64?, by actor: String) async throws(StoreError) { throw absent }
    package func removeAccount(_ id: AccountID, by actor: String) async throws(StoreError) { throw absent }
    package func aliases() async throws(StoreError) -> [AliasRecord] { throw absent }
    package func addAlias(_ name: AliasName, targets: [AccountID], by actor: String) async throws(StoreError) {
        throw absent
    }
    package func removeAlias(_ name: AliasName, by actor: String) async throws(StoreError) { throw absent }
    package func recipients(for address: EmailAddress) async throws(StoreError) -> [Recipient] { throw absent }
    package func passwordCredential(of id: AccountID) async throws(StoreError) -> CredentialRecord? { throw absent }
    package func setPassword(_ id: AccountID, hash: String, by actor: String) async throws(StoreError) { throw absent }
    package func rehash(_ credential: CredentialID, from old: String, to new: String) async throws(StoreError) {
        throw absent
    }
    package func credentialExists(_ id: CredentialID, changed: Int64) async throws(StoreError) -> Bool { throw absent }
}

package final class AccountStore: Sendable {
    package let id = AccountID(rawValue: 0)
    package func mailboxes() async throws(StoreError) -> [MailboxInfo] { throw absent }
    package func mailbox(_ name: MailboxName) async throws(StoreError) -> MailboxInfo? { throw absent }
    package func createMailbox(_ name: MailboxName, specialUse: SpecialUse? = nil) async throws(StoreError)
        -> MailboxInfo
    { throw absent }
    package func append(_ messages: [NewMessage], to name: MailboxName) async throws(StoreError) -> AppendOutcome {
        throw absent
    }
    package func usage() async throws(StoreError) -> (used: Int64, quota: Int64?) { throw absent }
}
package struct MailboxInfo: Sendable {
    package let id: MailboxID
    package let name: MailboxName
}
package struct AppendOutcome: Sendable {
    package let mailboxID: MailboxID
    package let uidValidity: UIDValidity
    package let uids: [UID?]
    package let name: MailboxName
}
package struct NewMessage: Sendable {
    package init(
        _ staged: StagedMessage, flags: Flags = .none, internalDate: MailDate, importKey: [UInt8]? = nil
    ) {}
}
package struct StagedMessage: Sendable { package let size: Int = 0 }
package final class MessageStaging: Sendable {
    package func write(_ bytes: ByteBuffer) async throws(StoreError) { throw absent }
    package func finish() async throws(StoreError) -> StagedMessage { throw absent }
    package func discard() {}
}
