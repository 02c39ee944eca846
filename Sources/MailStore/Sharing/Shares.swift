// Who shares with whom: finding it without opening every account, and changing it.
//
// Theory. A right counts when it stands in the owner's file. `directory.db` has one row for each pair of an owner and
// somebody to whom the owner gives anything, so that a guest's LIST opens the files of those owners alone. Invariant:
// no row is missing. A right is given by: row, right, row again; it is taken by: right, then the row if nothing is
// given any more, then the row again if meanwhile something is. Whichever way two processes interleave these, the last
// to act sees the other's right. A row too many is harmless, and goes when somebody finds nothing behind it.

import GRDB
import Logging
package import Mail

extension Directory {
    /// The accounts that may share something with this one, by their address.
    package func owners(sharingWith guest: AccountID) async throws(StoreError) -> [AccountRecord] {
        try await file.read(isBrief: true) { db in
            var ids: Set<AccountID> = []
            try db.each(
                "SELECT owner_id FROM share WHERE grantee_id IN (0, ?) AND owner_id != ?", .int(guest.rawValue),
                .int(guest.rawValue)
            ) { ids.insert(AccountID(rawValue: $0.int(0))) }
            try CachedReads.bound(ids.count, to: 16)
            return try ids.sorted().map { try db.requireAccount($0) }
        }
    }

    /// The account that stands under that level of `Other Users`, if it may share something with the guest.
    func owner(_ element: String, sharingWith guest: AccountID) async throws(StoreError) -> AccountRecord? {
        try await owners(sharingWith: guest).first { $0.sharedElement == element }
    }

    func noteShare(_ owner: AccountID, _ grantee: Grantee) async throws(StoreError) {
        let isKnown = try await file.read { db in
            try db.first(
                "SELECT 1 FROM share WHERE grantee_id = ? AND owner_id = ?", .int(grantee.key), .int(owner.rawValue)
            ) { _ in true }
        }
        guard isKnown != true else { return }
        try await writeShares { db in
            // Not for an account that has been removed meanwhile.
            try db.run(
                "INSERT OR IGNORE INTO share (grantee_id, owner_id) SELECT ?, id FROM account WHERE id = ?",
                .int(grantee.key), .int(owner.rawValue))
        }
    }

    func forgetShare(_ owner: AccountID, _ grantee: Grantee) async throws(StoreError) {
        try await note { db in
            try db.run(
                "DELETE FROM share WHERE grantee_id = ? AND owner_id = ?", .int(grantee.key), .int(owner.rawValue))
        }
    }
}

extension Store {
    /// Changes what a grantee may do with a mailbox (RFC 4314 §3.1). An entry without rights is none.
    /// - Parameters:
    ///   - name: as the account calls it.
    ///   - account: the owner's handle, or that of a guest who administers the mailbox.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`, `.refused` for the owner, `.limit`.
    package func setRights(
        on name: MailboxName, of account: AccountStore, for grantee: Grantee, isNegative: Bool, _ change: RightsChange
    ) async throws(StoreError) {
        try await account.checkAdministers(name)
        guard grantee != .account(account.id) else {
            throw .refused(reason: "the owner of a mailbox always has every right on it")
        }
        guard !isNegative else {
            return try await account.changeAccess(of: name, grantee, isNegative: true, change)
        }
        try await directory.noteShare(account.id, grantee)
        try await account.changeAccess(of: name, grantee, isNegative: false, change)
        try await settleShare(account, grantee)
    }

    /// Makes the directory's row what the account's file says.
    private func settleShare(_ account: AccountStore, _ grantee: Grantee) async throws(StoreError) {
        if try await !account.gives(to: grantee) {
            try await directory.forgetShare(account.id, grantee)
            guard try await account.gives(to: grantee) else { return }
        }
        try await directory.noteShare(account.id, grantee)
    }

