// An LMTP server's half of the conversation (RFC 2033): pure. Bytes and events go in, actions come out, no I/O.
//
// Theory. Whoever drives it repeats: carry out `next()`. `read` asks for bytes (`receive`); the actions that ask
// something (`lookUp`, `deliver`) are answered by `decide` and `delivered` before `next()` is called again. Replies
// gather in `output` and leave before anything that may take long, so that a pipelined group (RFC 2920) is answered in
// one write.
//
// States. `command`: a command line is due. `data`: a message is coming in. `waiting`: an answer is due. `over`:
// nothing more is read. The transaction (`mail`, `recipients`) begins with MAIL and ends with the replies after the
// message, RSET, LHLO; `RCPT` adds to it only once the recipient was decided.
//
// Logins (LMTPConversation+Logins.swift) change nothing of what may be delivered: they are offered, never required.
//
// A message whose storing has failed is read to its end all the same: its bytes are never commands.

package import Accounts
package import Mail
package import NIOCore

/// What the transaction is, for delivery.
package struct Envelope: Hashable, Sendable {
    /// The reverse-path; empty for a bounce.
    package var sender: String
    /// What the client called itself.
    package var client: String
    package var smtpUTF8: Bool
    /// The forward-paths that were accepted, in their order.
    package var recipients: [EmailAddress]
}

/// One connection's conversation. A value.
package struct LMTPConversation: Sendable {
    package enum Action: Hashable, Sendable {
        /// Wait for bytes.
        case read
        case send(ByteBuffer)
        /// Find out whose this address is; answer with `decide`.
        case lookUp(RcptCommand.Forward)
        /// A message begins.
        case open
        /// The message's next bytes, unstuffed.
        case write(ByteBuffer)
        /// The message is whole; answer with `delivered`.
        case deliver(Envelope)
        /// The message that was opened comes to nothing.
        case discard
        /// Put TLS before what follows, and forget what came before it; answer with `secured`.
        case startTLS
        /// A login begins; answer with `challenge` or `finishedLogin`.
        case authenticate(SASLMechanism, initial: [UInt8]?)
        /// The client's response to a challenge; answer as to `authenticate`.
        case respond([UInt8])
        case close
    }

    enum State { case command, data, sasl, waiting, over }

    private let hostname: String
    let limits: SMTPLimits
    var state = State.command
    var input = ByteBuffer()
    var output = ByteBuffer()
    var actions: [Action] = []
    var client: String?
    var mail: MailCommand?
    private var recipients: [EmailAddress] = []
    private var data = DataReader()
    private var messageSize = 0
    /// Why the message that is coming in will be refused.
    private var refusal: Reply?
    private var badCommands = 0
    private var idleCommands = 0
    private var isDraining = false
    var failedLogins = 0
    /// What is offered besides delivery.
    package var logins = LoginOffer()

    /// Begins with the greeting.
    package init(hostname: String, limits: SMTPLimits) {
        self.hostname = hostname
        self.limits = limits
        reply(Reply(220, nil, "\(hostname) LMTP Martlet"))
    }

    /// Whether a message is coming in: other time-outs hold, and a drain waits for its end.
    package var isInMessage: Bool { state == .data || state == .waiting }

    /// The next thing to do.
    package mutating func next() -> Action {
        while actions.isEmpty {
            switch state {
            case .command:
                if isDraining { end(with: .draining) } else if !readCommand() { return flush() ?? .read }
            case .data:
                if !readData() { return flush() ?? .read }
            case .sasl:
                if !readResponse() { return flush() ?? .read }
            case .waiting:
                // Nothing may be asked before the answer: the driver has broken the contract; end rather than loop.
                end(with: .draining)
            case .over:
                return flush() ?? .close
            }
        }
        switch actions[0] {
        case .deliver, .startTLS, .authenticate, .respond, .close: if let send = flush() { return send }
        default: break
        }
        return actions.removeFirst()
    }

    package mutating func receive(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 { input = bytes } else { input.writeImmutableBuffer(bytes) }
    }

    /// Time is up: of a command, a piece of a message, or the whole of it.
    package mutating func timeOut() { interrupt(with: .timedOut) }

    /// The server stops: at the next moment without a message the connection ends.
    package mutating func drain() { isDraining = true }

    private mutating func flush() -> Action? {
        guard output.readableBytes > 0 else { return nil }
        defer { output = ByteBuffer() }
        return .send(output)
    }

    mutating func reply(_ reply: Reply) { reply.write(into: &output) }

    mutating func end(with last: Reply) {
        reply(last)
        state = .over
        input = ByteBuffer()
    }

    private mutating func interrupt(with last: Reply) {
        if state == .data { actions.append(.discard) }
        end(with: last)
    }
}

// MARK: Commands

extension LMTPConversation {
    /// Takes one command line. False: there is no whole one yet.
    private mutating func readCommand() -> Bool {
        guard let line = takeLine(limits.commandLine) else { return state == .over }
        do throws(SMTPSyntaxError) {
            let command = try CommandParser(limits: limits).parse(line, smtpUTF8: mail?.smtpUTF8 ?? false)
            execute(command)
        } catch {
            refuse(Reply(error))
        }
        return true
    }

    /// The next line with its LF, when there is a whole one. One of more than `longest` bytes ends the connection.
    mutating func takeLine(_ longest: Int) -> [UInt8]? {
        guard let end = input.readableBytesView.firstIndex(of: 0x0a) else {
            if input.readableBytes >= longest { self.end(with: .lineTooLong) }
            return nil
        }
        let length = end - input.readerIndex + 1
        if length <= longest, let line = input.readBytes(length: length) { return line }
        self.end(with: .lineTooLong)
        return nil
    }

