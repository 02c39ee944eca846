// One session of a random sequence: sends a command, foretells what it does, and holds the reply against both models.

import TestSupport

/// Used by one task.
final class ModelSession {
    let name: String
    let mode: ClientMode
    private let connection: IMAPTestClient
    private(set) var client: ClientModel?
    private var idleTag: String?
    /// What the server said last, for the report of a failure.
    private(set) var heard: [IMAPResponse] = []
    var checksRecent = true
    /// The MODSEQs of the selected mailbox's messages before the command.
    var modSeqs: [UInt64: UInt64] = [:]
    /// Whether the last command was one that brings the client up to date.
    private(set) var isInformed = false
    /// How often QRESYNC was asked for, and how many UIDs VANISHED (EARLIER) then.
    private(set) var resynchronized = 0
    private(set) var vanishedEarlier = 0
    /// What the client knew of each mailbox when it left it: for QRESYNC.
    private var caches: [String: ClientModel] = [:]

    init(name: String, mode: ClientMode, connection: IMAPTestClient) {
        self.name = name
        self.mode = mode
        self.connection = connection
    }

    /// What a command has to come to.
    private struct Outcome {
        var conditions: Set<String> = ["OK"]
        /// The code of the tagged response; nil when any will do.
        var code: String?
        /// What the client hears of at the end at the latest.
        var isComplete = true
        /// False: the command was refused, and the client may be told of nothing.
        var isSynchronizing = true

        static let bad = Outcome(conditions: ["BAD"], isComplete: false)
        static let no = Outcome(conditions: ["NO"], isComplete: false, isSynchronizing: false)
    }

    // MARK: Choosing

    func choose(_ chooser: inout CommandChooser, _ account: AccountModel) -> ModelCommand {
        if idleTag != nil { return .endIdle }
        guard let client else { return withCache(chooser.first(count: account.count), account, &chooser.random) }
        let uidNext = account.mailboxes[client.mailbox]?.uidNext ?? 1
        return withCache(chooser.next(for: client, uidNext: uidNext, count: account.count), account, &chooser.random)
    }

    var isIdling: Bool { idleTag != nil }

    private func withCache(
        _ command: ModelCommand, _ account: AccountModel, _ random: inout SeededRandom
    ) -> ModelCommand {
        guard case .select(let mailbox, let isReadOnly, _) = command, mode == .qresync, !random.isOneIn(4),
            let cache = caches[mailbox], cache.highestModSeq > 0
        else { return command }
        return .select(
            mailbox, isReadOnly: isReadOnly, cache: (account.mailboxes[mailbox]?.uidValidity ?? 0, cache.highestModSeq))
    }

    // MARK: Carrying out

    func perform(_ command: ModelCommand, _ account: inout AccountModel) async throws {
        heard = []
        if case .beginIdle = command {
            let tag = connection.nextTag()
            try await connection.send("\(tag) IDLE\r\n")
            guard try await connection.response().tag == "+" else { throw TestFailure("IDLE got no continuation") }
            idleTag = tag
            return try await hear(&account)
        }
        let reply: IMAPReply
        if case .endIdle = command, let tag = idleTag {
            try await connection.send("DONE\r\n")
            reply = try await connection.reply(to: tag)
            idleTag = nil
        } else {
            reply = try await connection.command("\(command)")
        }
        heard = reply.untagged + [reply.tagged]
        try take(reply, of: command, &account)
        client?.isIdling = false
    }

    /// While it idles: listens until it has been told all that there is. Fails when that does not come.
    func hear(_ account: inout AccountModel) async throws {
        heard = []
        guard var client, var truth = account.mailboxes[client.mailbox] else { return }
        client.isIdling = true
        while !client.knows(truth) {
            let response = try await connection.response()
            heard.append(response)
            try client.take(response, truth: &truth, mayExpunge: true)
        }
        try client.check(against: truth, isComplete: true)
        account.mailboxes[client.mailbox] = truth
        self.client = client
    }

