// Networks that may not connect.

import GRDB

package struct BanRecord: Hashable, Sendable {
    /// CIDR, in the one form that the limiter writes.
    package var network: String
    /// Seconds since 1970.
    package var created: Int64
    /// From this second (since 1970) on it is over; nil for one that only a person ends.
    package var expires: Int64?
    package var reason: String
    /// Who made it; `addBan` says.
    package var actor: String

    package init(network: String, created: Int64, expires: Int64?, reason: String, actor: String = "") {
        self.network = network
        self.created = created
        self.expires = expires
        self.reason = reason
        self.actor = actor
    }

    /// Over is also what ends by itself and began more than a day later than now: the clock that it was made by was set
    /// back since, and its end may be years away.
    package func isOver(at time: Int64) -> Bool {
        expires.map { $0 <= time || created > time.addingReportingOverflow(Self.day).partialValue } ?? false
    }

    fileprivate static let day: Int64 = 86_400
}

extension StoreLimits {
    /// Bans that end by themselves; of more, those go that would end first.
    package static let expiringBans = 10_000
}

extension Directory {
    /// Every ban, those just over too, newest first.
    package func bans() async throws(StoreError) -> [BanRecord] {
        try await file.read { db in
            var all: [BanRecord] = []
            try db.each("SELECT network, created, expires, reason, actor FROM ban ORDER BY created DESC, network") {
                all.append(BanRecord($0))
            }
            return all
        }
    }

    /// Bans a network, or changes its ban; bans that are over at `ban.created` go.
    /// - Parameter isAutomatic: the limiter's own, which it knows of: nobody is told, nothing goes to the audit trail,
    ///   which strangers could fill otherwise, and a ban that lasts longer stays.
    package func addBan(
        _ ban: BanRecord, isAutomatic: Bool = false, by actor: String
    ) async throws(StoreError) {
        guard isAutomatic else {
            return try await write { db in
                try db.addBan(ban, by: actor)
                try db.audit(actor, "ban.add", ban.network, ban.reason)
            }
        }
        try await note { db in
            try db.forgetBansOver(at: ban.created)
            if try !db.isBanned(ban.network, until: ban.expires) { try db.addBan(ban, by: actor) }
        }
    }

    /// Ends a ban and forgets what its network guessed. False when there was none; the guesses are forgotten even so.
    package func liftBan(network: String, by actor: String) async throws(StoreError) -> Bool {
        try await write { db in
            try db.run("DELETE FROM guess WHERE subject = ?", .text(network))
            let guesses = db.changesCount
            try db.run("DELETE FROM ban WHERE network = ?", .text(network))
            let wasBanned = db.changesCount > 0
            if wasBanned || guesses > 0 { try db.audit(actor, "ban.lift", network) }
            return wasBanned
        }
    }
}

extension Database {
    /// As `BanRecord.isOver`.
    fileprivate func forgetBansOver(at time: Int64) throws {
        try run(
            "DELETE FROM ban WHERE expires <= ?1 OR (expires IS NOT NULL AND created > ?1 + ?2)", .int(time),
            .int(BanRecord.day))
    }

    fileprivate func addBan(_ ban: BanRecord, by actor: String) throws {
        try forgetBansOver(at: ban.created)
        try run(
            """
            INSERT INTO ban (network, created, expires, reason, actor) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (network) DO UPDATE SET created = excluded.created, expires = excluded.expires,
            reason = excluded.reason, actor = excluded.actor
            """, .text(ban.network), .int(ban.created), .optional(ban.expires), .text(ban.reason), .text(actor))
        try run(
            """
            DELETE FROM ban WHERE network IN (SELECT network FROM ban WHERE expires IS NOT NULL
            ORDER BY expires DESC LIMIT -1 OFFSET ?)
            """, .int(StoreLimits.expiringBans))
    }

    /// True when a ban of exactly this network lasts at least as long.
    fileprivate func isBanned(_ network: String, until end: Int64?) throws -> Bool {
        try first("SELECT expires FROM ban WHERE network = ?", .text(network)) { row in
            guard let expires = row.optionalInt(0) else { return true }
            return end.map { $0 <= expires } ?? false
        } ?? false
    }
}

extension BanRecord {
    fileprivate init(_ row: SQLRow) {
        self.init(
            network: row.text(0), created: row.int(1), expires: row.optionalInt(2), reason: row.text(3),
            actor: row.text(4))
    }
}
