// APPEND and REPLACE: messages stream from the wire into the store, all of them or none.
//
// Theory. The command comes as steps (see AppendGrammar), and what is wrong with it is answered before the next literal
// is let in. A literal that does not wait for `+` comes all the same: the framer swallows exactly its bytes, so nothing
// in it is ever taken for a command. Once let in, each piece goes to the staging area before the next is read; when
// that fails, the rest of the literal is read and thrown away, and the failure is the reply. The store sees nothing of
// the command before its end, so a client that goes away in the middle, or is refused, has stored nothing.

import CoreMetrics
import IMAPSyntax
import Mail
import MailStore
import NIOCore

extension Session {
    /// RFC 3501 §6.3.11, RFC 3502, RFC 4315 §3, RFC 8508.
    func append(_ head: AppendHead) async throws(ConnectionEnded) {
        SessionMetrics.commands.increment()
        var intake = AppendIntake(head, room: environment.store.spoolRoom())
        do {
            let destination = try await destination(of: head)
            intake.destination = destination
            intake.replaced = try head.replaced.map { try replaced($0, by: destination) }
        } catch {
            intake.note(error)
        }
        guard let completion = try await take(&intake), try await answerAppends() else { return }
        // What REPLACE took away is its answer; of APPEND the client expects no EXPUNGE before what it sent behind it.
        let announcing = CommandTable.rule(for: head.name).announcing
        try await announce(
            head.replaced == nil ? heldBack(announcing) : announcing, withUIDs: head.replaced?.isUID == true,
            removes: head.replaced != nil)
        try await finish(head.tag, completion)
        if completion.condition == .bad { countBad() }
    }

    /// What can be wrong before any message is here.
    private func destination(of head: AppendHead) async throws -> MailboxReference {
        if let refusal = refusal(of: head.name) { throw Refusal(refusal) }
        // RFC 9586 §3: every command that names a message by its number.
        if enabled.isUIDOnly, head.replaced?.isUID == false { throw Refusal(Session.uidRequired) }
        let mailbox = try await resolve(head.mailbox)
        // REPLACE says what is wrong with the mailbox before what is wrong with the message.
        if head.replaced != nil { try await mailbox.account.checkAppend(of: 0, messages: 0, to: mailbox.name) }
        return mailbox
    }

    /// Reads to the end of the command in any case.
    /// - Returns: nil when the session is over, or when the messages are with the store and the answer is to come.
    private func take(_ intake: inout AppendIntake) async throws(ConnectionEnded) -> Completion? {
        while true {
            connection.gate.setDeadline(deadline)
            switch try await nextOfAppend() {
            case .event(.append(let step)): await take(step, &intake)
            case .event(.appendLiteral(let literal)):
                // What the client asks about is looked at as it is behind what it has sent.
                if literal.synchronizing, try await !answerAppends(within: true) { return nil }
                await check(literal, &intake)
                if let refused = answer(&intake, synchronizing: literal.synchronizing) { return refused }
            case .event(.continuationNeeded):
                guard try await answerAppends(within: true) else { return nil }
                if let refused = answer(&intake, synchronizing: true) { return refused }
            case .event(.appendData(let bytes)): await write(bytes, &intake)
            case .event(.appendEnded(let bad, let code)):
                if let bad { return .bad(bad.reason, code: code) }
                return await complete(&intake)
            case .event(.bad(let bad, let code, _)):
                guard try await answerAppends(within: true) else { return nil }
                connection.writer.bad(bad, code: code)
                bye("Too much or too long; closing the connection.", reason: "limit")
                return nil
            case .event: continue
            case .signals(let wake):
                guard try await answerAppends(within: true) else { return nil }
                end(because: wake)
                return nil
            }
        }
    }

    /// Lets the announced literal come, or refuses the command.
    private func answer(_ intake: inout AppendIntake, synchronizing: Bool) -> Completion? {
        if let problem = intake.problem {
            connection.framer.refuseLiteral()
            return completion(for: problem, command: intake.head.name)
        }
        if synchronizing { connection.writer.continuation() }
        connection.framer.acceptLiteral()
        return nil
    }

