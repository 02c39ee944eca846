// The LMTP conversation, line by line: one reply for each command, and nothing that the state does not allow.

import Mail
import SMTP

/// What must be true of a transaction, by what was answered.
struct LMTPWatch {
    private var driver: LMTPDriver
    private var isGreeted = false
    private var isOpen = false
    private var accepted: [EmailAddress] = []
    private var isInLogin = false
    /// While a message comes in: what it must become, and whether the last line ended in CRLF.
    private var message: (body: [UInt8], isAtStart: Bool)?
    private(set) var hasRefusedMessage = false
    private(set) var said: [UInt8] = []
    var hasBegunTLS: Bool { driver.hasBegunTLS }
    var deliveries: [LMTPDriver.Delivered] { driver.deliveries }

    init() throws {
        driver = try LMTPDriver()
        said = driver.said
    }

    /// - Parameter line: up to and with its LF; the last may have none.
    mutating func take(_ line: [UInt8]) throws {
        guard !driver.isClosed else { return }
        let before = driver.deliveries.count
        let answer = try driver.say(line)
        said += answer
        let replies = try LMTPReply.all(in: answer)
        guard line.last == 0x0a else {
            return try require(replies.count <= 1 && driver.deliveries.count == before, "half a line: \(replies)")
        }
        if message != nil { return try takeMessageLine(line, replies, before) }
        try requireEqual(driver.deliveries.count, before, "a delivery without a message")
        if driver.isClosed, replies.count == 2 { try requireEqual(replies[1].code, 421, "the last word") }
        try require(replies.count == 1 || driver.isClosed && replies.count == 2, "\(replies) to one command")
        guard let reply = replies.first else { return }
        if isInLogin {
            isInLogin = reply.code == 334
            return
        }
        try takeCommand(line, reply)
    }

    private mutating func takeCommand(_ line: [UInt8], _ reply: LMTPReply) throws {
        let verb = String(decoding: line.prefix { $0 > 0x20 }, as: UTF8.self).uppercased()
        switch (verb, reply.code) {
        case ("LHLO", 250): (isGreeted, isOpen, accepted) = (true, false, [])
        case ("RSET", 250): (isOpen, accepted) = (false, [])
        case ("STARTTLS", 220): (isGreeted, isOpen, accepted) = (false, false, [])
        case ("AUTH", 334): isInLogin = true
        case ("AUTH", 235): try require(isGreeted && !isOpen, "a login within a transaction")
        case ("MAIL", 250):
            try require(isGreeted && !isOpen, "MAIL where it has no place")
            (isOpen, accepted) = (true, [])
        case ("MAIL", 503): try require(!isGreeted || isOpen, "MAIL refused")
        case ("RCPT", 250):
            try require(isOpen, "RCPT where it has no place")
            guard let address = driver.lastFound else { throw Finding("a recipient that nobody looked up") }
            accepted.append(address)
            try require(accepted.count <= LMTPDriver.limits.recipients, "too many recipients")
        case ("RCPT", 503): try require(!isOpen, "RCPT refused")
        case ("DATA", 354):
            try require(isOpen && !accepted.isEmpty, "DATA where it has no place")
            message = ([], true)
        case ("DATA", 503):
            try require(!isOpen || accepted.isEmpty, "DATA refused")
            hasRefusedMessage = true
        case ("DATA", _): hasRefusedMessage = true
        case ("QUIT", 221), ("BDAT", 502): try require(driver.isClosed, "it goes on after \(verb)")
        default: try require(reply.code >= 400 || Self.harmless.contains(verb), "\(reply) to \(verb)")
        }
    }

    private static let harmless: Set<String> = ["NOOP", "HELP", "VRFY"]

    /// RFC 5321 §4.5.2: a line of one dot ends the message, where both line ends are CRLF.
    private mutating func takeMessageLine(_ line: [UInt8], _ replies: [LMTPReply], _ before: Int) throws {
        guard var message else { return }
        let isEnd = message.isAtStart && line == Array(".\r\n".utf8)
        let isWhole = line.suffix(2) == [0x0d, 0x0a]
        guard isEnd else {
            message.body += message.isAtStart && line.first == UInt8(ascii: ".") ? line.dropFirst() : line[...]
            if !isWhole { message.body.replaceSubrange((message.body.count - 1)..., with: [0x0d, 0x0a]) }
            message.isAtStart = isWhole
            self.message = message
            return try require(
                replies.isEmpty || driver.isClosed && replies.map(\.code) == [552], "\(replies) within a message")
        }
        self.message = nil
        try requireEqual(replies.count, accepted.count, "replies to a message")
        let delivered = driver.deliveries.dropFirst(before)
        if delivered.isEmpty { try require(replies.allSatisfy { $0.code >= 400 }, "\(replies), and nothing stored") }
        for one in delivered {
            try requireEqual(one.envelope.recipients, accepted, "the recipients")
            try requireEqual(one.body, message.body, "the message")
            try require(one.body.count <= LMTPDriver.limits.messageSize, "a message that is too large")
        }
        try require(delivered.count <= 1, "delivered twice")
        (isOpen, accepted) = (false, [])
    }
}

enum LMTPConversationTarget {
    static func take(_ bytes: [UInt8]) throws {
        var watch = try LMTPWatch()
        for line in lines(bytes) { try watch.take(line) }
        // What is refused unread, what came before TLS, and whether a message first cannot be stored or first is too
        // large, depends on what had come.
        guard !watch.hasRefusedMessage, !watch.hasBegunTLS, !bytes.contains(LMTPDriver.unstorable) else { return }
        for pieces in [[bytes]] + Pieces.ways(bytes) {
            var driver = try LMTPDriver()
            for piece in pieces { _ = try driver.say(piece) }
            try requireEqual(
                String(decoding: driver.said, as: UTF8.self), String(decoding: watch.said, as: UTF8.self),
                "the replies, in \(pieces.count) pieces")
            try requireEqual(driver.deliveries, watch.deliveries, "the deliveries, in \(pieces.count) pieces")
        }
    }

    private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        for byte in bytes {
            lines[lines.count - 1].append(byte)
            if byte == 0x0a { lines.append([]) }
        }
        return lines
    }
}
