// Carries out what an LMTP conversation says, without a network and a store: the local part of an address decides.

import Accounts
import Mail
import NIOCore
import SMTP

/// `n…` is nobody, `t…` cannot be looked up now, `f…` has a full mailbox; a message that holds BEL cannot be stored. A
/// login needs the response `right`.
struct LMTPDriver {
    struct Delivered: Hashable {
        let envelope: Envelope
        let body: [UInt8]
    }

    private var conversation: LMTPConversation
    private(set) var said: [UInt8] = []
    private(set) var deliveries: [Delivered] = []
    /// Of the last address that was looked up, when it is somebody's.
    private(set) var lastFound: EmailAddress?
    private(set) var hasBegunTLS = false
    private(set) var isClosed = false
    private var body: [UInt8]?

    /// BEL.
    static let unstorable: UInt8 = 0x07

    /// Small, so that an input can reach them.
    static let limits: SMTPLimits = {
        var limits = SMTPLimits()
        limits.commandLine = 200
        limits.saslLine = 120
        limits.recipients = 3
        limits.messageSize = 1_000
        limits.messageExcess = 500
        limits.idleCommands = 8
        limits.badCommands = 6
        return limits
    }()

    init() throws {
        conversation = LMTPConversation(hostname: "mx.example", limits: LMTPDriver.limits)
        conversation.logins.offersTLS = true
        conversation.logins.mayLogIn = true
        conversation.logins.mechanisms = [.plain, .login]
        try run()
    }

    /// Takes the bytes. Gives what is answered.
    mutating func say(_ bytes: [UInt8]) throws -> [UInt8] {
        let before = said.count
        if !isClosed, !bytes.isEmpty {
            conversation.receive(ByteBuffer(bytes: bytes))
            try run()
        }
        return Array(said[before...])
    }

    private mutating func run() throws {
        while !isClosed {
            switch conversation.next() {
            case .read: return
            case .send(let bytes): said += bytes.readableBytesView
            case .lookUp(let forward): lookUp(forward)
            case .open:
                try require(body == nil, "a message within another")
                body = []
            case .write(let bytes): try write(bytes)
            case .deliver(let envelope): try deliver(envelope)
            case .discard: body = nil
            case .close: isClosed = true
            case .startTLS:
                hasBegunTLS = true
                conversation.secured()
            case .authenticate(.login, nil): conversation.challenge(Array("User Name".utf8))
            case .authenticate(_, nil): conversation.challenge([])
            case .authenticate(_, let initial?): finish(initial)
            case .respond(let response): finish(response)
            }
        }
    }

    private mutating func lookUp(_ forward: RcptCommand.Forward) {
        lastFound = nil
        guard case .address(let address) = forward else {
            return conversation.decide(.failure(Refusal(Reply(550, "5.1.1", "No postmaster"))))
        }
        switch address.localPart.utf8.first {
        case UInt8(ascii: "n"): conversation.decide(.failure(Refusal(Reply(550, "5.1.1", "Nobody"))))
        case UInt8(ascii: "t"): conversation.decide(.failure(Refusal(Reply(451, "4.3.0", "Not now"))))
        default:
            lastFound = address
            conversation.decide(.success(address))
        }
    }

    private mutating func write(_ bytes: ByteBuffer) throws {
        guard body != nil else { throw Finding("bytes of a message that was not opened, or was thrown away") }
        if bytes.readableBytesView.contains(LMTPDriver.unstorable) {
            return conversation.storageFailed(Reply(451, "4.3.0", "Broken"))
        }
        body? += bytes.readableBytesView
    }

    private mutating func deliver(_ envelope: Envelope) throws {
        guard let body else { throw Finding("a message is delivered that was not opened") }
        deliveries.append(Delivered(envelope: envelope, body: body))
        self.body = nil
        conversation.delivered(
            envelope.recipients.map { address in
                address.localPart.utf8.first == UInt8(ascii: "f")
                    ? Reply(452, "4.2.2", "Full") : Reply(250, "2.0.0", "Delivered")
            })
    }

    private mutating func finish(_ response: [UInt8]) {
        conversation.finishedLogin(
            response.elementsEqual("right".utf8) ? Reply(235, "2.7.0", "In") : Reply(535, "5.7.8", "Wrong"))
    }
}
