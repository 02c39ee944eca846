// Commands that arrived together: looked at ahead, so that reads share a job of the store and no EXPUNGE slips in
// before a sequence number.
//
// Theory. `ahead` holds what has been read of the wire and not carried out, in order. Reading ahead stops behind any
// command after which the wire may have to be read in another way (LOGIN, IDLE, COMPRESS, a literal that must be
// answered …): such an item is always the last. So whoever reads the wire itself finds `ahead` empty.
//
// Commands are carried out one after the other whatever the client pipelines, which is what RFC 9051 §5.5 demands of an
// ambiguous pipeline. It also forbids clients to send a command with sequence numbers behind one that may announce
// EXPUNGE; where one does all the same, the numbers are those that it knew: EXPUNGE is held back until they are used.

import CoreMetrics
import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// Something of the wire that waits for its turn.
enum AheadItem {
    case command(TaggedCommand)
    /// Anything else, a command that is wrong included.
    case event(WireEvent)
}

extension Session {
    /// Commands looked at ahead, at most.
    static let mostAhead = 64

    /// After these the wire is read on as before.
    private static let readOnPast: Set<CommandName> = [
        .noop, .check, .fetch, .store, .search, .copy, .move, .expunge, .status, .list, .lsub, .select, .examine,
        .close, .unselect,
    ]

    /// Takes what has come off the wire, up to a command that may change how it is read.
    func readAhead() {
        guard identity != nil else { return }
        while ahead.count < Session.mostAhead {
            switch ahead.last {
            case .command(let last) where !Session.readOnPast.contains(last.command.name): return
            case .event: return
            default: break
            }
            guard let event = connection.framer.next() else { return }
            putAhead(event)
        }
    }

    func putAhead(_ event: WireEvent) {
        guard case .command(let bytes) = event, case .success(let command) = parse(bytes) else {
            return ahead.append(.event(event))
        }
        ahead.append(.command(command))
    }

    /// What the end of this command announces: no EXPUNGE while a command with sequence numbers waits behind it. What
    /// EXPUNGE and MOVE themselves have removed is told in any case: that is their answer.
    func announcing(_ command: Command) -> Announcing {
        command.removesMessages ? CommandTable.announcing(command) : heldBack(CommandTable.announcing(command))
    }

    /// The same without EXPUNGE while a command with sequence numbers waits behind the one at hand.
    func heldBack(_ announcing: Announcing) -> Announcing {
        guard announcing == .everything, selection != nil else { return announcing }
        readAhead()
        if unanswered.contains(where: \.command.usesSequenceNumbers) { return .withoutExpunge }
        let usesNumbers = ahead.contains { item in
            switch item {
            case .command(let next): next.command.usesSequenceNumbers
            // REPLACE may name one, and what stands behind a message is not known yet.
            case .event(.append): true
            case .event: false
            }
        }
        return usesNumbers ? .withoutExpunge : .everything
    }

    // MARK: Reads in one job

    /// This FETCH and those right behind it that one job of the store can answer; nil for fewer than two.
    private func readRun(from first: TaggedCommand) -> FetchRun? {
        readAhead()
        // Mostly it is alone, and need not be prepared twice.
        guard case .command(let next)? = ahead.first, next.command.name == .fetch,
            var run = FetchRun(first, in: self)
        else { return nil }
        while case .command(let next)? = ahead.first, let more = FetchRun(next, in: self), run.join(more) {
            ahead.removeFirst()
        }
        return run.commands.count > 1 ? run : nil
    }

    /// Carries out a FETCH with those behind it, when they can share a job.
    /// - Returns: false when the command is to be carried out alone.
    func performRun(from first: TaggedCommand) async throws(ConnectionEnded) -> Bool {
        guard let run = readRun(from: first) else { return false }
        // Where the job fails, each command meets the failure by itself.
        let replies = (try? await run.replies()) ?? []
        let rest = run.commands.dropFirst(max(1, replies.count))
        ahead.insert(contentsOf: rest.map(AheadItem.command), at: 0)
        guard !replies.isEmpty else { return false }
        SessionMetrics.commands.increment(by: replies.count - 1)
        for (index, reply) in replies.enumerated() {
            let tagged = run.commands[index]
            try await connection.send(reply.bytes)
            if index == replies.count - 1 {
                try await announce(announcing(tagged.command), withUIDs: tagged.command.isUIDForm)
            }
            try await finish(tagged.tag, reply.outcome.completion)
        }
        return true
    }
}

