// Sessions of two users on one store, which say whatever the input says.
//
// Beside what IMAPConversation watches over: nothing of Bob's that he has not shared is ever told to Alice, nor changed
// by her; and the store passes its check. The store serves many inputs. Where one finds something, it is tried again on
// a new store; what it finds only after others is told with all of them.

import Accounts
import NIOEmbedded
import TestSupport

final class IMAPSessionTarget {
    /// Inputs until the store is checked and made anew.
    private static let inputsPerStore = 64
    private let loop = NIOAsyncTestingEventLoop()
    private var household: Household?
    private var inputs: [[UInt8]] = []

    init() throws { household = try fresh() }

    deinit { if let household { try? Waiting.forEnd { try await household.end() } } }

    private func fresh() throws -> Household {
        inputs = []
        return try Waiting.forEnd { [loop] in try await Household.make(on: loop) }
    }

    func take(_ bytes: [UInt8]) throws {
        do {
            try attempt(bytes)
        } catch {
            let before = inputs
            household = nil
            try attempt(bytes)
            let told = before.map { String(decoding: SASLBase64.encode($0), as: UTF8.self) }.joined(separator: "\n")
            throw Finding("\(error)\nafter these inputs, in base64:\n\(told)")
        }
    }

    private func attempt(_ bytes: [UInt8]) throws {
        let household = try self.household ?? fresh()
        self.household = household
        inputs.append(bytes)
        let run = IMAPSessionRun(household, IMAPScript(bytes))
        let isBobAtWork = try Waiting.forEnd { try await run.play() }
        guard isBobAtWork || inputs.count >= IMAPSessionTarget.inputsPerStore else { return }
        self.household = nil
        try Waiting.forEnd {
            if !isBobAtWork { try await run.checkBobsMail() }
            try await household.end()
        }
    }
}

/// One input.
struct IMAPSessionRun: Sendable {
    private let household: Household
    private let script: IMAPScript

    init(_ household: Household, _ script: IMAPScript) {
        self.household = household
        self.script = script
    }

    /// - Returns: whether Bob has done something, and so may have shared what he has.
    func play() async throws -> Bool {
        switch script.form {
        case .stranger, .loggedIn, .selected, .inPieces: return try await playBytes()
        case .steps, .pipelined, .rev2, .uidOnly: return try await playScript()
        }
    }

    /// What Alice may not see is in nobody's input but Bob's.
    private var knowsSecrets: Bool {
        let text = String(decoding: script.bytes, as: UTF8.self).lowercased()
        return text.contains(Household.canary.lowercased()) || text.contains(Household.bobsPassword)
    }

    private func playBytes() async throws -> Bool {
        let session = try await IMAPConversation(household)
        defer { session.hangUp() }
        if script.form != .stranger { try await logIn(session, as: Household.alice, Household.alicesPassword) }
        if script.form == .selected || script.form == .inPieces { try await session.expect("SELECT INBOX") }
        for piece in script.form == .inPieces ? script.pieces : [script.bytes] where !session.isOver {
            try await session.say(piece)
            if !knowsSecrets { try requireNoSecret(session) }
        }
        return knowsSecrets
    }

    private func logIn(_ session: IMAPConversation, as user: String, _ password: String) async throws {
        try await session.expect("LOGIN \(user) \(password)")
        switch script.form {
        case .rev2: try await session.expect("ENABLE IMAP4rev2 QRESYNC")
        case .uidOnly: try await session.expect("ENABLE UIDONLY CONDSTORE")
        default: break
        }
    }

    private func requireNoSecret(_ session: IMAPConversation) throws {
        try require(
            !IMAPSessionRun.contains(session.lastHeard, Household.canary),
            "Alice is told of Bob's: \(String(decoding: session.lastHeard.prefix(2_000), as: UTF8.self))")
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard let first = wanted.first, bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains {
            bytes[$0] == first && bytes[$0..<($0 + wanted.count)].elementsEqual(wanted)
        }
    }

    // MARK: Scripts

    private func playScript() async throws -> Bool {
        var players: [UInt8: ScriptedSession] = [:]
        defer { for player in players.values { player.conversation.hangUp() } }
        var isBobAtWork = knowsSecrets
        for (number, step) in script.steps.enumerated() {
            let isBob = step.session == UInt8(ascii: "b")
            isBobAtWork = isBobAtWork || isBob
            let key = isBob || step.session == UInt8(ascii: "c") ? step.session : UInt8(ascii: "a")
            let player: ScriptedSession
            if let known = players[key] { player = known } else { player = try await begin(isBob) }
            players[key] = player
            if script.form == .pipelined { player.putOff(step, number) } else { try await player.play(step, number) }
            if !isBobAtWork { try requireNoSecret(player.conversation) }
        }
        for player in players.values { try await player.sayDeferred() }
        if !isBobAtWork { for player in players.values { try requireNoSecret(player.conversation) } }
        return isBobAtWork
    }

