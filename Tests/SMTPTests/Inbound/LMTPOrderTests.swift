// Commands in every order: each two, in every state a conversation can be in, against a table of what is due.

import Mail
import NIOCore
import Testing

@testable import SMTP

/// What a client can say, well and badly.
private enum Word: String, CaseIterable {
    case lhlo = "LHLO client.example\r\n"
    case lhloOfNobody = "LHLO\r\n"
    case ehlo = "EHLO client.example\r\n"
    case helo = "HELO client.example\r\n"
    case mail = "MAIL FROM:<bob@elsewhere.example>\r\n"
    case bounce = "MAIL FROM:<>\r\n"
    case utf8Mail = "MAIL FROM:<böb@elsewhere.example> SMTPUTF8\r\n"
    case utf8MailUnagreed = "MAIL FROM:<böb@elsewhere.example>\r\n"
    case largeMail = "MAIL FROM:<bob@elsewhere.example> SIZE=9223372036854775808\r\n"
    case wrongMail = "MAIL FROM:bob@elsewhere.example\r\n"
    case rcpt = "RCPT TO:<alice@example.org>\r\n"
    case rcptToNobody = "RCPT TO:<nobody@example.org>\r\n"
    case utf8Rcpt = "RCPT TO:<älice@example.org>\r\n"
    case wrongRcpt = "RCPT TO:alice@example.org\r\n"
    case data = "DATA\r\n"
    case wrongData = "DATA now\r\n"
    case rset = "RSET\r\n"
    case noop = "NOOP\r\n"
    case help = "HELP\r\n"
    case vrfy = "VRFY alice\r\n"
    case utf8Vrfy = "VRFY älice@example.org\r\n"
    case vrfyWithSMTPUTF8 = "VRFY älice SMTPUTF8\r\n"
    case vrfyOfNobody = "VRFY\r\n"
    case expn = "EXPN list\r\n"
    case unknown = "FOO bar\r\n"
    case nothing = "\r\n"
    case bareLF = "NOOP\n"
    case control = "NOOP \u{1}\r\n"
    case quit = "QUIT\r\n"
    case bdat = "BDAT 10 LAST\r\n"
    case startTLS = "STARTTLS\r\n"
    case auth = "AUTH PLAIN cmlnaHQ=\r\n"
    case authWrongly = "AUTH PLAIN d3Jvbmc=\r\n"
    case authOtherwise = "AUTH CRAM-MD5\r\n"
}

/// What is due: a second, smaller statement of RFC 5321 §4.1.4, RFC 2033 §4.2, RFC 3207 §4.2 and RFC 4954 §4.
private struct Due {
    struct Transaction {
        var isUTF8 = false
        var recipients = 0
    }
    static let text = "Subject: x\r\n\r\nbody\r\n.\r\n"

    var isGreeted = false
    var transaction: Transaction?
    var isSecure = false
    var isLoggedIn = false
    var isClosed = false
    var stored = 0

    /// The replies, the one to a message's text left out.
    mutating func code(_ word: Word) -> Int {
        switch word {
        case .lhloOfNobody, .wrongMail, .wrongRcpt, .wrongData, .vrfyOfNobody, .control: 501
        case .utf8MailUnagreed: 553
        case .ehlo, .helo, .unknown, .nothing, .bareLF: 500
        case .expn: 502
        case .noop: 250
        case .help: 214
        case .vrfy, .utf8Vrfy, .vrfyWithSMTPUTF8: 252
        case .lhlo, .rset, .quit, .bdat, .startTLS: always(word)
        case .auth, .authWrongly, .authOtherwise: login(word)
        default: inOrder(word)
        }
    }

    /// What is taken in every state and ends a transaction.
    private mutating func always(_ word: Word) -> Int {
        if word == .startTLS, isSecure { return 503 }
        transaction = nil
        switch word {
        case .lhlo: isGreeted = true
        case .quit, .bdat: isClosed = true
        case .startTLS:
            isGreeted = false
            isLoggedIn = false
            isSecure = true
        default: break
        }
        return word == .quit ? 221 : word == .bdat ? 502 : word == .startTLS ? 220 : 250
    }

    private mutating func login(_ word: Word) -> Int {
        guard isGreeted, transaction == nil, !isLoggedIn else { return 503 }
        if word == .authOtherwise { return 504 }
        isLoggedIn = word == .auth
        return isLoggedIn ? 235 : 535
    }

