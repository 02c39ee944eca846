// SETACL: rights are given to somebody, or taken.

import Accounts
import IMAPSyntax
import Logging
import Mail
import MailStore

extension Session {
    /// RFC 4314 §3.1. Sessions that have the mailbox selected learn of it at once.
    func setACL(_ setACL: SetACL) async throws -> Completion {
        try await change(setACL.mailbox, setACL.identifier, setACL.change)
        return .ok("SETACL completed.")
    }

    func change(
        _ argument: MailboxArgument, _ identifier: AccessIdentifier, _ change: RightsChange
    ) async throws {
        let mailbox = try await administered(argument)
        let grantee = try await grantee(identifier)
        guard grantee != .account(mailbox.account.id) else {
            throw Refusal(.no("The owner of a mailbox always has every right on it.", code: .cannot))
        }
        try await environment.store.setRights(
            on: mailbox.name, of: mailbox.account, for: grantee, isNegative: identifier.isNegative, change)
        try await audit(mailbox, identifier, change)
        logger.info(
            "access list changed",
            metadata: [
                "owner": "\(mailbox.account.id)", "mailbox": "\(mailbox.name)", "identifier": "\(identifier.text)",
            ])
    }

    private func audit(
        _ mailbox: MailboxReference, _ identifier: AccessIdentifier, _ change: RightsChange
    ) async throws {
        let directory = environment.store.directory
        guard let owner = try await directory.account(mailbox.account.id) else { return }
        try await directory.noteAccess(
            owner.address, mailbox.name, identifier.text, change,
            by: "imap:\(try loggedIn().login.account.address)")
    }
}
