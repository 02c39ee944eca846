// SEARCH and UID SEARCH.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.4.4. One untagged SEARCH in any case. Messages are read in short jobs on the store's threads; the
    /// work stops when the client goes away.
    func search(_ search: Search) async throws -> Completion {
        let selection = try selected()
        let mailbox = selection.mailbox
        let program: SearchProgram
        do throws(SearchProgram.Problem) {
            program = try SearchProgram(search, in: mailbox)
        } catch {
            return Session.refusal(of: error)
        }
        let found = try await hits(of: program, in: mailbox.view, of: selection.account)
        switch search.numbering {
        case .sequence: connection.writer.search(found.lazy.map { UInt32(truncatingIfNeeded: $0 + 1) })
        case .uid: connection.writer.search(found.lazy.map { mailbox.view[$0].uid.rawValue })
        }
        return .ok("SEARCH completed.")
    }

    private static func refusal(of problem: SearchProgram.Problem) -> Completion {
        switch problem {
        case .unknownCharset: .no("That charset is not known.", code: .badCharset(["US-ASCII", "UTF-8"]))
        case .unsupported(let key): .bad("SEARCH does not know \(key).")
        case .badText: .bad("The text is not in the charset given; UTF-8 is always understood.")
        }
    }

    /// The indices of the messages found, ascending.
    private func hits(
        of program: SearchProgram, in view: MailboxSnapshot, of account: AccountStore
    ) async throws -> [Int] {
        var found: [Int] = []
        var open = SearchQueue()
        for start in stride(from: 0, to: view.count, by: SearchQueue.slice) {
            view.forEach(in: start..<min(start + SearchQueue.slice, view.count)) { index, entry in
                let candidate = SearchCandidate(index: index, entry: entry)
                switch program.decide(candidate) {
                case true: found.append(index)
                case nil: open.candidates.append(candidate)
                default: break
                }
            }
            guard !connection.hasEnded else { throw ConnectionEnded() }
            await Task.yield()
        }
        guard !open.candidates.isEmpty else { return found }
        found += try await read(open, program, of: account)
        return found.sorted()
    }

    private func read(
        _ queue: SearchQueue, _ program: SearchProgram, of account: AccountStore
    ) async throws -> [Int] {
        var found: [Int] = []
        var queue = queue
        while !queue.isEmpty {
            guard !connection.hasEnded else { throw ConnectionEnded() }
            let job = queue
            let (next, hits) = try await account.read { reader in try job.run(program, reader) }
            queue = next
            found += hits
        }
        return found
    }
}

/// The messages that a search must read, and how far it has come.
private struct SearchQueue: Sendable {
    /// Messages that are judged by the snapshot without a pause.
    static let slice = 16_384
    /// The time that one job may take, about; other readers of the account wait for it.
    static let jobTime = Duration.milliseconds(20)

    var candidates: [SearchCandidate] = []
    private var done = 0

    var isEmpty: Bool { done >= candidates.count }

    /// Goes on for `jobTime`, and at least by one message. A message that is gone does not match.
    func run(_ program: SearchProgram, _ reader: AccountReader) throws -> (SearchQueue, [Int]) {
        var next = self
        var hits: [Int] = []
        let end = ContinuousClock.now + SearchQueue.jobTime
        repeat {
            let candidate = candidates[next.done]
            next.done += 1
            do {
                if try program.decide(candidate, reader: reader) { hits.append(candidate.index) }
            } catch StoreError.messageGone {
                continue
            }
        } while next.done < candidates.count && ContinuousClock.now < end
        return (next, hits)
    }
}
