// One client's conversation, from the greeting to the last word: commands are taken and carried out in order.
//
// Theory. `turn` carries the conversation on until there is nothing left but to wait; whoever calls it waits and calls
// it again (SessionTask.swift), and no two turns run at a time. The session runs on its connection's event loop and
// does one thing at a time, so replies leave in the order of the commands whatever the client pipelines. Its state is
// what it holds: no `identity` is not authenticated, an `identity` is authenticated, a `selection` besides is selected
// (RFC 3501 §3). Only `authenticate` sets the identity; only SELECT, EXAMINE, CLOSE, UNSELECT and the DELETE of the
// selected mailbox change the selection; after a SELECT of a large mailbox `coming` is turned into it before anything
// else is done. `isOver` is set with the last line written, and nothing is carried out after it.
//
// An error never ends a session by itself: it becomes a tagged reply, in `completion(for:)`. A session ends by LOGOUT,
// by BYE (time, abuse, drain, a revoked login, a mailbox deleted under it), or because its connection did.

import Accounts
import CoreMetrics
import IMAPSyntax
import Logging
import Mail
import MailStore
import NIOCore
import Sockets

/// Who is logged in, and their mail.
struct Identity {
    let login: Accounts.Login
    let account: AccountStore
    /// Capabilities that the administrator has switched for this account.
    var switches = CapabilitySwitches()
    /// For what messages that come in wait in.
    var descriptors: DescriptorLoan?
}

final class Session {
    let environment: SessionEnvironment
    let connection: Connection
    let loginSlot: LoginSlot
    let logger: Logger
    var isTLS: Bool
    /// What the client called itself with ID.
    var client: String?
    var identity: Identity? {
        didSet { chooseLiterals() }
    }
    var selection: Selection?
    /// After a SELECT that was answered and whose mailbox is not there yet.
    var coming: ComingSelection?
    /// What NOTIFY asked for; nil before the first NOTIFY.
    var notify: NotifyState?
    /// What has arrived and waits for its turn.
    var ahead: [AheadItem] = []
    /// Commands that were carried out together and are answered one after the other: those whose turn is yet to come.
    var unanswered: ArraySlice<TaggedCommand> = []
    /// While the client is in IDLE.
    var idling: Idling?
    /// APPENDs that are with the store and have not been answered.
    var submitted: [AppendUnderWay] = []
    /// Their way there, from the first on.
    var appendLane: AppendLane?
    /// What ENABLE and its like have switched on; UNAUTHENTICATE clears it.
    var enabled: EnabledExtensions = [] {
        didSet {
            connection.writer.acceptsUTF8 = enabled.acceptsUTF8
            connection.writer.isUIDOnly = enabled.isUIDOnly
        }
    }
    /// While NOTIFY or METADATA needs to know of more than the selected mailbox.
    var listening: AccountListening?
    var failedLogins = 0
    private var badCommands = 0
    /// Since the connection began, or the last login.
    var commandsWithoutLogin = 0
    /// The last line has been written.
    private(set) var isOver = false
    private(set) var endReason = "disconnected"

    /// After so many, a millisecond's worth or less, the loop's other sessions have their turn.
    private static let stepsInARow = 64

    /// Signals that end a session wherever it waits.
    static let endings: Wake = [.drain, .revoked, .kicked, .deadline]
    /// Signals that end it also while a message comes in; a drain lets the message arrive.
    static let cutting: Wake = [.revoked, .kicked, .deadline]

    init(environment: SessionEnvironment, connection: Connection, loginSlot: LoginSlot, isTLS: Bool) {
        self.environment = environment
        self.connection = connection
        self.loginSlot = loginSlot
        self.isTLS = isTLS
        var logger = environment.logger
        logger[metadataKey: "rip"] = "\(environment.remoteAddress)"
        logger[metadataKey: "session"] = "\(environment.sessionID)"
        self.logger = logger
        chooseLiterals()
    }

    var limits: IMAPLimits { connection.limits }

    var state: SessionStates {
        if identity == nil { return .notAuthenticated }
        return selection == nil ? .authenticated : .selected
    }