    private func take(_ reply: IMAPReply, of command: ModelCommand, _ account: inout AccountModel) throws {
        let before = client
        let outcome = try foretell(command, reply, &account)
        guard let condition = reply.tagged.condition, outcome.conditions.contains(condition) else {
            throw TestFailure("\(reply.tagged.condition ?? "") where \(outcome.conditions) should be")
        }
        if let code = outcome.code, reply.code("COPYUID").map({ "COPYUID " + $0 }) ?? reply.code != code {
            throw TestFailure("[\(reply.code ?? "")] where [\(code)] should be")
        }
        isInformed = outcome.isSynchronizing
        if case .select(_, _, .some) = command {
            resynchronized += 1
            vanishedEarlier += reply.vanishedEarlier.count
        }
        guard var client, var truth = account.mailboxes[client.mailbox] else { return }
        for response in reply.untagged + [reply.tagged] {
            try client.take(response, truth: &truth, mayExpunge: command.mayExpunge)
        }
        client.endCommand()
        if outcome.isSynchronizing { try client.check(against: truth, isComplete: outcome.isComplete) }
        account.mailboxes[client.mailbox] = truth
        self.client = client
        try ReplyCheck(command: command, reply: reply, before: before, client: client, truth: truth).check()
    }

    /// Moves the account's model, and says what the reply must be.
    private func foretell(
        _ command: ModelCommand, _ reply: IMAPReply, _ account: inout AccountModel
    ) throws -> Outcome {
        switch command {
        case .append(let target, let flags, _):
            let uid = account.append(to: target, flags)
            return Outcome(code: "APPENDUID \(account.mailboxes[target]?.uidValidity ?? 0) \(uid ?? 0)")
        case .select(let mailbox, let isReadOnly, let cache):
            leave()
            var client = ClientModel(mailbox: mailbox, isReadOnly: isReadOnly, mode: mode, checksRecent: checksRecent)
            if cache != nil, let cached = caches[mailbox] { client.resume(from: cached) }
            self.client = client
            return Outcome(code: isReadOnly ? "READ-ONLY" : "READ-WRITE")
        case .close, .unselect:
            if case .close = command, let client, !client.isReadOnly {
                account.mailboxes[client.mailbox]?.expunge()
            }
            leave()
            return Outcome()
        case .noop, .check, .beginIdle, .endIdle, .status: return Outcome()
        default:
            guard let client else { throw TestFailure("nothing is selected for \(command)") }
            return try foretell(command, of: client, reply, &account)
        }
    }

    private func leave() {
        if let client { caches[client.mailbox] = client }
        client = nil
    }

    /// The commands on messages.
    private func foretell(
        _ command: ModelCommand, of client: ClientModel, _ reply: IMAPReply, _ account: inout AccountModel
    ) throws -> Outcome {
        let source = client.mailbox
        switch command {
        case .fetch(let set, let isUID, let items, _):
            guard let uids = client.uids(set, isUID: isUID) else { return .bad }
            if items == .body, !client.isReadOnly { see(uids, client, &account) }
            let isGone = uids.contains { account.mailboxes[source]?[$0] == nil }
            return Outcome(conditions: isGone ? ["OK", "NO"] : ["OK"], isComplete: isUID)
        case .store(let set, let isUID, let operation, let flags, let isSilent, let since):
            if client.isReadOnly { return .no }
            guard let uids = client.uids(set, isUID: isUID) else { return .bad }
            let modified = since == nil ? [] : modified(reply, client, isUID)
            let messages = uids.compactMap { account.mailboxes[source]?[$0] }
            try check(modified, of: messages, operation, flags, since)
            let changed = uids.filter { !modified.contains($0) }
            self.client?.expect(operation, flags, of: isSilent ? changed : [])
            account.mailboxes[source]?.store(operation, flags, of: changed)
            return Outcome(conditions: since == nil ? ["OK"] : ["OK", "NO"], isComplete: isUID)
        case .expunge(let set):
            if client.isReadOnly { return .no }
            let lastUID = client.view.last ?? 0
            account.mailboxes[source]?.expunge(only: set.map { set in { set.contains($0, last: lastUID) } })
            return Outcome()
        case .copy(let set, let isUID, let target):
            guard let uids = client.uids(set, isUID: isUID) else { return .bad }
            return Outcome(code: copyUID(account.copy(uids, from: source, to: target), target, account))
        case .move(let set, let isUID, let target):
            if client.isReadOnly { return .no }
            guard let uids = client.uids(set, isUID: isUID) else { return .bad }
            return Outcome(code: copyUID(account.move(uids, from: source, to: target), target, account))
        case .search(_, let isUID): return Outcome(isComplete: isUID && command.mayExpunge)
        default: throw TestFailure("no model of \(command)")
        }
    }