    /// What belongs to a transaction.
    private mutating func inOrder(_ word: Word) -> Int {
        if word == .utf8Rcpt, transaction?.isUTF8 != true { return 553 }
        switch (word, transaction) {
        case (.mail, nil), (.bounce, nil), (.utf8Mail, nil):
            if isGreeted { transaction = Transaction(isUTF8: word == .utf8Mail) }
            return isGreeted ? 250 : 503
        case (.largeMail, nil): return isGreeted ? 552 : 503
        case (.rcpt, _?), (.utf8Rcpt, _?):
            transaction?.recipients += 1
            return 250
        case (.rcptToNobody, _?): return 550
        case (.data, let open?) where open.recipients > 0:
            stored += 1
            return 354
        default: return 503
        }
    }

    /// The replies to the text of a message.
    mutating func codesOfMessage() -> [Int] {
        defer { transaction = nil }
        return (0..<(transaction?.recipients ?? 0)).map { _ in 250 }
    }
}

/// A conversation and what is due of it, side by side.
private struct Pair {
    private var driver = LMTPDriver(offersLogins: true)
    private(set) var due = Due()
    private(set) var faults: [String] = []
    private var said = ""

    /// Says each when the one before was answered, as a client that waits.
    mutating func say(_ words: [Word]) {
        for word in words where !due.isClosed {
            expect(driver.answers(to: word.rawValue), [due.code(word)], word.rawValue)
            guard driver.sent.hasPrefix("354") else { continue }
            expect(driver.answers(to: Due.text), due.codesOfMessage(), "the message")
        }
        compare()
    }

    /// Says both in one packet, a message's text behind DATA with them. Behind a DATA that is refused the text may be
    /// what comes next, so the connection ends; behind STARTTLS everything is forgotten.
    mutating func sayTogether(_ first: Word, _ second: Word) {
        var bytes = "", codes: [Int] = []
        for word in [first, second] {
            bytes += word.rawValue + (word == .data ? Due.text : "")
            guard !due.isClosed, codes.last != 220 else { continue }
            codes.append(due.code(word))
            if codes.last == 354 { codes += due.codesOfMessage() } else if word == .data { due.isClosed = true }
        }
        expect(driver.answers(to: bytes), codes, bytes)
        compare()
    }

    private mutating func expect(_ codes: [Int], _ expected: [Int], _ what: String) {
        said += what
        if codes != expected { faults.append("\(said.debugDescription): \(codes) instead of \(expected)") }
    }

    private mutating func compare() {
        let logins = driver.conversation.logins
        let isSame =
            driver.isClosed == due.isClosed && driver.messages.count == due.stored && logins.isTLS == due.isSecure
            && logins.isLoggedIn == due.isLoggedIn
        if !isSame { faults.append("\(said.debugDescription): \(driver.messages.count) stored, not as \(due)") }
    }
}

@Suite struct LMTPOrderTests {
    /// How each state is come to.
    private static let states: [[Word]] = [
        [], [.ehlo], [.lhlo], [.lhlo, .mail], [.lhlo, .utf8Mail], [.lhlo, .largeMail], [.lhlo, .mail, .rcptToNobody],
        [.lhlo, .mail, .rcpt], [.lhlo, .utf8Mail, .rcpt, .utf8Rcpt], [.lhlo, .mail, .rcpt, .rset],
        [.lhlo, .mail, .rcpt, .data], [.lhlo, .auth], [.lhlo, .auth, .mail, .rcpt], [.startTLS], [.startTLS, .lhlo],
        [.lhlo, .auth, .mail, .rcpt, .startTLS], [.startTLS, .lhlo, .auth, .mail, .rcpt],
    ]

    @Test("case 26: every two commands in every state, and the state they lead to", arguments: states.indices)
    func everyTwo(state: Int) {
        var faults: [String] = []
        for first in Word.allCases {
            for second in Word.allCases {
                var pair = Pair()
                // What may be done afterwards shows what is remembered.
                pair.say(Self.states[state] + [first, second, .rcpt, .data])
                faults += pair.faults
            }
        }
        #expect(faults.isEmpty, "\(faults.count), such as \(faults.prefix(3))")
    }

    @Test("case 26: every two commands in one packet", arguments: states.indices)
    func everyTwoTogether(state: Int) {
        var faults: [String] = []
        for first in Word.allCases {
            for second in Word.allCases {
                var pair = Pair()
                pair.say(Self.states[state])
                pair.sayTogether(first, second)
                pair.say([.rcpt, .data])
                faults += pair.faults
            }
        }
        #expect(faults.isEmpty, "\(faults.count), such as \(faults.prefix(3))")
    }

