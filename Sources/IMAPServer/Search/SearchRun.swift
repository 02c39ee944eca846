// How a search goes through a mailbox: by slices, reading what must be read in short jobs on the store's threads.
//
// Theory. A slice is judged by the snapshot; what that leaves open is read, job by job, and between two jobs the
// session looks whether its client is still there, whether it must end, and whether it is time to say how far it has
// come. So a search of any length holds up nobody: not the loop, not the account's other readers, not the server's
// drain.

import IMAPSyntax
import Mail
import MailStore
import Synchronization

/// One mailbox of one account, at one moment.
struct SearchScope: Sendable {
    let account: AccountStore
    let view: MailboxSnapshot
}

/// How far a command has come, and when to say so next (RFC 9585).
struct SearchProgress: Sendable {
    let tag: String
    /// Messages, in all mailboxes.
    var goal: Int
    /// Messages that are done with.
    var done = 0
    private let interval: Duration
    private var next: ContinuousClock.Instant

    init(tag: String, goal: Int, interval: Duration) {
        self.tag = tag
        self.goal = goal
        self.interval = interval
        next = .now + interval
    }

    /// What to say now; nil when it is not yet time.
    mutating func due() -> ResponseCode? {
        guard ContinuousClock.now >= next else { return nil }
        next = .now + interval
        return .inProgress(
            tag: tag, done: UInt32(clamping: done), goal: UInt32(clamping: goal))
    }
}

/// What a search found in one mailbox.
struct SearchFinding: Sendable {
    let scope: SearchScope
    /// Indices, in the order asked for.
    var found: [Int]
    /// In step with `found`; nil without FUZZY, or where nobody wants them.
    var scores: [UInt8]?
    let usesModSeq: Bool
}

extension Session {
    /// What ends a session in the middle of a search.
    private static let stops: Wake = [.drain, .revoked, .kicked]

    /// Carries out a search of one mailbox.
    /// - Parameters:
    ///   - extent: how many messages are needed.
    ///   - scoring: whether the scores of a fuzzy search are wanted.
    /// - Throws: `SearchProgram.Problem` for a search that cannot be.
    func find(
        _ search: Search, in mailbox: SelectedMailbox, of account: AccountStore, extent: SearchExtent = .all,
        scoring: Bool = false, progress: inout SearchProgress
    ) async throws -> SearchFinding {
        let program = try SearchProgram(search, in: mailbox, of: account.id)
        let scope = SearchScope(account: account, view: mailbox.view)
        let ready = try await consulting(program, account)
        let found = try await hits(of: ready, in: scope, extent: extent, progress: &progress)
        let isScored = scoring && ready.isFuzzy
        let scores = isScored ? try await self.scores(of: found, by: ready, in: scope, progress: &progress) : nil
        return SearchFinding(scope: scope, found: found, scores: scores, usesModSeq: ready.usesModSeq)
    }

    /// The program with what the store says of it beforehand.
    func consulting(_ program: SearchProgram, _ account: AccountStore) async throws -> SearchProgram {
        guard program.mustConsult else { return program }
        return try await account.read(isLong: true) { reader in
            var program = program
            try program.consult(reader)
            return program
        }
    }

    private func scores(
        of found: [Int], by program: SearchProgram, in scope: SearchScope, progress: inout SearchProgress
    ) async throws -> [UInt8] {
        var scores: [UInt8] = []
        var candidates = found.map { SearchCandidate(index: $0, entry: scope.view[$0]) }[...]
        while !candidates.isEmpty {
            let job = candidates
            let new = try await scope.account.read(isLong: true) { reader in
                var new: [UInt8] = []
                let end = ContinuousClock.now + SearchQueue.jobTime
                for candidate in job {
                    do { new.append(try program.score(candidate, reader: reader)) } catch StoreError.messageGone {
                        new.append(1)
                    }
                    if ContinuousClock.now >= end { break }
                }
                return new
            }
            scores += new
            candidates = candidates.dropFirst(new.count)
            try await pause(&progress)
        }
        return scores
    }

    /// Those of the messages at these indices that satisfy a search, in the order of `indices`.
    func hits(
        of program: SearchProgram, at indices: [Int], in scope: SearchScope, progress: inout SearchProgress
    ) async throws -> [Int] {
        var hits: [Int] = []
        var open: [SearchCandidate] = []
        for slice in SearchSlices(of: indices.indices, extent: .all, program) {
            let judged = await apart(slice.count * program.keys) {
                var judged = JudgedSlice()
                for index in indices[slice] { judged.judge(index, scope.view[index], by: program) }
                return judged
            }
            hits += judged.hits
            open += judged.open
            try await pause(&progress)
        }
        if !open.isEmpty { hits += try await read(open, program, of: scope.account, &progress) }
        return hits
    }