    /// A command that is wrong; too many of them end the connection.
    mutating func refuse(_ refusal: Reply) {
        reply(refusal)
        badCommands += 1
        if badCommands >= limits.badCommands { end(with: .tooManyBadCommands) }
    }

    /// A command that does nothing for mail; too many in a row end the connection.
    private mutating func idle(_ answer: Reply) {
        reply(answer)
        idleCommands += 1
        if idleCommands >= limits.idleCommands { end(with: .tooManyIdleCommands) }
    }

    private mutating func execute(_ command: SMTPCommand) {
        switch command {
        case .lhlo(let name): greet(name)
        case .hello: refuse(.notLMTP)
        case .mail(let command): begin(command)
        case .rcpt(let command): add(command)
        case .data: openMessage()
        case .rset:
            endTransaction()
            idle(.ok)
        case .noop: idle(.ok)
        case .vrfy: idle(.cannotVerify)
        case .help: idle(.help)
        case .quit: end(with: .bye)
        case .bdat:
            // What follows is counted bytes of a message; it must not be read as commands.
            end(with: .notImplemented)
        case .startTLS: startTLS()
        case .auth(let mechanism, let initial): authenticate(mechanism, initial)
        case .notImplemented: refuse(.notImplemented)
        }
    }

    /// RFC 2033 §4.1. A second LHLO starts anew.
    private mutating func greet(_ name: String) {
        endTransaction()
        client = name
        idle(
            Reply(
                250, nil,
                lines: [
                    hostname, "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE \(limits.messageSize)",
                ] + offers))
    }

    private mutating func begin(_ command: MailCommand) {
        guard client != nil else { return refuse(.lhloFirst) }
        guard mail == nil else { return refuse(.mailAlready) }
        if let size = command.size, size > UInt64(limits.messageSize) { return reply(.tooLarge) }
        mail = command
        recipients = []
        reply(.senderOK)
    }

    private mutating func add(_ command: RcptCommand) {
        guard mail != nil else { return refuse(client == nil ? .lhloFirst : .mailFirst) }
        guard recipients.count < limits.recipients else { return reply(.tooManyRecipients) }
        state = .waiting
        actions.append(.lookUp(command.forwardPath))
    }

    /// The answer to `lookUp`: the address to deliver to, or why there is none.
    package mutating func decide(_ verdict: Result<EmailAddress, Refusal>) {
        guard state == .waiting else { return }
        state = .command
        switch verdict {
        case .success(let address):
            recipients.append(address)
            reply(.recipientOK)
        case .failure(let refusal):
            reply(refusal.reply)
        }
    }

    mutating func endTransaction() {
        mail = nil
        recipients = []
        refusal = nil
        messageSize = 0
    }
}

/// A reply as an error.
package struct Refusal: Error, Hashable, Sendable {
    package let reply: Reply
    package init(_ reply: Reply) { self.reply = reply }
}

// MARK: The message

extension LMTPConversation {
    /// RFC 2033 §4.2: without an accepted recipient DATA is 503. Whoever has sent a message without waiting for 354
    /// loses the connection with it, so that the message's lines are not taken for commands.
    private mutating func openMessage() {
        let wrong: Reply? =
            client == nil ? .lhloFirst : mail == nil ? .mailFirst : recipients.isEmpty ? .noRecipients : nil
        if let wrong {
            refuse(wrong)
            if input.readableBytes > 0 { state = .over }
            return
        }
        state = .data
        data = DataReader()
        messageSize = 0
        refusal = nil
        actions.append(.open)
        reply(.goAhead)
    }

    /// Takes what is there of the message. False: more must come.
    private mutating func readData() -> Bool {
        guard input.readableBytes > 0 else { return false }
        var body = ByteBufferAllocator().buffer(capacity: input.readableBytes)
        let isEnd = data.read(&input, into: &body)
        messageSize += body.readableBytes
        if messageSize > limits.messageSize, refusal == nil { refuseMessage(.tooLarge) }
        if messageSize > limits.messageSize + limits.messageExcess {
            end(with: .tooLarge)
            return true
        }
        if refusal == nil, body.readableBytes > 0 { actions.append(.write(body)) }
        if isEnd { endMessage() }
        return isEnd || !actions.isEmpty
    }

    /// The message cannot be taken; the rest of it is read and thrown away, and every recipient gets this reply.
    package mutating func refuseMessage(_ reply: Reply) {
        guard state == .data, refusal == nil else { return }
        refusal = reply
        actions.removeAll()
        actions.append(.discard)
    }

    private mutating func endMessage() {
        if let refusal {
            for _ in recipients { reply(refusal) }
            state = .command
            endTransaction()
        } else if let mail, let client {
            state = .waiting
            actions.append(
                .deliver(
                    Envelope(
                        sender: mail.reversePath, client: client, smtpUTF8: mail.smtpUTF8, recipients: recipients)))
        }
    }

    /// The answer to `deliver`: a reply for each recipient, in their order (RFC 2033 §4.2).
    package mutating func delivered(_ replies: [Reply]) {
        guard state == .waiting else { return }
        for index in recipients.indices {
            reply(index < replies.count ? replies[index] : Reply(451, "4.3.0", "The message could not be stored"))
        }
        state = .command
        idleCommands = 0
        endTransaction()
    }

    /// Storing failed while the message was coming in, before or after its end.
    package mutating func storageFailed(_ failure: Reply) {
        if state == .waiting {
            // What is refused is not delivered, though its delivery may be what is to be done next.
            actions = [.discard]
            delivered(recipients.map { _ in failure })
        } else {
            refuseMessage(failure)
        }
    }
}