extension Command {
    /// Its answer is what it removed from the selected mailbox.
    var removesMessages: Bool { name == .expunge || name == .move }

    /// It names messages by their place in the mailbox: as its set, in its reply, or within a search.
    var usesSequenceNumbers: Bool {
        if searchKey?.mayNameSequenceNumbers == true { return true }
        return CommandTable.rule(for: name).usesSequenceNumbers && !isUIDForm
    }
}

/// FETCHes that one job of the store answers: small ones, that change nothing.
struct FetchRun: Sendable {
    /// What one of them wrote.
    struct Reply: Sendable {
        let bytes: ByteBuffer
        let outcome: FetchOutcome
    }

    private(set) var commands: [TaggedCommand]
    private var encoders: [FetchEncoder]
    private let account: AccountStore
    private var messages: Int
    private var bytes: Int

    /// nil when the command is no FETCH, is wrong, sets \Seen, or is too large to be answered in passing.
    init?(_ tagged: TaggedCommand, in session: Session) {
        guard case .fetch(let fetch) = tagged.command, fetch == Fetch(messages: fetch.messages, items: fetch.items),
            let selection = session.selection, session.refusal(of: .fetch) == nil, !session.enabled.isUIDOnly,
            let ranges = selection.mailbox.indices(of: fetch.messages)
        else { return nil }
        let plan = FetchPlan(fetch, session.enabled)
        let messages = ranges.reduce(0) { $0 + $1.count }
        guard plan.isSimpleRead, !plan.setsSeen || selection.mailbox.isReadOnly, messages <= FetchQueue.mostMessages,
            let bytes = FetchRun.estimate(plan, ranges, selection.mailbox.view)
        else { return nil }
        commands = [tagged]
        encoders = [FetchEncoder(plan, ranges.flatMap(Array.init), of: selection.mailbox, selection.key)]
        account = selection.account
        self.messages = messages
        self.bytes = bytes
    }

    /// nil for more than one job should write.
    private static func estimate(_ plan: FetchPlan, _ ranges: [Range<Int>], _ view: MailboxSnapshot) -> Int? {
        var sum = 0
        for index in ranges.joined() {
            let (total, overflow) = sum.addingReportingOverflow(plan.estimate(size: view[index].size))
            guard !overflow, total <= FetchQueue.mostBytes else { return nil }
            sum = total
        }
        return sum
    }

    /// Takes the other's commands behind its own, unless it would grow too large.
    mutating func join(_ other: FetchRun) -> Bool {
        guard messages + other.messages <= FetchQueue.mostMessages, bytes + other.bytes <= FetchQueue.mostBytes else {
            return false
        }
        commands += other.commands
        encoders += other.encoders
        messages += other.messages
        bytes += other.bytes
        return true
    }

    /// The replies of the commands in order, as many as one job may write; none when the first is larger than thought.
    func replies() async throws(StoreError) -> [Reply] {
        let encoders = encoders
        let isBrief = messages <= FetchQueue.mostBriefly && bytes <= FetchQueue.mostBytesBriefly
        return try await account.read(isBrief: isBrief) { reader in
            var replies: [Reply] = []
            var size = 0
            for var encoder in encoders where size < FetchEncoder.pieceSize {
                var progress = FetchJob(encoder: encoder).progress
                do {
                    try encoder.advance(&progress, reader: reader)
                } catch {
                    guard !replies.isEmpty else { throw error }
                    return replies
                }
                guard progress.isDone else { return replies }
                size += progress.writer.buffer.readableBytes
                var outcome = FetchOutcome()
                outcome.add(progress)
                replies.append(Reply(bytes: progress.writer.take(), outcome: outcome))
            }
            return replies
        }
    }
}

extension FetchPlan {
    private static let simpleItems: Set<FetchItem> = [
        .envelope, .flags, .internalDate, .size, .uid, .body, .bodyStructure, .rfc822, .rfc822Header, .rfc822Text,
    ]

    /// Reads what is stored, and nothing else happens by it.
    var isSimpleRead: Bool {
        readsStore
            && items.allSatisfy { item in
                if case .section = item { true } else { FetchPlan.simpleItems.contains(item) }
            }
    }
}