    private func begin(_ isBob: Bool) async throws -> ScriptedSession {
        let session = try await IMAPConversation(household)
        let (user, password) =
            isBob ? (Household.bob, Household.bobsPassword) : (Household.alice, Household.alicesPassword)
        try await logIn(session, as: user, password)
        return ScriptedSession(session)
    }

    // MARK: Bob's mail

    /// It is as it was: Alice may look up and read Team, and nothing else.
    func checkBobsMail() async throws {
        let counts = try await household.counts(of: household.bob)
        let wanted = ["INBOX": 1, "Team": 1, Household.canary: 1]
        try require(counts.filter { $0.value > 0 } == wanted, "Bob's mailboxes have become \(counts)")
    }
}

/// A session that a script's lines are for.
final class ScriptedSession {
    /// What the server waits for.
    private struct Asked {
        let tag: String
        /// Bytes of a literal; nil for a line.
        var owed: Int?
    }

    let conversation: IMAPConversation
    private var asked: Asked?
    /// After a line that is not plain nobody knows what the next one is taken for, until one is answered.
    private var isCertain = true
    private var deferred: [(tag: String, step: IMAPScript.Step)] = []

    init(_ conversation: IMAPConversation) { self.conversation = conversation }

    func play(_ step: IMAPScript.Step, _ number: Int) async throws {
        guard !conversation.isOver else { return }
        if let asked { return try await goOn(step, asked) }
        let tag = "T\(number)"
        if !step.isPlain { isCertain = false }
        let responses = try await conversation.say(Array("\(tag) ".utf8) + step.text + [0x0d, 0x0a])
        if Self.asks(responses) {
            asked = Asked(tag: tag, owed: step.literalSize)
        } else if isCertain, !conversation.isOver, !conversation.isCompressed {
            try await awaitAnswers([tag], "\(String(decoding: step.text.prefix(200), as: UTF8.self))")
        }
        // Its answer shows that it was taken for a command, and with it whatever comes next.
        if conversation.answers[tag] == 1, step.isPlain { isCertain = true }
    }

    /// Each of the tags is answered, once. A session that is telling news when a command comes asks for more before it
    /// has taken that up: then another command shows that it has.
    private func awaitAnswers(_ tags: [String], _ what: String) async throws {
        for attempt in 0..<3 where tags.contains(where: { conversation.answers[$0] == nil }) && !conversation.isOver {
            try await conversation.say(Array("P\(conversation.answers.count).\(attempt) NOOP\r\n".utf8))
        }
        guard !conversation.isOver else { return }
        try requireEqual(tags.map { conversation.answers[$0, default: 0] }, tags.map { _ in 1 }, "answers to \(what)")
    }

    private func goOn(_ step: IMAPScript.Step, _ asked: Asked) async throws {
        isCertain = false
        let responses = try await conversation.say(step.text + [0x0d, 0x0a])
        if Self.asks(responses) {
            self.asked = Asked(tag: asked.tag, owed: step.literalSize)
        } else if let owed = asked.owed, step.text.count < owed {
            self.asked?.owed = max(0, owed - step.text.count - 2)
        } else if asked.owed != nil || conversation.answers[asked.tag, default: 0] > 0 {
            // The answer to a message that is being stored comes before the next one.
            self.asked = nil
        }
    }

    private static func asks(_ responses: [IMAPResponse]) -> Bool { responses.last { $0.tag != "*" }?.tag == "+" }

    // MARK: Pipelined

    func putOff(_ step: IMAPScript.Step, _ number: Int) { deferred.append(("T\(number)", step)) }

    /// Says all that was put off, at once. Where all of it is plain, all is answered, in order.
    func sayDeferred() async throws {
        guard !deferred.isEmpty, !conversation.isOver else { return }
        var bytes: [UInt8] = []
        for (tag, step) in deferred { bytes += Array("\(tag) ".utf8) + step.text + [0x0d, 0x0a] }
        let responses = try await conversation.say(bytes)
        let isPlain = deferred.allSatisfy(\.step.isPlain) && !responses.contains { $0.tag == "+" }
        guard isPlain, !conversation.isOver, !conversation.isCompressed else { return }
        let tags = deferred.map(\.tag)
        try await awaitAnswers(tags, "commands sent together")
        let order = conversation.order.filter { tags.contains($0) }
        if !conversation.isOver { try requireEqual(order, tags, "the answers' order") }
    }
}
