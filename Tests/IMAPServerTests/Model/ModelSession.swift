// One session of a random sequence: sends a command, and holds the reply against what both models say it must be.

import TestSupport

/// Used by one task.
final class ModelSession {
    let name: String
    let kind: ModelKind
    private let connect: () async throws -> IMAPTestClient
    private var connection: IMAPTestClient
    var client: ClientModel?
    private var idleTag: String?
    /// What the server said last, for the report of a failure.
    private(set) var heard: [IMAPResponse] = []
    var checksRecent = true
    /// The MODSEQs of the selected mailbox's messages before the command.
    var modSeqs: [UInt64: UInt64] = [:]
    /// Whether the last command was one that brings the client up to date.
    private(set) var isInformed = false
    /// How often something came to pass that a test of many sequences must come to.
    private(set) var tally: [String: Int] = [:]
    /// What the client knew of each mailbox when it left it: for QRESYNC.
    var caches: [String: ClientModel] = [:]

    /// - Parameter connect: gives a connection that is logged in and has enabled what it needs.
    init(name: String, kind: ModelKind, connect: @escaping () async throws -> IMAPTestClient) async throws {
        self.name = name
        self.kind = kind
        self.connect = connect
        connection = try await connect()
    }

    // MARK: Choosing

    func choose(_ chooser: inout CommandChooser, _ account: AccountModel) -> ModelCommand {
        if idleTag != nil { return .endIdle }
        let chosen = client.map { chooser.next(for: $0, account) } ?? chooser.first(account)
        return kind.isGuest && chosen.isOwners ? .noop : withCache(chosen, account, &chooser.random)
    }

    var isIdling: Bool { idleTag != nil }

    private func withCache(
        _ command: ModelCommand, _ account: AccountModel, _ random: inout SeededRandom
    ) -> ModelCommand {
        guard case .select(let mailbox, let isReadOnly, _) = command, kind.mode == .qresync, !random.isOneIn(4),
            let key = account.key(of: mailbox, isGuest: kind.isGuest), let cache = caches[key], cache.highestModSeq > 0
        else { return command }
        return .select(
            mailbox, isReadOnly: isReadOnly, cache: (account.mailboxes[key]?.uidValidity ?? 0, cache.highestModSeq))
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
            let tag = connection.nextTag()
            if case .search(let key, _, .update) = command { client?.contexts[tag] = .init(key: key) }
            let prefix = kind.isGuest ? "Other Users/alice@example.org/" : ""
            try await connection.send("\(tag) \(command.written(prefix))\r\n")
            reply = try await connection.reply(to: tag)
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

    /// The mailbox that it has selected was deleted: BYE (RFC 2180 §3.3), at once while it idles. It comes back.
    func meetDeletion() async throws {
        if idleTag == nil { try await connection.send("X NOOP\r\n") }
        heard = try await connection.untilClosed()
        guard heard.last?.condition == "BYE", heard.last?.code == "NONEXISTENT" else {
            throw TestFailure("no BYE when the selected mailbox was deleted")
        }
        count("deleted under it")
        leave()
        idleTag = nil
        connection = try await connect()
    }

    private func take(_ reply: IMAPReply, of command: ModelCommand, _ account: inout AccountModel) throws {
        let before = client
        let outcome = try foretell(command, reply, &account)
        guard let condition = reply.tagged.condition, outcome.conditions.contains(condition) else {
            throw TestFailure("\(reply.tagged.condition ?? "") where \(outcome.conditions) should be")
        }
        if let code = outcome.code, !outcome.isTold(by: reply) {
            throw TestFailure("[\(reply.code ?? "")] where [\(code)] should be")
        }
        isInformed = outcome.isSynchronizing
        count("\(command)".split(separator: " ").first { $0 != "UID" }?.lowercased() ?? "", condition)
        if case .select(_, _, .some) = command { count("resynchronized") }
        if !reply.vanishedEarlier.isEmpty { count("vanished earlier") }
        guard var client, var truth = account.mailboxes[client.mailbox] else { return }
        for response in reply.untagged + [reply.tagged] {
            try client.take(response, truth: &truth, mayExpunge: command.mayExpunge)
            if response.name == "ESEARCH", ESearchReply(response)?.updates.isEmpty == false { count("updates") }
        }
        client.endCommand()
        if outcome.isSynchronizing { try client.check(against: truth, isComplete: outcome.isComplete) }
        account.mailboxes[client.mailbox] = truth
        self.client = client
        try ReplyCheck(command: command, reply: reply, before: before, client: client, truth: truth).check()
    }

    private func count(_ words: String...) { tally[words.joined(separator: " "), default: 0] += 1 }

    /// What the client knows of MODSEQs is what they are now: each change was told with its own (RFC 7162 §3.1).
    func checkModSeqs(_ now: [UInt64: UInt64]) throws {
        guard kind.mode == .qresync, isInformed, !isIdling, let client else { return }
        for (uid, modSeq) in now {
            if let known = client.modSeqs[uid], known != modSeq {
                throw TestFailure("the client knows MODSEQ \(known) of UID \(uid), which is \(modSeq)")
            }
        }
    }

    // MARK: Leaving

    func leave() {
        if let client { caches[client.mailbox] = client }
        client = nil
    }

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
