// The substring index: which messages it has, how it takes in more, how it is made anew.
//
// Theory. Body ids grow and are never used again, so one number says what is indexed: all bodies up to it. A step reads
// the texts of the next few bodies in a read job and writes them in one operation, together with the number; where
// another process has come first, the number is not what was read, and the step is dropped. A kill between steps loses
// nothing. FTS5 (of SQLite 3.40) takes nothing out of such a table without the text that went in. So what is purged
// stays behind, found by nobody who knows which messages there are, until it is a quarter of the index: then the index
// is made anew, as it is when the folding or the choice of texts have changed (`version`).

import GRDB
import Mail
import Synchronization

/// What `search_state` says of the index.
struct SearchIndexState: Hashable, Sendable {
    /// Of the texts that go in: an index of another version is not asked.
    static let version = CaseFolding.version &+ SearchTextLimits.format

    var isCurrent: Bool
    var indexedTo: Int64
    /// Taken in since the index was begun.
    var bodies: Int64
}

/// The index as `martlet search-index status` shows it.
package struct SearchIndexStatus: Hashable, Sendable {
    /// Messages (bodies: copies share them), and those of them that the index has.
    package let messages: Int
    package let indexed: Int
    /// Purged messages that it still has traces of.
    package let purged: Int
    /// Of the index in the file.
    package let bytes: Int64
}

extension AccountStore {
    package func searchIndexStatus() async throws(StoreError) -> SearchIndexStatus {
        guard guest == nil else { throw .notPermitted }
        return try await file.read(isLong: true) { db in
            let state = try db.searchIndexState()
            let messages = try db.count("SELECT count(*) FROM body")
            let indexed =
                try state.isCurrent
                ? db.first("SELECT count(*) FROM body WHERE id <= ?", .int(state.indexedTo)) { $0.int(0) } ?? 0 : 0
            let bytes = try db.count(
                """
                SELECT coalesce((SELECT sum(length(block)) FROM search_header_data), 0)
                + coalesce((SELECT sum(length(block)) FROM search_body_data), 0)
                + coalesce((SELECT sum(length(block)) FROM search_words_data), 0)
                """)
            return SearchIndexStatus(
                messages: Int(messages), indexed: Int(indexed), purged: Int(max(0, state.bodies - indexed)),
                bytes: bytes)
        }
    }

    /// Takes in all that the index does not have yet.
    package func updateSearchIndex() async throws(StoreError) {
        while try await indexSome() { if Task.isCancelled { return } }
    }

    /// Makes the index anew. Searches scan what it has not got to.
    /// - Parameter progress: called with how many messages are done.
    package func rebuildSearchIndex(progress: (Int) -> Void = { _ in }) async throws(StoreError) {
        try await write { operation in
            try operation.clearSearchIndex()
            try operation.makeGroupsAnew()
        }
        while try await makeSomeGroups() { if Task.isCancelled { return } }
        try await fillSearchIndex(progress: progress)
    }

    /// The groups alone.
    func rebuildGroups() async throws(StoreError) {
        try await write { try $0.makeGroupsAnew() }
        while try await makeSomeGroups() { if Task.isCancelled { return } }
    }

    /// The index alone.
    func refillSearchIndex() async throws(StoreError) {
        try await write { try $0.clearSearchIndex() }
        try await fillSearchIndex { _ in }
    }

    private func fillSearchIndex(progress: (Int) -> Void) async throws(StoreError) {
        var done = 0
        while let count = try await indexStep(), !Task.isCancelled {
            done += count
            progress(done)
        }
    }

    /// - Returns: false when nothing was left to do.
    func indexSome() async throws(StoreError) -> Bool {
        if try await completeSomeThreads() { return true }
        if try await makeSomeGroups() { return true }
        if try await indexStep() != nil { return true }
        if try await sweepSomeLinks() { return true }
        guard ownersHandle.mustCountPurged.withLock({ $0 }) else { return false }
        ownersHandle.mustCountPurged.withLock { $0 = false }
        let (indexed, purged) = try await file.read(isLong: true) { try $0.indexedAndPurged() }
        guard purged > max(1_000, indexed / 4) else { return false }
        try await write { try $0.clearSearchIndex() }
        ownersHandle.linksSwept.withLock { $0 = .min }
        return true
    }

    /// One step.
    /// - Returns: how many messages were taken in; nil when there were none.
    private func indexStep() async throws(StoreError) -> Int? {
        let compression = compression
        let texts = try await file.read(isLong: true) { db in
            try AccountReader(db: db, compression: compression).textsToIndex()
        }
        guard let texts else { return nil }
        return try await write { try $0.index(texts) }
    }
}

/// Folded text on its way into the index.
private struct IndexTexts: Sendable {
    struct Body: Sendable {
        let id: Int64
        let header: [UInt8]
        let body: [UInt8]
        /// Of the texts that BODY looks at.
        let words: [UInt8]
        /// There is too much text: none of it goes in.
        let isLarge: Bool
    }
    /// The number that the index had.
    let after: Int64
    /// The number that it gets.
    let upTo: Int64
    let bodies: [Body]
}

