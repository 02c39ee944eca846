// The limiter's counters of failed logins, kept over a restart.

import GRDB

/// Failures of one subject over a short and a long time.
package struct GuessRecord: Hashable, Sendable {
    /// A network as `BanRecord.network` has it, or another key that the limiter chooses.
    package var subject: String
    /// When the first failure of the count was, in seconds since 1970.
    package var shortStart: Int64
    package var shortCount: Int64
    package var longStart: Int64
    package var longCount: Int64

    package init(subject: String, shortStart: Int64, shortCount: Int64, longStart: Int64, longCount: Int64) {
        self.subject = subject
        self.shortStart = shortStart
        self.shortCount = shortCount
        self.longStart = longStart
        self.longCount = longCount
    }
}

extension StoreLimits {
    /// Counters kept; those whose long time began first go.
    package static let guesses = 100_000
}

extension Directory {
    package func guesses() async throws(StoreError) -> [GuessRecord] {
        try await file.read { db in
            var all: [GuessRecord] = []
            try db.each("SELECT subject, short_start, short_count, long_start, long_count FROM guess") { row in
                all.append(
                    GuessRecord(
                        subject: row.text(0), shortStart: row.int(1), shortCount: row.int(2), longStart: row.int(3),
                        longCount: row.int(4)))
            }
            return all
        }
    }

    /// Stores the counters as they are now, all in one transaction; one with both counts 0 is forgotten.
    package func saveGuesses(_ guesses: [GuessRecord]) async throws(StoreError) {
        guard !guesses.isEmpty else { return }
        try await note { db in
            for guess in guesses { try db.save(guess) }
            try db.boundGuesses()
        }
    }
}

extension Database {
    /// Forgets the oldest counters over the bound; to be called where rows may have been added.
    func boundGuesses() throws {
        let count = try count("SELECT count(*) FROM guess")
        guard count > Int64(StoreLimits.guesses) else { return }
        try run(
            "DELETE FROM guess WHERE subject IN (SELECT subject FROM guess ORDER BY long_start LIMIT ?)",
            .int(count - Int64(StoreLimits.guesses)))
    }

    fileprivate func save(_ guess: GuessRecord) throws {
        guard guess.shortCount > 0 || guess.longCount > 0 else {
            return try run("DELETE FROM guess WHERE subject = ?", .text(guess.subject))
        }
        try run(
            """
            INSERT INTO guess (subject, short_start, short_count, long_start, long_count) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (subject) DO UPDATE SET short_start = excluded.short_start,
            short_count = excluded.short_count, long_start = excluded.long_start, long_count = excluded.long_count
            """, .text(guess.subject), .int(guess.shortStart), .int(max(guess.shortCount, 0)), .int(guess.longStart),
            .int(max(guess.longCount, 0)))
    }
}
