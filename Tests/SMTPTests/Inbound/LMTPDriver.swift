// Drives an LMTP conversation without a network: what the client says, what it is answered, what is stored.

import Accounts
import Mail
import NIOCore
import Testing

@testable import SMTP

/// Every address whose local part begins with "no" is unknown; messages are stored.
struct LMTPDriver {
    var conversation: LMTPConversation
    var sent = ""
    var messages: [(envelope: Envelope, body: String)] = []
    var discarded = 0
    var isClosed = false
    private var body: ByteBuffer?
    /// The replies to the next message; none: 250 for each.
    var outcomes: [Reply] = []
    /// What becomes of a piece of the message that is to be written down.
    var writeFails: Reply?

    /// - Parameter offersLogins: STARTTLS, and AUTH PLAIN for whoever responds `right`.
    init(_ limits: SMTPLimits = SMTPLimits(), offersLogins: Bool = false) {
        conversation = LMTPConversation(hostname: "mx.example", limits: limits)
        conversation.logins.offersTLS = offersLogins
        conversation.logins.mayLogIn = offersLogins
        conversation.logins.mechanisms = offersLogins ? [.plain] : []
        run()
        sent = ""
    }

    mutating func run() {
        while !isClosed {
            switch conversation.next() {
            case .read: return
            case .send(let bytes): sent += String(buffer: bytes)
            case .lookUp(.postmaster):
                conversation.decide((try? EmailAddress("postmaster@mx.example")).map { .success($0) } ?? unknown)
            case .lookUp(.address(let address)):
                conversation.decide(address.localPart.hasPrefix("no") ? unknown : .success(address))
            case .open: body = ByteBuffer()
            case .write(var bytes):
                if let writeFails { conversation.storageFailed(writeFails) } else { body?.writeBuffer(&bytes) }
            case .deliver(let envelope):
                messages.append((envelope, body.map { String(buffer: $0) } ?? ""))
                body = nil
                conversation.delivered(
                    outcomes.isEmpty ? envelope.recipients.map { _ in Reply(250, "2.0.0", "OK") } : outcomes)
            case .discard:
                discarded += 1
                body = nil
            case .close: isClosed = true
            case .startTLS:
                if !conversation.logins.offersTLS { Issue.record("STARTTLS was not offered") }
                conversation.secured()
            case .authenticate(_, let initial):
                if conversation.logins.mechanisms.isEmpty { Issue.record("AUTH was not offered") }
                if let initial { finishLogin(initial) } else { conversation.challenge([]) }
            case .respond(let response): finishLogin(response)
            }
        }
    }

    private mutating func finishLogin(_ response: [UInt8]) {
        conversation.finishedLogin(response == Array("right".utf8) ? .loggedIn : .loginFailed)
    }

    private var unknown: Result<EmailAddress, Refusal> { .failure(Refusal(.unknownRecipient)) }

    mutating func say(_ bytes: String) {
        conversation.receive(ByteBuffer(string: bytes))
        run()
    }

    /// Says it and gives the codes of what came back.
    mutating func codes(_ lines: String...) -> [Int] {
        answers(to: lines.map { "\($0)\r\n" }.joined())
    }

    /// As `codes`, of bytes with their line ends.
    mutating func answers(to bytes: String) -> [Int] {
        sent = ""
        say(bytes)
        return replyCodes
    }

    /// The codes of the last lines of the replies.
    var replyCodes: [Int] {
        sent.split(separator: "\r\n").filter { $0.dropFirst(3).first == " " }.compactMap { Int($0.prefix(3)) }
    }
}