    /// A mailbox that others may have shared.
    /// - Parameters:
    ///   - name: under `Other Users`.
    ///   - mail: of the guest.
    /// - Returns: the owner's mail as the guest may use it, and the owner's name for the mailbox. For what does not
    ///   exist, a handle to which nothing exists: all that is done with it comes out as it does for what is hidden.
    package func sharedMailbox(
        _ name: MailboxName, for mail: AccountStore
    ) async throws(StoreError) -> (account: AccountStore, name: MailboxName) {
        let nobody = mail.accessed(by: .nobody)
        guard let (element, inner) = name.inOtherUsers else { return (nobody, name) }
        guard let owner = try await directory.owner(element, sharingWith: mail.id) else { return (nobody, inner) }
        return (try await sharedAccount(of: owner, for: mail), inner)
    }

    /// The mail of somebody who shares, as the guest may use it.
    package func sharedAccount(
        of owner: AccountRecord, for mail: AccountStore
    ) async throws(StoreError) -> AccountStore {
        let account = try await account(owner.id).accessed(by: mail.id)
        return mail.session.map { account.used(by: $0) } ?? account
    }

    /// The mailboxes of others that a guest may see, under the names that the guest knows them by. An owner whose mail
    /// cannot be read is logged and passed over: the guest's own mailboxes are to be had all the same.
    package func sharedMailboxes(
        for guest: AccountID, counting: MailboxCountOptions = []
    ) async throws(StoreError) -> [MailboxInfo] {
        var all: [MailboxInfo] = []
        for owner in try await directory.owners(sharingWith: guest) {
            do throws(StoreError) {
                all += try await sharedMailboxes(of: owner, for: guest, counting)
            } catch {
                logger.error(
                    "cannot list what an account shares",
                    metadata: ["account": "\(owner.address)", "reason": "\(error.explanation)"])
            }
        }
        return all
    }

    private func sharedMailboxes(
        of owner: AccountRecord, for guest: AccountID, _ counting: MailboxCountOptions
    ) async throws(StoreError) -> [MailboxInfo] {
        let mail = try await account(owner.id)
        let mailboxes = try await mail.accessed(by: guest).mailboxes(counting: counting)
        if mailboxes.isEmpty {
            for grantee in [Grantee.account(guest), .anyone] { try await settleShare(mail, grantee) }
        }
        return mailboxes.compactMap { $0.shown(of: owner) }
    }

    /// Where the directory has no row for what an account's file gives.
    func shareProblems(_ id: AccountID) async throws(StoreError) -> [String] {
        let grantees = try await account(id).grantees()
        let known = try await directory.file.read { db in
            var known: Set<Grantee> = []
            try db.each("SELECT grantee_id FROM share WHERE owner_id = ?", .int(id.rawValue)) {
                known.insert(Grantee(key: $0.int(0)))
            }
            // An account that is gone gets nothing any more, and its id is no other's.
            let ids = Set(try db.accountIDs())
            return known.union(grantees.filter { if case .account(let id) = $0 { !ids.contains(id) } else { false } })
        }
        return grantees.subtracting(known).sorted { $0.key < $1.key }.map { grantee in
            "directory.db: account #\(id) shares with \(grantee.key == 0 ? "anyone" : "account #\(grantee.key)"), "
                + "and the directory does not know it; \"martlet acl set\" any right of it to mend that"
        }
    }
}

extension Directory {
    /// Enters a change of an access list into the audit trail.
    package func noteAccess(
        _ owner: EmailAddress, _ mailbox: MailboxName, _ identifier: String, _ change: RightsChange, by actor: String
    ) async throws(StoreError) {
        let rights =
            switch change {
            case .replace(let rights): rights.text
            case .add(let rights): "+" + rights.text
            case .remove(let rights): "-" + rights.text
            }
        try await note { db in
            try db.audit(actor, "acl.set", owner.description, "\(mailbox.text) \(identifier) \"\(rights)\"")
        }
    }
}
