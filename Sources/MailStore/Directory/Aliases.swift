// Aliases and catch-alls, and whose mail an address is.

import GRDB
package import Mail

extension Directory {
    /// Every alias, sorted by its text.
    package func aliases() async throws(StoreError) -> [AliasRecord] {
        try await file.read { db in
            var keys: [(text: String, key: String)] = []
            try db.each("SELECT text, key FROM address WHERE kind = 'alias' ORDER BY key") {
                keys.append(($0.text(0), $0.text(1)))
            }
            return try keys.map {
                AliasRecord(name: try AliasName(stored: $0.text), targets: try db.accounts(key: $0.key))
            }
        }
    }

    /// - Parameter targets: at least one account; all get a copy of the mail.
    /// - Throws: `.notFound` for the domain or an account, `.alreadyExists` for the name.
    package func addAlias(_ name: AliasName, targets: [AccountID], by actor: String) async throws(StoreError) {
        try await write { db in
            let domain = try db.requireDomain(name.domain)
            try db.refuseTaken(name.key, name.text)
            guard !targets.isEmpty else { throw StoreError.refused(reason: "an alias needs at least one account") }
            let accounts = try targets.map { try db.requireAccount($0) }
            try db.addAddress(name.text, name.key, domain, kind: "alias", targets: targets)
            try db.audit(
                actor, "alias.add", name.text, accounts.map(\.address.description).joined(separator: " "))
        }
    }

    /// - Throws: `.notFound`.
    package func removeAlias(_ name: AliasName, by actor: String) async throws(StoreError) {
        try await write { db in
            try db.run("DELETE FROM address WHERE key = ? AND kind = 'alias'", .text(name.key))
            guard db.changesCount > 0 else { throw StoreError.notFound(kind: "alias", name: name.text) }
            try db.audit(actor, "alias.remove", name.text)
        }
    }

    /// Who gets mail for an address: the exact address, else the one before `+`, else the domain's catch-all.
    /// Empty when nobody.
    package func recipients(for address: EmailAddress) async throws(StoreError) -> [Recipient] {
        try await file.read { db in
            let exact = try db.accounts(key: address.lookupKey)
            if !exact.isEmpty { return exact.map { Recipient(account: $0, detail: nil) } }
            let (base, detail) = address.splitDetail()
            if detail != nil {
                let found = try db.accounts(key: base.lookupKey)
                if !found.isEmpty { return found.map { Recipient(account: $0, detail: detail) } }
            }
            let all = try db.accounts(key: AliasName.catchAll(domain: address.domain).key)
            return all.map { Recipient(account: $0, detail: nil) }
        }
    }
}

extension AliasName {
    fileprivate init(stored text: String) throws {
        if text.hasPrefix("@") {
            self = .catchAll(domain: String(text.dropFirst()))
        } else if let address = try? EmailAddress(text) {
            self = .address(address)
        } else {
            throw StoreError.broken("the alias \"\(text)\" in the directory is no address")
        }
    }
}
