// GETQUOTA, GETQUOTAROOT, SETQUOTA: each account is one quota root, whose name is empty.

import Accounts
import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// The root of the session's own account. Those of others are nobody else's business: their mailboxes show none.
    private static let quotaRoot = ""

    /// RFC 9208 §4.1.1.
    func getQuota(_ getQuota: GetQuota) async throws -> Completion {
        guard getQuota.root.isEmpty else { return .no("There is no such quota root.", code: .nonexistent) }
        try await writeQuota()
        return .ok("GETQUOTA completed.")
    }

    /// RFC 9208 §4.1.2. The mailbox need not exist; what is another account's, or would be, has no root.
    func getQuotaRoot(_ getQuotaRoot: GetQuotaRoot) async throws -> Completion {
        let name = try name(of: getQuotaRoot.mailbox)
        let own = try loggedIn().account.id
        let isOwn: Bool
        do {
            isOwn = try await resolve(name).account.id == own
        } catch is StoreError {
            isOwn = false
        }
        connection.writer.quotaRoot(name, isOwn ? [Session.quotaRoot] : [])
        if isOwn { try await writeQuota() }
        return .ok("GETQUOTAROOT completed.")
    }

    /// RFC 9208 §4.1.3. For owners whom the administrator lets set their quota themselves.
    func setQuota(_ setQuota: SetQuota) async throws -> Completion {
        let identity = try loggedIn()
        guard setQuota.root.isEmpty else { return .no("There is no such quota root.", code: .nonexistent) }
        guard try await identity.account.quotaUsage().quota.isOwnersToSet else {
            return .no("The administrator sets this quota.", code: .noPerm)
        }
        var (bytes, messages): (Int64?, Int64?)
        for limit in setQuota.limits {
            switch limit.resource {
            case .storage:
                let (product, overflow) = limit.value.multipliedReportingOverflow(by: 1_024)
                guard !overflow, let size = Int64(exactly: product) else {
                    return .no("A quota is below 2^63 bytes.", code: .cannot)
                }
                bytes = size
            case .message: messages = Int64(clamping: limit.value)
            case nil: return .no("There are quotas of STORAGE and MESSAGE only.", code: .cannot)
            }
        }
        let address = identity.login.account.address.description
        let administration = AccountAdministration(store: environment.store, actor: "imap:\(address)")
        do throws(AdministrationError) {
            try await administration.setQuota(of: address, to: bytes, messages: messages)
        } catch {
            return .no("The quota could not be set.", code: .unavailable)
        }
        try await writeQuota()
        return .ok("SETQUOTA completed.")
    }

    private func writeQuota() async throws {
        let usage = try await loggedIn().account.quotaUsage()
        var resources: [(resource: QuotaResource, usage: UInt64, limit: UInt64)] = []
        if let limit = usage.quota.bytes {
            resources.append((.storage, Session.kibibytes(usage.bytes), Session.kibibytes(limit)))
        }
        if let limit = usage.quota.messages {
            resources.append((.message, UInt64(clamping: usage.messages), UInt64(clamping: limit)))
        }
        connection.writer.quota(Session.quotaRoot, resources)
    }

    /// Rounded up, usage and limit alike: what is within bytes stays within.
    private static func kibibytes(_ bytes: Int64) -> UInt64 {
        let bytes = UInt64(clamping: bytes)
        return bytes / 1_024 + (bytes % 1_024 == 0 ? 0 : 1)
    }
}