    /// What logins look at of the TLS connection; nil in plain text. Only the version where the handshake has not told.
    var tls: TLSFacts? { isTLS ? connection.gate.tls ?? TLSFacts(version: "TLS") : nil }

    /// When the session has been silent for too long, or its login expires.
    var deadline: NIODeadline {
        let idle = NIODeadline.now() + TimeAmount(limits.idleTime)
        guard let left = secondsLeft else { return idle }
        return min(idle, .now() + .seconds(max(0, min(left, 86_400))))
    }

    /// Of a login that expires.
    private var secondsLeft: Int64? {
        identity?.login.expires.map { $0.subtractingReportingOverflow(LoginClock.system.now()).partialValue }
    }

    // MARK: The conversation

    /// Carries the conversation on.
    /// - Parameter wake: what has come of what the last turn said to wait for; empty in the first turn.
    /// - Returns: what to wait for; nil when the conversation is over.
    func turn(_ wake: Wake) async -> Wake? {
        do {
            if wake.isEmpty { try await begin() } else { try await goOn(wake) }
            var steps = 0
            while !isOver {
                if let reasons = try await step() { return reasons }
                steps += 1
                if steps.isMultiple(of: Session.stepsInARow) { await connection.turns.giveWay() }
            }
        } catch {
            if let failure = connection.gate.failure { endReason = failure }
        }
        selection = nil
        if identity != nil { environment.liveSessions.remove(environment.sessionID) }
        await connection.close(within: identity == nil ? .seconds(1) : .seconds(5))
        logger.info("imap session ended", metadata: ["reason": "\(endReason)"])
        return nil
    }

    private func begin() async throws(ConnectionEnded) {
        connection.gate.setDeadline(.now() + TimeAmount(limits.timeBeforeAuthentication))
        if isTLS { try await awaitHandshake() }
        greet()
    }

    /// The greeting says what can be done on this connection, and that depends on TLS: on the certificate that the
    /// client shows, on the channel binding.
    private func awaitHandshake() async throws(ConnectionEnded) {
        let wake = await connection.gate.wait(for: Session.endings.union([.secured, .ended]))
        guard wake.contains(.secured) else { throw ConnectionEnded() }
    }

    private func greet() {
        connection.writer.untagged(
            .ok, code: .capability(capabilities), "\(environment.settings.hostname) Martlet ready.")
    }

    /// What the session hears of while it waits for its client.
    private var signals: Wake {
        idling == nil ? Session.endings.union(notify?.signals ?? []) : Session.idleSignals
    }

    private func goOn(_ wake: Wake) async throws(ConnectionEnded) {
        if let arrival = try connection.take(wake, signals) { try await handle(arrival) }
    }

    /// Takes up the next thing that is there.
    /// - Returns: what to wait for when nothing is.
    private func step() async throws(ConnectionEnded) -> Wake? {
        if let coming {
            try await finishSelecting(coming)
            return nil
        }
        if let idling {
            try await tellIdle(idling)
        } else if !submitted.isEmpty {
            try await stepBehindAppends()
            return nil
        } else if let next = takeNext() {
            try await handle(next)
            return nil
        }
        guard !isOver else { return nil }
        guard let arrival = try await connection.arrival(or: signals) else { return Connection.reasons(signals) }
        try await handle(arrival)
        return nil
    }

    /// What is to be done before anything is read: a reason to end, or what was read ahead.
    private func takeNext() -> AheadItem? {
        if identity != nil { connection.gate.setDeadline(deadline) }
        if let reason = dueEnd() { end(because: reason) }
        return isOver || ahead.isEmpty ? nil : ahead.removeFirst()
    }

    /// Why the session must end before it does anything else.
    func dueEnd() -> Wake? {
        if let left = secondsLeft, left <= 0 { return .deadline }
        let raised = connection.gate.poll(Session.endings)
        return raised.isEmpty ? nil : raised
    }

    private func handle(_ next: AheadItem) async throws(ConnectionEnded) {
        switch next {
        case .command(let command): try await execute(command)
        case .event(let event): try await handle(event)
        }
    }

    private func handle(_ arrival: Connection.Arrival) async throws(ConnectionEnded) {
        if let idling { return try await handle(arrival, in: idling) }
        switch arrival {
        case .signals(let wake) where wake.isDisjoint(with: Session.endings): try await tell(wake)
        case .signals(let wake): end(because: wake)
        case .event(let event): try await handle(event)
        }
    }

