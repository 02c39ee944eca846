// Who may use whose mailboxes, as administrators see and change it.

package import Mail
import MailStore

/// A line of a mailbox's access list as people read it.
package struct AccessLine: Hashable, Sendable {
    /// An account's address or `anyone`, with a `-` before it where the line takes rights away.
    package let identifier: String
    package let rights: MailboxRights
}

extension AccountAdministration {
    /// The access list of a mailbox, without its owner, who has every right, and without accounts that are gone.
    package func accessList(
        of address: String, _ mailbox: MailboxName
    ) async throws(AdministrationError) -> [AccessLine] {
        let account = try await account(address)
        return try await storing { () async throws(StoreError) in
            var lines: [AccessLine] = []
            for entry in try await store.account(account.id).accessList(of: mailbox) {
                var name = "anyone"
                if case .account(let id) = entry.grantee {
                    guard let record = try await store.directory.account(id) else { continue }
                    name = record.address.description
                }
                lines.append(AccessLine(identifier: (entry.isNegative ? "-" : "") + name, rights: entry.rights))
            }
            return lines
        }
    }

    /// Changes one line; one without rights is no line.
    /// - Parameter identifier: as in `AccessLine`.
    package func setAccess(
        of address: String, _ mailbox: MailboxName, for identifier: String, _ change: RightsChange
    ) async throws(AdministrationError) {
        let owner = try await account(address)
        let isNegative = identifier.hasPrefix("-")
        let name = isNegative ? String(identifier.dropFirst()) : identifier
        var grantee = Grantee.anyone
        if name != "anyone" { grantee = .account(try await account(name).id) }
        try await storing { () async throws(StoreError) in
            try await store.setRights(
                on: mailbox, of: try await store.account(owner.id), for: grantee, isNegative: isNegative, change)
            try await store.directory.noteAccess(owner.address, mailbox, identifier, change, by: actor)
        }
    }
}