    // MARK: Steps

    private func take(_ step: AppendStep, _ intake: inout AppendIntake) async {
        do {
            try intake.refuseIfSpoilt()
            switch step {
            case .begin, .literal: break
            case .message(let options):
                try await finishMessage(&intake)
                try begin(options, &intake)
            case .catenate:
                try require("CATENATE")
                intake.isCatenated = true
            case .url(let url): try await take(url: url, &intake)
            }
        } catch {
            intake.note(error)
        }
    }

    private func begin(_ options: AppendOptions, _ intake: inout AppendIntake) throws {
        guard intake.count < limits.appendMessages else {
            throw Refusal(.no("One APPEND takes \(limits.appendMessages) messages at most.", code: .limit))
        }
        if intake.count > 0 { try require("MULTIAPPEND") }
        intake.options = options
        intake.size = 0
        intake.isCatenated = false
        intake.staging = environment.store.stage(limit: limits.message, in: intake.room)
    }

    /// Everything that can be wrong with a literal before it is here.
    private func check(_ literal: AppendLiteral, _ intake: inout AppendIntake) async {
        do {
            try intake.refuseIfSpoilt()
            try refuseUnoffered(literal.form)
            guard literal.size > 0 || intake.isCatenated else {
                throw Refusal(.no("A message of no bytes is not stored.", code: .cannot))
            }
            try await grow(by: Int(clamping: literal.size), isHere: !literal.synchronizing, &intake)
            if literal.form != .text { intake.staging?.takeBinary() }
        } catch {
            intake.note(error)
        }
    }

    private func refuseUnoffered(_ form: AppendLiteralForm) throws(Refusal) {
        switch form {
        case .text: break
        case .binary: try require("BINARY")
        case .utf8:
            try require("UTF8=ACCEPT")
            guard enabled.acceptsUTF8 else {
                throw Refusal(.bad("UTF8 is to be used after ENABLE UTF8=ACCEPT."))
            }
        }
    }

    /// Of literals that come in any case, what is looked at by the operation alone that stores them.
    private static let uncheckedSize = 1_024 * 1_024

    /// The message at hand becomes longer, if it may.
    /// - Parameter isHere: it comes whatever the answer is.
    private func grow(by size: Int, isHere: Bool, _ intake: inout AppendIntake) async throws {
        let (sum, overflow) = intake.size.addingReportingOverflow(size)
        guard !overflow, sum <= limits.message else {
            throw Refusal(.no("A message may have \(limits.message) bytes at most.", code: .tooBig))
        }
        guard intake.sum <= max(limits.appendSum, limits.message) - size || intake.count == 0 else {
            throw Refusal(.no("One APPEND takes \(limits.appendSum) bytes at most.", code: .limit))
        }
        intake.size = sum
        intake.sum += size
        guard let mailbox = intake.destination else { return }
        // A look at the mailbox costs as much as storing a small message, and storing looks again. What comes in any
        // case is worth it only when it is large.
        if isHere, intake.sum <= Self.uncheckedSize, intake.head.replaced == nil, !mailbox.account.isGuests { return }
        let growth = max(0, intake.sum - (intake.replaced?.size ?? 0))
        try await mailbox.account.checkAppend(of: growth, messages: intake.head.newMessages, to: mailbox.name)
    }

    /// A part that lies in a mailbox. Whatever it names: a message that cannot be had is a bad URL.
    private func take(url: [UInt8], _ intake: inout AppendIntake) async throws {
        guard let staging = intake.staging else { return }
        do {
            let content = try await content(of: url)
            try await grow(by: content.count, isHere: false, &intake)
            try await copy(content, to: staging)
        } catch let error as StoreError where error == .messageGone {
            throw Refusal(.no("The message of a URL is gone.", code: .badURL(url)))
        }
    }

