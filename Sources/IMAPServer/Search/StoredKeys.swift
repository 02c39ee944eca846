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

    /// These messages in threads; the `id` of each is its index.
    func threads(
        of found: [Int], by algorithm: ThreadAlgorithm, in scope: SearchScope, progress: inout SearchProgress
    ) async throws -> ThreadForest {
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
        return await apart(all.count) {
            switch algorithm {
            case .orderedSubject: Threading.orderedSubject(all)
            case .references: Threading.references(all)
            case .refs: Threading.refs(all)
            }
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
