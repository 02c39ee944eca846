// Whether the substring index is whole, and holds what it says that it holds.

import GRDB
import Mail

extension AccountStore {
    /// FTS5's own check. It needs the writer, and changes nothing.
    func searchIndexDamage(in name: String) async throws(StoreError) -> [String] {
        var problems: [String] = []
        let checks: [(of: String, sql: StaticString)] = [
            ("headers", "INSERT INTO search_header (search_header) VALUES ('integrity-check')"),
            ("texts", "INSERT INTO search_body (search_body) VALUES ('integrity-check')"),
            ("words", "INSERT INTO search_words (search_words) VALUES ('integrity-check')"),
        ]
        for check in checks {
            do {
                try await write { try $0.db.run(check.sql) }
            } catch {
                guard case .broken = error else { throw error }
                problems.append(
                    "\(name): the search index of \(check.of) is damaged; "
                        + "make it anew with \"martlet search-index rebuild\"")
            }
        }
        return problems
    }
}

extension AccountReader {
    /// So many messages, spread over all that are indexed, are looked up by trigrams of theirs.
    private static let sampled = 50

    /// Up to the end of a character: one that is cut in two is not in the index.
    private static func beginning(of header: [UInt8]) -> String {
        var end = min(2_000, header.count)
        while end < header.count, end > 0, header[end] & 0xc0 == 0x80 { end -= 1 }
        return String(decoding: header[..<end], as: UTF8.self)
    }

    func searchIndexGaps(in name: String) throws -> [String] {
        let state = try db.searchIndexState()
        guard state.isCurrent, state.indexedTo > 0 else { return [] }
        var problems: [String] = []
        let step = max(1, state.indexedTo / Int64(Self.sampled))
        for start in stride(from: Int64(1), through: state.indexedTo, by: Int(clamping: step)) {
            let found = try db.first(
                """
                SELECT id FROM body WHERE id BETWEEN ? AND ?
                AND NOT EXISTS (SELECT 1 FROM search_large WHERE body_id = body.id) LIMIT 1
                """, .int(start), .int(min(state.indexedTo, start + step - 1))
            ) { BodyID(rawValue: $0.int(0)) }
            // A body that cannot be read is another rule's problem.
            guard let body = found, let header = try? foldedHeader(of: body) else { continue }
            let sample = SearchNeedle(Self.beginning(of: header))
            for query in Trigrams.queries(sample, most: 8) where try !db.isHeader(of: body, matching: query) {
                problems.append(
                    "\(name): the search index lacks message body \(body), which it says that it has; "
                        + "make it anew with \"martlet search-index rebuild\"")
                break
            }
        }
        return problems
    }
}

extension Database {
    fileprivate func isHeader(of body: BodyID, matching query: String) throws -> Bool {
        try first(
            "SELECT 1 FROM search_header WHERE search_header MATCH ? AND rowid = ?", .text(query), .int(body.rawValue)
        ) { _ in true } ?? false
    }
}
