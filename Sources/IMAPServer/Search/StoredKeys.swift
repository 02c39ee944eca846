// Sort keys and threading data of many messages, read in short jobs.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// Messages whose keys one job reads.
    private static let keysOfJob = 512

    /// What was found, in the order of the criteria.
    func sorted(
        _ finding: SearchFinding, by criteria: [SortCriterion], progress: inout SearchProgress
    ) async throws -> SearchFinding {
        var sorted = finding
        sorted.found = try await self.sorted(
            finding.found, by: criteria, in: finding.scope, scores: finding.scores, progress: &progress)
        if let scores = finding.scores {
            let byIndex = Dictionary(zip(finding.found, scores), uniquingKeysWith: { first, _ in first })
            sorted.scores = sorted.found.map { byIndex[$0] ?? 1 }
        }
        return sorted
    }

    /// These messages in the order of the criteria.
    /// - Parameter scores: of the messages, in step; for RELEVANCY.
    func sorted(
        _ found: [Int], by criteria: [SortCriterion], in scope: SearchScope, scores: [UInt8]? = nil,
        progress: inout SearchProgress
    ) async throws -> [Int] {
        if let sorted = try await sortedByNumbers(found, by: criteria, in: scope, scores: scores, progress: &progress) {
            return sorted
        }
        let readsKeys = SortOrder.readsKeys(criteria)
        var order = SortOrder(criteria)
        for start in stride(from: 0, to: found.count, by: Session.keysOfJob) {
            let places = start..<min(start + Session.keysOfJob, found.count)
            let entries = found[places].map { scope.view[$0] }
            let keys: [SortKeys?] =
                readsKeys
                ? try await scope.account.read(isLong: true) { reader in
                    try reader.knownSortKeys(of: entries.map(\.bodyID))
                }
                : entries.map { _ in nil }
            for ((place, entry), keys) in zip(zip(places, entries), keys) {
                order.add(
                    found[place],
                    SortOrder.Entry(
                        internalDate: entry.internalDate.secondsSince1970, size: entry.size,
                        score: scores.map { $0[place] } ?? 0),
                    keys)
            }
            try await pause(&progress)
        }
        let ready = order
        return await apart(found.count) { ready.sorted() }
    }

    /// By what is in memory; nil where the criteria ask for more, or that is not known.
    private func sortedByNumbers(
        _ found: [Int], by criteria: [SortCriterion], in scope: SearchScope, scores: [UInt8]?,
        progress: inout SearchProgress
    ) async throws -> [Int]? {
        guard SortOrder.areNumeric(criteria), found.count > Session.keysOfJob else { return nil }
        var dates = SentDates()
        if criteria.contains(where: { $0.key == .date }) {
            guard let known = try await sentDates(of: found, in: scope, progress: &progress) else { return nil }
            dates = known
        }
        let view = scope.view
        return await apart(found.count) { [dates] in
            var order = SortOrder(criteria)
            var cursor = 0
            var place = 0
            view.forEach(at: found) { index, entry in
                order.add(
                    index,
                    SortOrder.Entry(
                        internalDate: entry.internalDate.secondsSince1970, size: entry.size,
                        score: scores.map { $0[place] } ?? 0, sentDate: dates.seconds(of: entry.bodyID, from: &cursor)),
                    nil)
                place += 1
            }
            return order.sorted()
        }
    }

    /// nil when they are to be read message by message.
    private func sentDates(
        of found: [Int], in scope: SearchScope, progress: inout SearchProgress
    ) async throws -> SentDates? {
        try await keys(of: found, in: scope, progress: &progress) { reader, newest in
            try reader.sentDates(through: newest, for: found.count)
        }
    }

    private func threadKeys(
        of found: [Int], in scope: SearchScope, progress: inout SearchProgress
    ) async throws -> ThreadKeys? {
        try await keys(of: found, in: scope, progress: &progress) { reader, newest in
            try reader.threadKeys(through: newest, for: found.count)
        }
    }

    /// Reads on, step after step, until the keys of these messages are there.
    private func keys<Keys: Sendable>(
        of found: [Int], in scope: SearchScope, progress: inout SearchProgress,
        step: @escaping @Sendable (AccountReader, _ newest: BodyID) throws -> KeyReading<Keys>
    ) async throws -> Keys? {
        let newest = await newestBody(of: found, in: scope)
        while true {
            switch try await scope.account.read(isLong: true, { reader in try step(reader, newest) }) {
            case .ready(let keys): return keys
            case .none: return nil
            case .more: try await pause(&progress)
            }
        }
    }

    private func newestBody(of found: [Int], in scope: SearchScope) async -> BodyID {
        let view = scope.view
        return await apart(found.count) {
            var newest: Int64 = 0
            view.forEach(at: found) { newest = max(newest, $1.bodyID.rawValue) }
            return BodyID(rawValue: newest)
        }
    }

    /// What the threading algorithms need of these messages, out of memory; nil where it is not known.
    private func threadingTable(
        of found: [Int], in scope: SearchScope, progress: inout SearchProgress
    ) async throws -> ThreadingTable? {
        guard found.count > Session.keysOfJob,
            let keys = try await threadKeys(of: found, in: scope, progress: &progress),
            let dates = try await sentDates(of: found, in: scope, progress: &progress)
        else { return nil }
        let view = scope.view
        return await apart(found.count) {
            var table = keys.emptyTable
            table.reserve(found.count)
            var cursors = (keys: 0, dates: 0)
            view.forEach(at: found) { index, entry in
                let arrival = entry.internalDate.secondsSince1970
                let date = dates.seconds(of: entry.bodyID, from: &cursors.dates) ?? arrival
                keys.append(
                    entry.bodyID, id: index, date: date, internalDate: arrival, from: &cursors.keys, to: &table)
            }
            return table
        }
    }

    /// These messages in threads; the `id` of each is its index.
    func threads(
        of found: [Int], by algorithm: ThreadAlgorithm, in scope: SearchScope, progress: inout SearchProgress
    ) async throws -> ThreadForest {
        if let table = try await threadingTable(of: found, in: scope, progress: &progress) {
            return await apart(found.count) { Session.threads(table, by: algorithm) }
        }
        var messages: [ThreadingMessage] = []
        messages.reserveCapacity(found.count)
        for start in stride(from: 0, to: found.count, by: Session.keysOfJob) {
            let indices = found[start..<min(start + Session.keysOfJob, found.count)]
            let entries = indices.map { scope.view[$0] }
            let read = try await scope.account.read(isLong: true) { reader in
                try reader.knownThreading(of: entries.map(\.bodyID))
            }
            for ((index, entry), message) in zip(zip(indices, entries), read) {
                guard var message else { continue }
                message.id = index
                message.internalDate = entry.internalDate.secondsSince1970
                messages.append(message)
            }
            try await pause(&progress)
        }
        let all = messages
        return await apart(all.count) { Session.threads(ThreadingTable(all), by: algorithm) }
    }

    private static func threads(_ messages: ThreadingTable, by algorithm: ThreadAlgorithm) -> ThreadForest {
        switch algorithm {
        case .orderedSubject: Threading.orderedSubject(messages)
        case .references: Threading.references(messages)
        case .refs: Threading.refs(messages)
        }
    }
}

extension AccountReader {
    /// nil for a body that is gone.
    fileprivate func knownSortKeys(of bodies: [BodyID]) throws -> [SortKeys?] {
        do {
            return try sortKeys(of: bodies)
        } catch StoreError.messageGone {
            return try bodies.map { body in
                do { return try sortKeys(of: [body]).first } catch StoreError.messageGone { return nil }
            }
        }
    }

    /// nil for a body that is gone.
    fileprivate func knownThreading(of bodies: [BodyID]) throws -> [ThreadingMessage?] {
        do {
            return try threading(of: bodies)
        } catch StoreError.messageGone {
            return try bodies.map { body in
                do { return try threading(of: [body]).first } catch StoreError.messageGone { return nil }
            }
        }
    }
}