    /// FETCH of a body sets \Seen on what the client has not seen. What another session made unseen since this client
    /// was last told is still seen to it.
    private func see(_ uids: [UInt64], _ client: ClientModel, _ account: inout AccountModel) {
        let unseen = uids.filter { client.synchronized[$0]?.contains("\\Seen") != true }
        account.mailboxes[client.mailbox]?.store(.add, ["\\Seen"], of: unseen)
    }

    private func copyUID(_ pairs: [(UInt64, UInt64)], _ target: String, _ account: AccountModel) -> String? {
        guard !pairs.isEmpty, let validity = account.mailboxes[target]?.uidValidity else { return nil }
        return "COPYUID \(validity) \(Self.set(pairs.map(\.0))) \(Self.set(pairs.map(\.1)))"
    }

    /// The UIDs that the reply says were not changed (RFC 7162 §3.1.3).
    private func modified(_ reply: IMAPReply, _ client: ClientModel, _ isUID: Bool) -> Set<UInt64> {
        let numbers = reply.code("MODIFIED").flatMap { IMAPResponse.numbers(of: $0) } ?? []
        return Set(
            isUID
                ? numbers
                : numbers.compactMap { client.view.indices.contains(Int($0) - 1) ? client.view[Int($0) - 1] : nil })
    }

    /// MODIFIED names the messages that were changed since (RFC 7162 §3.1.3). One whose flags of this STORE were not
    /// changed since the client was told need not be refused for the sake of others (§3.1.12).
    private func check(
        _ modified: Set<UInt64>, of messages: [MessageModel], _ operation: FlagOperation, _ flags: Set<String>,
        _ since: UInt64?
    ) throws {
        guard let since else { return }
        for message in messages {
            let isChanged = modSeqs[message.uid] ?? 0 > since
            guard isChanged != modified.contains(message.uid) else { continue }
            let known = client?.synchronized[message.uid] ?? []
            let isUntouched = flags.intersection(known) == flags.intersection(message.flags)
            guard isChanged, operation != .replace, isUntouched else {
                throw TestFailure("MODSEQ \(modSeqs[message.uid] ?? 0) of UID \(message.uid), MODIFIED \(modified)")
            }
        }
    }

    /// What the client knows of MODSEQs is what they are now: each change was told with its own (RFC 7162 §3.1).
    func checkModSeqs(_ now: [UInt64: UInt64]) throws {
        guard mode == .qresync, isInformed, !isIdling, let client else { return }
        for (uid, modSeq) in now {
            if let known = client.modSeqs[uid], known != modSeq {
                throw TestFailure("the client knows MODSEQ \(known) of UID \(uid), which is \(modSeq)")
            }
        }
    }

    /// Ascending numbers as a set is written: neighbours as a range.
    static func set(_ numbers: [UInt64]) -> String {
        var ranges: [(UInt64, UInt64)] = []
        for number in numbers {
            if let last = ranges.last, last.1 + 1 == number {
                ranges[ranges.count - 1].1 = number
            } else {
                ranges.append((number, number))
            }
        }
        return ranges.map { $0 == $1 ? "\($0)" : "\($0):\($1)" }.joined(separator: ",")
    }

    func close() async { await connection.close() }

    /// Leaves the mailbox without a word more, as a client whose connection broke.
    func leaveMailbox() async throws {
        if let tag = idleTag {
            try await connection.send("DONE\r\n")
            _ = try await connection.reply(to: tag)
            idleTag = nil
        }
        if client != nil { try await connection.command("UNSELECT") }
        client = nil
        caches = [:]
    }
}
