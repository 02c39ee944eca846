// From the identifiers of RFC 4314 to accounts, and back.

import Accounts
import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// The mailbox whose access control list a command is about.
    /// - Throws: what the store says of one that is not there, not to be seen, or not this session's to administer.
    func administered(_ argument: MailboxArgument) async throws -> MailboxReference {
        let mailbox = try await resolve(argument)
        guard try await mailbox.account.hasMailbox(mailbox.name) else {
            throw StoreError.mailboxNotFound(mailbox.name)
        }
        guard mailbox.rights.contains(.administer) else { throw StoreError.notPermitted }
        return mailbox
    }

    /// - Throws: `Refusal` for an account that does not exist: a slip of the pen must not look like a success.
    func grantee(_ identifier: AccessIdentifier) async throws -> Grantee {
        if identifier.name == AccessIdentifier.anyone { return .anyone }
        guard let address = try? EmailAddress(identifier.name),
            let account = try await environment.store.directory.account(address: address)
        else {
            throw Refusal(.no("There is no account of that name; write an address or \"anyone\".", code: .nonexistent))
        }
        return .account(account.id)
    }

    /// The list as GETACL tells it: the owner first, then the others; accounts that are gone are left out.
    func identifiers(
        _ entries: [AccessEntry], owner: AccountID
    ) async throws -> [(identifier: String, rights: MailboxRights)] {
        var all: [(identifier: String, rights: MailboxRights)] = []
        if let record = try await environment.store.directory.account(owner) {
            all.append((record.address.description, .all))
        }
        for entry in entries {
            var name = AccessIdentifier.anyone
            if case .account(let id) = entry.grantee {
                guard let record = try await environment.store.directory.account(id) else { continue }
                name = record.address.description
            }
            all.append((AccessIdentifier(name: name, isNegative: entry.isNegative).text, entry.rights))
        }
        return all
    }
}
