// One LMTP connection: carries out what the conversation says, and tells it what came of it.

import Accounts
import Logging
import Mail
import MailCrypto
import MailStore
import NIOCore

/// Runs one connection from greeting to close, in one task on the connection's event loop.
struct LMTPSession {
    let channel: any Channel
    let reader: ConnectionReader
    let delivery: Delivery
    let limits: SMTPLimits
    let logger: Logger
    let name: String
    /// nil on a unix socket.
    let clientAddress: String?

    private var conversation: LMTPConversation
    private var spool: MessageSpool?
    private var header = HeaderScan()
    private var deadline: ContinuousClock.Instant?
    /// When the command that is awaited must be whole, however its bytes come; nil while none is.
    private var commandDeadline: ContinuousClock.Instant?
    /// Whether it is we who end the connection.
    private var isLeaving = false
    /// nil where nobody can log in.
    private var logins: LMTPLoginDesk?
    /// The login that runs.
    private var exchange: SASLConversation?
    /// A success that waits for the client's empty response to the server's last word (RFC 4422 §5).
    private var pendingLogin: Reply?
    /// What is on offer must be looked at anew before the next command.
    private var offerIsDue = true

    init(
        channel: any Channel, reader: ConnectionReader, delivery: Delivery, limits: SMTPLimits, logger: Logger,
        name: String, clientAddress: String?, logins: LMTPLoginDesk? = nil
    ) {
        self.channel = channel
        self.reader = reader
        self.delivery = delivery
        self.limits = limits
        self.logger = logger
        self.name = name
        self.clientAddress = clientAddress
        self.logins = logins
        conversation = LMTPConversation(hostname: delivery.hostname, limits: limits)
    }

    mutating func run() async {
        while await perform(conversation.next()) {}
        if isLeaving { await linger() }
        try? await channel.close()
    }

    /// The last reply reaches a client that is still sending only if we go on reading: closing with unread bytes resets
    /// the connection, and the reply is lost with it.
    private func linger() async {
        let end = ContinuousClock.now.advanced(by: limits.lingerTime)
        try? await channel.close(mode: .output)
        while true {
            switch await reader.next(channel, within: max(.zero, ContinuousClock.now.duration(to: end))) {
            case .bytes, .drain: continue
            case .end, .timeOut: return
            }
        }
    }

    /// False: the connection is over.
    private mutating func perform(_ action: LMTPConversation.Action) async -> Bool {
        if case .read = action { return await read() }
        commandDeadline = nil
        switch action {
        case .read: break
        case .send(let bytes): return await send(bytes)
        case .lookUp(let forward): conversation.decide(await delivery.verdict(on: forward))
        case .open: open()
        case .write(let bytes): await write(bytes)
        case .deliver(let envelope): await deliver(envelope)
        case .discard: close()
        case .startTLS: return await startTLS()
        case .authenticate(let mechanism, let initial): await authenticate(mechanism, initial)
        case .respond(let response): await respond(response)
        case .close:
            isLeaving = true
            return false
        }
        return true
    }

    private mutating func read() async -> Bool {
        let due = commandDeadline ?? ContinuousClock.now.advanced(by: limits.commandTimeout)
        commandDeadline = due
        switch await reader.next(channel, within: patience(due)) {
        case .bytes(let bytes):
            await renewOffer()
            conversation.receive(bytes)
        case .drain: conversation.drain()
        case .timeOut: conversation.timeOut()
        case .end: return false
        }
        return true
    }

    /// At the first bytes of a connection, and at the first after TLS began: by then its handshake is over.
    private mutating func renewOffer() async {
        guard offerIsDue, let logins else { return }
        offerIsDue = false
        conversation.logins = await logins.offer(channel, conversation.logins)
    }

