// The domains that this server has mail for.

import GRDB

extension Directory {
    /// Every domain, sorted by name.
    package func domains() async throws(StoreError) -> [DomainRecord] {
        try await file.read { db in
            var all: [DomainRecord] = []
            try db.each("SELECT name, created FROM domain ORDER BY name") { row in
                all.append(DomainRecord(name: row.text(0), created: row.int(1)))
            }
            return all
        }
    }

    /// - Parameters:
    ///   - name: checked and in lower case already.
    ///   - actor: who does it, for the audit trail.
    /// - Throws: `.alreadyExists`.
    package func addDomain(_ name: String, by actor: String) async throws(StoreError) {
        try await write { db in
            guard try db.domain(name) == nil else { throw StoreError.alreadyExists(kind: "domain", name: name) }
            try db.run("INSERT INTO domain (name, created) VALUES (?, ?)", .text(name), .int(currentSeconds()))
            try db.audit(actor, "domain.add", name)
        }
    }

    /// - Throws: `.notFound`; `.refused` while an account or an alias has an address there.
    package func removeDomain(_ name: String, by actor: String) async throws(StoreError) {
        try await write { db in
            let id = try db.requireDomain(name)
            let address = try db.first("SELECT text FROM address WHERE domain_id = ? LIMIT 1", .int(id)) { $0.text(0) }
            if let address {
                throw StoreError.refused(reason: "domain \"\(name)\" still has the address \(address); remove it first")
            }
            try db.run("DELETE FROM domain WHERE id = ?", .int(id))
            try db.audit(actor, "domain.remove", name)
        }
    }
}

extension Database {
    func domain(_ name: String) throws -> Int64? {
        try first("SELECT id FROM domain WHERE name = ?", .text(name)) { $0.int(0) }
    }

    func requireDomain(_ name: String) throws -> Int64 {
        guard let id = try domain(name) else { throw StoreError.notFound(kind: "domain", name: name) }
        return id
    }
}