    @Test("case 4: STARTTLS forgets greeting, transaction and login: afterwards all is as at the beginning")
    func forgetsBeforeTLS() {
        let before: [[Word]] = [
            [], [.lhlo], [.lhlo, .auth], [.lhlo, .mail], [.lhlo, .mail, .rcpt], [.lhlo, .utf8Mail, .utf8Rcpt],
            [.lhlo, .auth, .mail, .rcpt], [.lhlo, .mail, .rcpt, .data], [.lhlo, .authWrongly],
        ]
        for words in before {
            for word in Word.allCases where word != .startTLS {
                var driver = LMTPDriver(offersLogins: true)
                for word in words { _ = driver.answers(to: word.rawValue + (word == .data ? Due.text : "")) }
                let stored = driver.messages.count
                #expect(driver.answers(to: "STARTTLS\r\n") == [220], "after \(words)")
                var fresh = LMTPDriver(offersLogins: true)
                fresh.conversation.logins.isTLS = true
                for next in [word, .rcpt, .data, .auth, .lhlo] where !fresh.isClosed {
                    let (codes, expected) = (driver.answers(to: next.rawValue), fresh.answers(to: next.rawValue))
                    #expect(codes == expected && driver.sent == fresh.sent, "\(next) after \(words) and STARTTLS")
                }
                #expect(driver.messages.count == stored, "\(word) after \(words) and STARTTLS")
                #expect(driver.conversation.logins.isLoggedIn == fresh.conversation.logins.isLoggedIn)
            }
        }
    }

    @Test("case 4: a password that is being told is no more than a password: STARTTLS within AUTH is its response")
    func startTLSWithinAuth() {
        var driver = LMTPDriver(offersLogins: true)
        #expect(driver.codes("LHLO x", "AUTH PLAIN") == [250, 334])
        #expect(driver.codes("STARTTLS") == [535])
        #expect(!driver.conversation.logins.isTLS && !driver.conversation.logins.isLoggedIn)
        #expect(driver.codes("STARTTLS") == [220])
        #expect(driver.codes("cmlnaHQ=", "MAIL FROM:<>") == [500, 503])
    }

    @Test(
        "case 25: VRFY within a transaction, with UTF-8 that was agreed and that was not, and with bytes that are none",
        arguments: [
            ("VRFY alice", 252), ("VRFY älice@example.org", 252), ("VRFY älice SMTPUTF8", 252), ("VRFY \u{1F426}", 252),
            ("VRFY \u{85}", 252), ("VRFY <a\u{7f}b>", 501), ("VRFY", 501), ("VRFY ", 501),
            ("VRFY " + String(repeating: "ä", count: 2_000), 252),
        ])
    func vrfyInTransaction(line: String, code: Int) {
        for mail in ["MAIL FROM:<bob@elsewhere.example>", "MAIL FROM:<böb@elsewhere.example> SMTPUTF8"] {
            let setUp = ["LHLO x", mail, "RCPT TO:<alice@example.org>"]
            // Before each command of a transaction, and behind the last.
            for place in 0...setUp.count {
                var driver = LMTPDriver()
                for (index, command) in (setUp + ["DATA"]).enumerated() {
                    if index == place { #expect(driver.codes(line) == [code]) }
                    #expect(driver.codes(command) == [index == setUp.count ? 354 : 250])
                }
                #expect(driver.codes("x", ".") == [250])
                #expect(driver.messages.count == 1 && driver.messages.first?.body == "x\r\n")
                #expect(driver.messages.first?.envelope.recipients.map(\.localPart) == ["alice"])
            }
        }
    }

    @Test("case 25: broken UTF-8 is refused and changes nothing", arguments: [[0xff], [0xc3], [0xed, 0xa0, 0x80]])
    func brokenUTF8(bytes: [UInt8]) {
        var driver = LMTPDriver()
        _ = driver.codes("LHLO x", "MAIL FROM:<> SMTPUTF8", "RCPT TO:<alice@example.org>")
        driver.sent = ""
        driver.conversation.receive(ByteBuffer(bytes: Array("VRFY ".utf8) + bytes + [0x0d, 0x0a]))
        driver.run()
        #expect(driver.replyCodes == [501])
        #expect(driver.codes("DATA", "x", ".") == [354, 250])
    }
}