    private func write(_ bytes: ByteBuffer, _ intake: inout AppendIntake) async {
        guard intake.problem == nil, let staging = intake.staging else { return }
        do throws(StoreError) {
            try await staging.write(bytes)
        } catch {
            intake.note(error)
        }
    }

    /// The message at hand has come whole. It is worked on while the next one comes.
    private func finishMessage(_ intake: inout AppendIntake) async throws {
        guard let staging = intake.staging else { return }
        guard intake.size > 0 else { throw Refusal(.no("A message of no bytes is not stored.", code: .cannot)) }
        intake.staging = nil
        intake.finishing.append(
            AppendIntake.Finishing(
                staged: staging.finishing(), flags: intake.options.flags,
                date: intake.options.date ?? intake.arrival))
        while intake.finishing.count > AppendIntake.mostFinishing { try await collect(&intake) }
    }

    /// Waits for the first of the messages that are worked on.
    private func collect(_ intake: inout AppendIntake) async throws {
        let next = intake.finishing.removeFirst()
        let staged = try await next.staged.value()
        intake.weight += staged.weight
        guard intake.weight <= limits.appendMemory || intake.messages.isEmpty else {
            throw Refusal(.no("These messages are too many for one APPEND.", code: .limit))
        }
        intake.messages.append(NewMessage(staged, flags: next.flags, internalDate: next.date))
    }

    /// - Returns: nil when the messages are with the store.
    private func complete(_ intake: inout AppendIntake) async -> Completion? {
        do {
            try intake.refuseIfSpoilt()
            guard let mailbox = intake.destination else { throw Refusal(.bad("The command has no mailbox.")) }
            if let replaced = intake.replaced {
                try await finishAll(&intake)
                guard let message = intake.messages.first else { throw Refusal(.bad("The command has no message.")) }
                return try await replace(replaced, with: message, in: mailbox)
            }
            if intake.count == 0, intake.size > 0, let staging = intake.staging {
                // One message alone goes from the thread that parses it to the one that stores it.
                intake.staging = nil
                submit(staging, of: intake, to: mailbox)
            } else {
                try await finishAll(&intake)
                submit(intake, to: mailbox)
            }
            return nil
        } catch {
            return completion(for: error, command: intake.head.name)
        }
    }

    private func finishAll(_ intake: inout AppendIntake) async throws {
        try await finishMessage(&intake)
        while !intake.finishing.isEmpty { try await collect(&intake) }
    }
}

extension AppendHead {
    /// By how many messages the mailboxes grow at least.
    fileprivate var newMessages: Int64 { replaced == nil ? 1 : 0 }
}

/// An APPEND while it comes in.
struct AppendIntake {
    let head: AppendHead
    let room: SpoolRoom
    /// Now, for the messages that bring no date.
    let arrival = MailDate.now()
    var destination: MailboxReference?
    /// REPLACE's other message.
    var replaced: ReplacedMessage?
    /// Complete.
    var messages: [NewMessage] = []
    /// Came whole after those, and are worked on.
    var finishing: [Finishing] = []
    /// Of the message at hand: its options, its bytes so far, and their number as announced.
    var options = AppendOptions()
    var isCatenated = false
    var staging: MessageStaging?
    var size = 0
    /// Bytes of all messages, and the memory that they take until they are stored.
    var sum = 0
    var weight = 0
    /// Why the command fails: the first thing that went wrong.
    private(set) var problem: (any Error)?

    init(_ head: AppendHead, room: SpoolRoom) {
        self.head = head
        self.room = room
    }

    /// A message that has come whole.
    struct Finishing {
        let staged: Pending<StagedMessage>
        let flags: Flags
        let date: MailDate
    }

    /// So many are worked on while the next one comes: each has up to two chunks in memory.
    static let mostFinishing = 4

    /// The messages that have come whole.
    var count: Int { messages.count + finishing.count }

    mutating func note(_ error: any Error) {
        if problem == nil { problem = error }
        staging = nil
    }

    func refuseIfSpoilt() throws {
        if let problem { throw problem }
    }
}