    /// False: TLS could not begin; nothing can be said any more.
    private mutating func startTLS() async -> Bool {
        guard let context = logins?.service.tls?.current else { return false }
        do {
            try await reader.putBefore(channel) { try TLSHandler(server: context) }
        } catch {
            logger.error("cannot start TLS", metadata: ["reason": "\(error)"])
            return false
        }
        conversation.secured()
        offerIsDue = true
        return true
    }

    private mutating func authenticate(_ mechanism: SASLMechanism, _ initial: [UInt8]?) async {
        pendingLogin = nil
        exchange = await logins?.begin(mechanism, channel, isTLS: conversation.logins.isTLS)
        answer(await exchange?.next(initial))
    }

    private mutating func respond(_ response: [UInt8]) async {
        if let reply = pendingLogin {
            pendingLogin = nil
            conversation.finishedLogin(response.isEmpty ? reply : .badResponse)
        } else {
            answer(await exchange?.next(response))
        }
    }

    private mutating func answer(_ step: SASLConversation.Step?) {
        guard let step else { return conversation.finishedLogin(.loginsUnavailable) }
        switch step {
        case .challenge(let bytes): conversation.challenge(bytes)
        case .malformed: conversation.finishedLogin(.badResponse)
        case .finished(.success, let data?):
            pendingLogin = .loggedIn
            conversation.challenge(data)
        case .finished(let outcome, _): conversation.finishedLogin(Reply(outcome))
        }
    }

    /// RFC 3848: S for TLS, A for a login.
    private var transport: String {
        "LMTP\(conversation.logins.isTLS ? "S" : "")\(conversation.logins.isLoggedIn ? "A" : "")"
    }

    /// How long the next bytes may take: what is left of the command's time, or less than usual when the whole
    /// message's runs out.
    private func patience(_ due: ContinuousClock.Instant) -> Duration {
        guard conversation.isInMessage, let deadline else { return max(.zero, ContinuousClock.now.duration(to: due)) }
        return max(.zero, min(limits.dataTimeout, ContinuousClock.now.duration(to: deadline)))
    }

    /// Waits until the system has taken the bytes; a client that does not read its replies is closed.
    private func send(_ bytes: ByteBuffer) async -> Bool {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limits.writeTimeout)) { channel.close(promise: nil) }
        defer { timer.cancel() }
        do {
            try await channel.writeAndFlush(bytes)
            return true
        } catch {
            return false
        }
    }

    private mutating func open() {
        spool = delivery.newSpool()
        header = HeaderScan()
        deadline = ContinuousClock.now.advanced(by: limits.messageTimeout)
    }

    private mutating func close() {
        spool = nil
        header = HeaderScan()
        deadline = nil
    }

    private mutating func write(_ bytes: ByteBuffer) async {
        header.consume(bytes)
        do throws(StoreError) {
            try await spool?.write(bytes)
        } catch {
            logger.error(
                "cannot take in a message",
                metadata: ["rip": "\(clientAddress ?? "local")", "reason": "\(error.explanation)"])
            conversation.storageFailed(Reply(error))
        }
    }

    private mutating func deliver(_ envelope: Envelope) async {
        guard let message = spool?.message else {
            conversation.storageFailed(Reply(.unavailable("the message is gone")))
            return
        }
        let header = header
        close()
        let transaction = Transaction(id: transactionID(), clientAddress: clientAddress, transport: transport)
        let delivery = delivery
        // What is left to this task with one recipient is handing over: parsing and storing have threads of their own.
        if message.isSmall, envelope.recipients.count == 1 {
            conversation.delivered(await delivery.deliver(message, header: header, envelope, transaction))
            return
        }
        // A task of its own: the work of delivery does not belong on the connection's event loop.
        let work = Task(executorPreference: globalConcurrentExecutor) {
            await delivery.deliver(message, header: header, envelope, transaction)
        }
        conversation.delivered(await work.value)
    }

    private var messages = 0

    private mutating func transactionID() -> String {
        messages += 1
        return "\(name)-\(messages)"
    }
}
