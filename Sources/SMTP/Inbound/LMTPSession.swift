// One LMTP connection: carries out what the conversation says, and tells it what came of it.

import Logging
import Mail
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
    /// Whether it is we who end the connection.
    private var isLeaving = false

    init(
        channel: any Channel, reader: ConnectionReader, delivery: Delivery, limits: SMTPLimits, logger: Logger,
        name: String, clientAddress: String?
    ) {
        self.channel = channel
        self.reader = reader
        self.delivery = delivery
        self.limits = limits
        self.logger = logger
        self.name = name
        self.clientAddress = clientAddress
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
        switch action {
        case .read: return await read()
        case .send(let bytes): return await send(bytes)
        case .lookUp(let forward): conversation.decide(await delivery.verdict(on: forward))
        case .open: open()
        case .write(let bytes): await write(bytes)
        case .deliver(let envelope): await deliver(envelope)
        case .discard: close()
        case .close:
            isLeaving = true
            return false
        }
        return true
    }

    private mutating func read() async -> Bool {
        switch await reader.next(channel, within: patience()) {
        case .bytes(let bytes): conversation.receive(bytes)
        case .drain: conversation.drain()
        case .timeOut: conversation.timeOut()
        case .end: return false
        }
        return true
    }

    /// How long the next bytes may take: less when the whole message's time runs out.
    private func patience() -> Duration {
        guard conversation.isInMessage, let deadline else { return limits.commandTimeout }
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
        let transaction = Transaction(id: transactionID(), clientAddress: clientAddress, transport: "LMTP")
        let delivery = delivery
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