    /// The indices of the messages found, ascending.
    /// - Parameter extent: how many are needed; with fewer than all the search stops when it has them.
    func hits(
        of program: SearchProgram, in scope: SearchScope, extent: SearchExtent = .all,
        progress: inout SearchProgress
    ) async throws -> [Int] {
        let view = scope.view
        if program.findsAll, extent.isAll {
            progress.done += view.count
            return Array(0..<view.count)
        }
        let range = program.range(in: view)
        progress.done += view.count - range.count
        let before = progress.done
        var found: [[Int]] = []
        var count = 0
        var seen = 0
        for slice in SearchSlices(of: range, extent: extent, program) {
            let judged = await apart(slice.count * program.keys) {
                var judged = JudgedSlice()
                view.forEach(in: slice) { index, entry in judged.judge(index, entry, by: program) }
                return judged
            }
            var hits = judged.hits
            if judged.open.isEmpty {
                try await pause(&progress)
            } else {
                hits += try await read(judged.open, program, of: scope.account, &progress)
                hits.sort()
            }
            seen += slice.count
            progress.done = before + seen
            found.append(hits)
            count += hits.count
            if extent.isReached(by: count) { break }
        }
        if case .last = extent { found.reverse() }
        return Array(found.joined())
    }

    private func read(
        _ candidates: [SearchCandidate], _ program: SearchProgram, of account: AccountStore,
        _ progress: inout SearchProgress
    ) async throws -> [Int] {
        let queue = SearchQueue(candidates)
        let work = { @Sendable () async throws in
            try await account.read(isLong: true) { reader in try queue.run(program, reader) }
        }
        while !queue.isEmpty {
            let before = queue.done
            if queue.isShared {
                async let other: Void = work()
                try await work()
                try await other
            } else {
                try await work()
            }
            progress.done += queue.done - before
            try await pause(&progress)
        }
        return queue.found
    }

    /// Between two pieces of work: sends what is due, and ends the work when nobody wants it.
    func pause(_ progress: inout SearchProgress) async throws {
        guard !connection.hasEnded else { throw ConnectionEnded() }
        let stop = connection.gate.poll(Session.stops)
        if !stop.isEmpty {
            end(because: stop)
            throw Replied()
        }
        if let code = progress.due() {
            connection.writer.untagged(.ok, code: code, "Still searching.")
            try await connection.flush()
        }
    }
}

/// The pieces in which a search takes a mailbox: from the end for what asks for the last messages.
private struct SearchSlices: Sequence, IteratorProtocol {
    /// Messages that are judged by the snapshot without a pause; fewer where each is asked more than some keys.
    static let slice = 16_384
    /// Messages that may be read for nothing once enough are found.
    static let small = 256

    private var rest: Range<Int>
    private let size: Int
    private let isFromEnd: Bool

    init(of range: Range<Int>, extent: SearchExtent, _ program: SearchProgram) {
        rest = range
        let most = extent.isAll || !program.readsStore ? SearchSlices.slice : SearchSlices.small
        size = Swift.max(1, Swift.min(most, SearchSlices.slice / Swift.max(1, program.keys / 4)))
        if case .last = extent { isFromEnd = true } else { isFromEnd = false }
    }

    mutating func next() -> Range<Int>? {
        guard !rest.isEmpty else { return nil }
        if isFromEnd {
            let start = Swift.max(rest.lowerBound, rest.upperBound - size)
            defer { rest = rest.lowerBound..<start }
            return start..<rest.upperBound
        }
        let end = Swift.min(rest.upperBound, rest.lowerBound + size)
        defer { rest = end..<rest.upperBound }
        return rest.lowerBound..<end
    }
}

/// What the snapshot says of some messages.
private struct JudgedSlice: Sendable {
    private(set) var hits: [Int] = []
    /// Those of which it cannot tell.
    private(set) var open: [SearchCandidate] = []

    mutating func judge(_ index: Int, _ entry: MessageEntry, by program: SearchProgram) {
        let candidate = SearchCandidate(index: index, entry: entry)
        switch program.decide(candidate) {
        case true: hits.append(index)
        case nil: open.append(candidate)
        default: break
        }
    }
}

/// The messages that a search must read, and how far it has come: several readers may work on it.
///
/// Each takes the next message when it is done with one. What a reader has taken when it fails is not looked at again:
/// its error ends the search.
private final class SearchQueue: Sendable {
    /// The time that one job may take, about; other readers of the account wait for it.
    static let jobTime = Duration.milliseconds(20)
    /// Fewer messages are not worth a second reader.
    private static let leastShared = 16

    private struct State {
        var next = 0
        /// Places in `candidates`.
        var found: [Int] = []
    }
    private let candidates: [SearchCandidate]
    private let state = Mutex(State())

    init(_ candidates: [SearchCandidate]) { self.candidates = candidates }

    var done: Int { state.withLock(\.next) }
    var isEmpty: Bool { done >= candidates.count }
    var isShared: Bool { candidates.count - done >= SearchQueue.leastShared }

    /// The indices of what was found, in the order of the candidates.
    var found: [Int] { state.withLock(\.found).sorted().map { candidates[$0].index } }

    /// Goes on for `jobTime`, and at least by one message. A message that is gone does not match.
    func run(_ program: SearchProgram, _ reader: AccountReader) throws {
        var found: [Int] = []
        defer { state.withLock { [found] in $0.found += found } }
        let end = ContinuousClock.now + SearchQueue.jobTime
        while let place = take() {
            do {
                if try program.decide(candidates[place], reader: reader) { found.append(place) }
            } catch StoreError.messageGone {
                continue
            }
            guard ContinuousClock.now < end else { return }
        }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < candidates.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }
}