extension AccountReader {
    /// What a step takes in at most, but for the one message that goes beyond: the account's writers wait for as long
    /// as it takes to put this much into the index.
    private static let stepSize = (bodies: 64, bytes: 256 * 1_024)

    fileprivate func textsToIndex() throws -> IndexTexts? {
        let state = try db.searchIndexState()
        let after = state.isCurrent ? state.indexedTo : 0
        var ids: [Int64] = []
        try db.each(
            "SELECT id FROM body WHERE id > ? ORDER BY id LIMIT ?", .int(after), .int(Self.stepSize.bodies)
        ) { ids.append($0.int(0)) }
        var bodies: [IndexTexts.Body] = []
        var size = 0
        for id in ids where size < Self.stepSize.bytes {
            let texts = texts(of: BodyID(rawValue: id))
            size += texts.header.count + texts.body.count
            bodies.append(texts)
        }
        guard let last = bodies.last else { return nil }
        return IndexTexts(after: after, upTo: last.id, bodies: bodies)
    }

    /// What cannot be read is left out: a search cannot find it either, and `check` tells of it.
    private func texts(of id: BodyID) -> IndexTexts.Body {
        let large = IndexTexts.Body(id: id.rawValue, header: [], body: [], words: [], isLarge: true)
        if let size = try? encodedTextSize(of: id), size > SearchTextLimits.encoded { return large }
        let header = (try? foldedHeader(of: id)) ?? []
        var body: [UInt8] = []
        var isLarge = header.count > SearchTextLimits.indexed
        func add(_ text: [UInt8]) -> Bool {
            isLarge = isLarge || header.count + body.count + text.count > SearchTextLimits.indexed
            if !isLarge { body += text + [0x0a] }
            return !isLarge
        }
        var words: [UInt8] = []
        try? visitTexts(of: id) { text in
            guard add(text) else { return false }
            IndexedWords.append(text, to: &words)
            return true
        }
        if !isLarge { try? visitPartHeaders(of: id, add) }
        if isLarge { return large }
        return IndexTexts.Body(
            id: id.rawValue, header: Trigrams.indexable(header), body: Trigrams.indexable(body), words: words,
            isLarge: false)
    }
}

extension WriteOperation {
    /// - Returns: how many bodies went in; 0 when somebody else was faster.
    fileprivate func index(_ texts: IndexTexts) throws -> Int {
        let state = try db.searchIndexState()
        if !state.isCurrent { try clearSearchIndex() }
        guard texts.after == (state.isCurrent ? state.indexedTo : 0) else { return 0 }
        for body in texts.bodies {
            if !body.header.isEmpty {
                try db.run(
                    "INSERT INTO search_header (rowid, text) VALUES (?, ?)", .int(body.id), .utf8(body.header))
            }
            if !body.body.isEmpty {
                try db.run("INSERT INTO search_body (rowid, text) VALUES (?, ?)", .int(body.id), .utf8(body.body))
            }
            if !body.words.isEmpty {
                try db.run("INSERT INTO search_words (rowid, text) VALUES (?, ?)", .int(body.id), .utf8(body.words))
            }
            if body.isLarge {
                // Unless it was purged since it was read.
                try db.run("INSERT INTO search_large (body_id) SELECT id FROM body WHERE id = ?", .int(body.id))
            }
        }
        try db.run(
            "UPDATE search_state SET indexed_to = ?, bodies = bodies + ? WHERE id = 1", .int(texts.upTo),
            .int(texts.bodies.count))
        return texts.bodies.count
    }

    func clearSearchIndex() throws {
        try db.run("INSERT INTO search_header (search_header) VALUES ('delete-all')")
        try db.run("INSERT INTO search_body (search_body) VALUES ('delete-all')")
        try db.run("INSERT INTO search_words (search_words) VALUES ('delete-all')")
        try db.run("DELETE FROM search_large")
        try db.run(
            "UPDATE search_state SET version = ?, indexed_to = 0, bodies = 0 WHERE id = 1",
            .int(SearchIndexState.version))
    }
}

extension Database {
    /// How many messages the index has, and of how many more it has traces. To be asked when all bodies have their
    /// threads: these are counted, by an index, because the bodies themselves are a hundred times as many pages, and an
    /// account is asked whenever it is opened.
    fileprivate func indexedAndPurged() throws -> (indexed: Int64, purged: Int64) {
        let state = try searchIndexState()
        guard state.isCurrent else { return (0, 0) }
        let later = try first("SELECT count(*) FROM thread_member WHERE body_id > ?", .int(state.indexedTo)) {
            $0.int(0)
        }
        let indexed = try count("SELECT count(*) FROM thread_member") - (later ?? 0)
        return (indexed, max(0, state.bodies - indexed))
    }

    func searchIndexState() throws -> SearchIndexState {
        let state = try first("SELECT version, indexed_to, bodies FROM search_state WHERE id = 1") { row in
            SearchIndexState(
                isCurrent: row.int(0) == SearchIndexState.version, indexedTo: row.int(1), bodies: row.int(2))
        }
        guard let state else { throw StoreError.broken("the search index's state is missing") }
        return state
    }
}