    private func handle(_ event: WireEvent) async throws(ConnectionEnded) {
        switch event {
        case .command(let bytes):
            switch parse(bytes) {
            case .success(let command): try await execute(command)
            case .failure(let bad): refuse(bad)
            }
        case .continuationNeeded(let head): announceLiteral(head)
        case .append(.begin(let head)):
            connection.gate.readBound.set(forMessages: identity != nil)
            try await append(head)
        case .bad(let bad, let code, let fatal):
            refuse(bad, code: code)
            if fatal, !isOver { bye("Closing the connection: \(bad.reason).", code: code, reason: "limit") }
        case .append, .appendLiteral, .appendData, .appendEnded, .line: break
        }
    }

    func parse(_ bytes: ByteBuffer) -> Result<TaggedCommand, BadCommand> {
        parseCommand(bytes, limits: identity == nil ? limits.syntaxBeforeAuthentication : limits.syntax)
    }

    /// A literal is about to come: `+`, unless the command would be refused anyway (RFC 3501 §7.5, threats case 7).
    private func announceLiteral(_ head: CommandHead) {
        if let refusal = refusalBeforeLiteral(head) {
            connection.framer.refuseLiteral()
            connection.writer.tagged(head.tag, refusal.condition, code: refusal.code, refusal.text)
            if refusal.condition == .bad { countBad() }
        } else {
            connection.writer.continuation()
            connection.framer.acceptLiteral()
        }
    }

    private func refusalBeforeLiteral(_ head: CommandHead) -> Completion? {
        guard let name = head.name else { return .bad("Unknown command.") }
        if let refusal = refusal(of: name) { return refusal }
        if (name == .login || name == .authenticate) && !mayLogIn { return Session.privacyRequired }
        return nil
    }

    // MARK: Carrying out

    private func execute(_ given: TaggedCommand) async throws(ConnectionEnded) {
        try await refreshRights()
        guard !isOver else { return }
        SessionMetrics.commands.increment()
        guard mayGoOn(given) else { return }
        if let refusal = refusal(of: given.command.name) {
            connection.writer.tagged(given.tag, refusal.condition, code: refusal.code, refusal.text)
            // A program that tries to set \Seen on each message of a read-only mailbox does nothing bad.
            if refusal.condition == .bad { countBad() }
            return
        }
        guard let tagged = try await withoutFilters(given) else { return }
        let command = tagged.command
        if let refusal = refusal(ofUnoffered: command) ?? refusal(ofNumbersIn: command) {
            connection.writer.tagged(tagged.tag, refusal.condition, code: refusal.code, refusal.text)
            return countBad()
        }
        if command.isCondstoreEnabling { becomeCondstoreAware() }
        if command.name == .fetch, try await performRun(from: tagged) { return badCommands = 0 }
        if command.name == .store, try await performStores(from: tagged) { return badCommands = 0 }
        try await conclude(tagged) { try await perform(tagged) }
    }

    /// Notes what kind of commands come. False: there were too many without a login.
    private func mayGoOn(_ given: TaggedCommand) -> Bool {
        connection.gate.readBound.set(forMessages: false)
        guard identity == nil else { return true }
        commandsWithoutLogin += 1
        guard commandsWithoutLogin > limits.commandsBeforeAuthentication else { return true }
        bye("Too many commands without a login.", reason: "commands without a login")
        return false
    }

    /// Carries a command out and says what came of it.
    func conclude(_ tagged: TaggedCommand, _ work: () async throws -> Completion) async throws(ConnectionEnded) {
        let command = tagged.command
        let completion: Completion
        do {
            completion = try await work()
        } catch let ended as ConnectionEnded {
            throw ended
        } catch is Replied {
            return
        } catch {
            completion = self.completion(for: error, command: command.name)
        }
        try await answer(tagged, completion)
    }

