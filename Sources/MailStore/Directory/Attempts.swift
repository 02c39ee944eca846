// Attempts at a proof that is short enough to be guessed: counted before it is looked at, so that no number of parallel
// tries gets past the limits, and no crash forgets one.

import GRDB

/// How often somebody may try.
package struct AttemptLimits: Hashable, Sendable {
    /// Tries until `window` seconds have passed without one.
    package var perWindow: Int64
    package var window: Int64
    /// Tries without a right one between them; nil for no such limit.
    package var inARow: Int64?

    package init(perWindow: Int64, window: Int64, inARow: Int64?) {
        self.perWindow = perWindow
        self.window = window
        self.inARow = inARow
    }
}

/// What becomes of an attempt.
package enum AttemptVerdict: Hashable, Sendable {
    case allowed
    /// Not before this second since 1970.
    case tooMany(until: Int64)
    /// Too many in a row: not before an admin has reset it.
    case blocked
}

extension Directory {
    /// Counts an attempt, when it is allowed. The count begins anew after a window without attempts, so that no window,
    /// wherever it starts, holds more than `limits.perWindow`. Refused attempts are not counted.
    /// - Parameters:
    ///   - subject: what the count is kept under, among the guesses.
    ///   - credential: whose failures in a row count too.
    ///   - now: seconds since 1970.
    package func beginAttempt(
        _ subject: String, on credential: CredentialID?, limits: AttemptLimits, at now: Int64
    ) async throws(StoreError) -> AttemptVerdict {
        try await note { db in
            if let credential, let most = limits.inARow {
                let failures = try db.first("SELECT failures FROM credential WHERE id = ?", .int(credential.rawValue)) {
                    $0.int(0)
                }
                guard let failures, failures < most else { return .blocked }
            }
            let old = try db.first("SELECT short_start, short_count FROM guess WHERE subject = ?", .text(subject)) {
                (last: $0.int(0), count: $0.int(1))
            }
            var count: Int64 = 0
            if let old, now - old.last < limits.window { count = old.count }
            guard count < limits.perWindow else {
                return .tooMany(until: try db.lastAttempt(subject, old?.last ?? now, notAfter: now) + limits.window)
            }
            try db.run(
                """
                INSERT INTO guess (subject, short_start, short_count, long_start, long_count)
                VALUES (?1, ?2, ?3, ?2, ?3) ON CONFLICT (subject) DO UPDATE SET short_start = ?2, short_count = ?3,
                long_start = ?2, long_count = ?3
                """, .text(subject), .int(now), .int(count + 1))
            if old == nil { try db.boundGuesses() }
            if let credential {
                try db.run("UPDATE credential SET failures = failures + 1 WHERE id = ?", .int(credential.rawValue))
            }
            return .allowed
        }
    }

    /// Takes back an attempt that was no failure; those before it stay counted.
    package func withdrawAttempt(_ subject: String, on credential: CredentialID?) async throws(StoreError) {
        try await note { db in
            try db.run(
                """
                UPDATE guess SET short_count = max(short_count - 1, 0), long_count = max(long_count - 1, 0)
                WHERE subject = ?
                """, .text(subject))
            try db.run("DELETE FROM guess WHERE subject = ? AND short_count = 0 AND long_count = 0", .text(subject))
            if let credential {
                try db.run(
                    "UPDATE credential SET failures = max(failures - 1, 0) WHERE id = ?", .int(credential.rawValue))
            }
        }
    }
}

extension Database {
    /// When the last attempt was. One that would be later than now, because the clock was set back, counts as made now,
    /// or nobody could try before the clock is there again.
    fileprivate func lastAttempt(_ subject: String, _ last: Int64, notAfter now: Int64) throws -> Int64 {
        guard last > now else { return last }
        try run("UPDATE guess SET short_start = ?1, long_start = ?1 WHERE subject = ?2", .int(now), .text(subject))
        return now
    }
}