    /// What follows when a command has been carried out: what it changed is told, then its tagged reply.
    func answer(_ tagged: TaggedCommand, _ completion: Completion) async throws(ConnectionEnded) {
        guard !isOver else { return }
        let command = tagged.command
        if completion.condition == .ok { noteOwn(command) }
        try await announce(announcing(command), withUIDs: command.isUIDForm, removes: command.removesMessages)
        try await tellNews(after: command)
        try await finish(tagged.tag, completion)
        if identity != nil {
            badCommands = 0
        } else if failedLogins >= environment.settings.failedLogins {
            bye("Too many failed logins.", reason: "failed logins")
        }
    }

    /// The tagged reply, and BYE where the announcement before it or the command itself ended the session.
    func finish(_ tag: String, _ completion: Completion) async throws(ConnectionEnded) {
        guard !isOver else { return }
        var code = completion.code
        if completion.tellsHighestModSeq, let selection { code = .highestModSeq(selection.mailbox.toldModSeq) }
        connection.writer.tagged(tag, completion.condition, code: offered(code), completion.text)
        try await connection.flushIfLarge()
    }

    /// Why a command may not run in this state; nil when it may.
    func refusal(of name: CommandName) -> Completion? {
        let rule = CommandTable.rule(for: name)
        if let capability = rule.capability, !isOffered(capability) { return .bad("Unknown command.") }
        guard rule.states.contains(state) else {
            return switch (identity, name) {
            case (nil, _): .bad("Log in first.")
            case (_, .login), (_, .authenticate), (_, .startTLS): .bad("You are logged in already.")
            default: .bad("Select a mailbox first.")
            }
        }
        if rule.changesMail, identity?.login.isReadOnly == true {
            return .no("This login may read and change nothing.", code: .noPerm)
        }
        if rule.needsWritableMailbox, let selection, selection.rights.isDisjoint(with: .changing) {
            return Completion(.notPermitted, missing: .nonexistent)
        }
        if rule.needsWritableMailbox, selection?.mailbox.isReadOnly == true {
            return .no("The mailbox was opened read-only, with EXAMINE.", code: .cannot)
        }
        return nil
    }

    /// The one place where an error becomes a reply.
    func completion(for error: any Error, command: CommandName) -> Completion {
        if let refusal = error as? Refusal { return refusal.completion }
        guard let error = error as? StoreError else {
            let reference = "\(environment.sessionID)-\(UInt32.random(in: .min ... .max))"
            logger.error(
                "unexpected error",
                metadata: ["command": "\(command.rawValue)", "reference": "\(reference)", "error": "\(error)"])
            return Completion(unexpected: reference)
        }
        if error.isTrouble {
            logger.error(
                "storage error", metadata: ["command": "\(command.rawValue)", "error": "\(error.explanation)"])
        }
        let missing: MissingMailbox =
            switch command {
            case .append, .copy, .move, .replace: .tryCreate
            default: .nonexistent
            }
        return Completion(error, missing: missing)
    }

    // MARK: Ending

    /// Says why and ends the session.
    func bye(_ text: String, code: ResponseCode? = nil, reason: String) {
        guard !isOver else { return }
        connection.writer.untagged(.bye, code: code, text)
        end(reason)
    }

    func end(_ reason: String) {
        isOver = true
        endReason = reason
    }

    /// Ends the session for one of `Session.endings`.
    func end(because wake: Wake) {
        if wake.contains(.drain) {
            bye("The server is shutting down.", code: .unavailable, reason: "shutdown")
        } else if wake.contains(.revoked) {
            bye("This login is no longer valid.", reason: "revoked")
        } else if wake.contains(.kicked) {
            bye("The administrator has ended this session.", reason: "kicked")
        } else if let left = secondsLeft, left <= 0 {
            bye("This login has expired.", reason: "expired")
        } else if identity == nil {
            bye("You took too long to log in.", reason: "login time-out")
        } else {
            bye("Nothing was heard for too long.", reason: "idle time-out")
        }
    }

    private func refuse(_ bad: BadCommand, code: ResponseCode? = nil) {
        connection.writer.bad(bad, code: code)
        countBad()
    }

    func countBad() {
        badCommands += 1
        let limit = identity == nil ? limits.badCommandsBeforeAuthentication : limits.badCommands
        if badCommands >= limit { bye("Too many bad commands.", reason: "bad commands") }
    }
}
