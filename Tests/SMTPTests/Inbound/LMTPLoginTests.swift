// STARTTLS and AUTH in the conversation: what is offered when, what is refused, what a login's end looks like.

import Accounts
import NIOCore
import Testing

@testable import SMTP

/// Drives a conversation whose logins accept the response `right`; `LOGIN` asks once.
private struct Driver {
    var conversation: LMTPConversation
    var sent = ""
    var isClosed = false
    var beganTLS = 0
    var outcome = Reply.loginFailed

    init(tls: Bool = true, mayLogIn: Bool = true, limits: SMTPLimits = SMTPLimits()) {
        conversation = LMTPConversation(hostname: "mx.example", limits: limits)
        conversation.logins.offersTLS = tls
        conversation.logins.mayLogIn = mayLogIn
        conversation.logins.mechanisms = [.plain, .login]
        run()
        sent = ""
    }

    mutating func run() {
        while !isClosed {
            switch conversation.next() {
            case .read: return
            case .send(let bytes): sent += String(buffer: bytes)
            case .startTLS:
                beganTLS += 1
                conversation.secured()
                conversation.logins.mayLogIn = true
            case .authenticate(.login, nil): conversation.challenge(Array("User Name".utf8))
            case .authenticate(_, nil): conversation.challenge([])
            case .authenticate(_, let initial?): finish(initial)
            case .respond(let response): finish(response)
            case .lookUp(.address(let address)): conversation.decide(.success(address))
            case .close: isClosed = true
            default: break
            }
        }
    }

    private mutating func finish(_ response: [UInt8]) {
        conversation.finishedLogin(response == Array("right".utf8) ? .loggedIn : outcome)
    }

    /// Says the lines and gives what came back.
    mutating func say(_ lines: String...) -> String {
        sent = ""
        for line in lines {
            conversation.receive(ByteBuffer(string: line + "\r\n"))
            run()
        }
        return sent
    }

    mutating func code(_ lines: String...) -> Int? {
        sent = ""
        for line in lines {
            conversation.receive(ByteBuffer(string: line + "\r\n"))
            run()
        }
        return sent.split(separator: "\r\n").last.flatMap { Int($0.prefix(3)) }
    }
}

@Suite struct LMTPLoginTests {
    private static let right = String(decoding: SASLBase64.encode(Array("right".utf8)), as: UTF8.self)
    private static let wrong = String(decoding: SASLBase64.encode(Array("wrong".utf8)), as: UTF8.self)

    @Test func whatIsOffered() {
        var driver = Driver()
        let plain = driver.say("LHLO x")
        #expect(plain.contains("250-STARTTLS\r\n") && plain.contains("250 AUTH PLAIN LOGIN\r\n"))
        _ = driver.say("AUTH PLAIN \(Self.right)")
        let after = driver.say("LHLO x")
        #expect(!after.contains("AUTH"))
        var strict = Driver(mayLogIn: false)
        #expect(!strict.say("LHLO x").contains("AUTH"))
        _ = strict.say("STARTTLS")
        let secured = strict.say("LHLO x")
        #expect(secured.contains("AUTH PLAIN LOGIN") && !secured.contains("STARTTLS"))
    }

    @Test("a login succeeds and ends", arguments: ["AUTH PLAIN", "AUTH LOGIN", "auth plain"])
    func success(command: String) {
        var driver = Driver()
        _ = driver.say("LHLO x")
        #expect(driver.say(command).hasPrefix("334 "))
        #expect(driver.say(Self.right) == "235 2.7.0 Logged in\r\n")
        #expect(driver.conversation.logins.isLoggedIn)
        #expect(driver.code("AUTH PLAIN \(Self.right)") == 503)
    }

    @Test("refusals before anything is checked", arguments: [
        (["AUTH PLAIN"], 503), (["LHLO x", "AUTH"], 501), (["LHLO x", "AUTH PLAIN a b"], 501),
        (["LHLO x", "AUTH CRAM-MD5"], 504), (["LHLO x", "AUTH EXTERNAL ="], 504), (["LHLO x", "AUTH PLAIN !!!!"], 501),
        (["LHLO x", "MAIL FROM:<a@b.example>", "AUTH PLAIN"], 503), (["LHLO x", "AUTH PLAIN", "*"], 501),
        (["LHLO x", "AUTH PLAIN", "not base64"], 501), (["LHLO x", "STARTTLS now"], 501),
    ])
    func refusals(lines: [String], code: Int) {
        var driver = Driver()
        var last: Int?
        for line in lines { last = driver.code(line) }
        #expect(last == code)
        #expect(!driver.conversation.logins.isLoggedIn && driver.beganTLS == 0)
        #expect(driver.code("NOOP") == 250)
    }

    @Test func noLoginInPlainText() {
        var driver = Driver(mayLogIn: false)
        #expect(driver.code("LHLO x") == 250)
        #expect(driver.say("AUTH PLAIN \(Self.right)").hasPrefix("538 5.7.11 "))
    }

    @Test func withoutTLSAndLoginsBothAreUnknown() {
        var driver = Driver(tls: false)
        driver.conversation.logins.mechanisms = []
        _ = driver.say("LHLO x")
        #expect(driver.code("STARTTLS") == 502)
        #expect(driver.code("AUTH PLAIN \(Self.right)") == 502)
    }

    @Test("case 1: what stands behind STARTTLS in plain text is never carried out")
    func injection() {
        var driver = Driver()
        _ = driver.say("LHLO x")
        #expect(driver.say("STARTTLS\r\nNOOP\r\nMAIL FROM:<a@b.example>") == "220 2.0.0 Begin TLS now\r\n")
        #expect(driver.code("MAIL FROM:<a@b.example>") == 503, "LHLO is forgotten")
        #expect(driver.code("LHLO x") == 250)
        #expect(driver.code("STARTTLS") == 503)
    }

    @Test("the replies of RFC 4954 §6", arguments: [
        (LoginOutcome.failure, "535 5.7.8 "), (.appPasswordNeeded, "534 5.7.9 "), (.unauthorized, "535 5.7.8 "),
        (.limited, "454 4.7.0 "), (.unavailable(reason: "full"), "454 4.7.0 "),
    ])
    func outcomes(outcome: LoginOutcome, start: String) {
        var driver = Driver()
        driver.outcome = Reply(outcome)
        _ = driver.say("LHLO x")
        #expect(driver.say("AUTH PLAIN \(Self.wrong)").hasPrefix(start))
    }

    @Test func threeFailuresEndTheConnection() {
        var driver = Driver()
        _ = driver.say("LHLO x")
        for _ in 0..<2 { #expect(driver.code("AUTH PLAIN \(Self.wrong)") == 535) }
        let last = driver.say("AUTH PLAIN \(Self.wrong)")
        #expect(last.contains("535 ") && last.contains("421 ") && driver.isClosed)
    }

    @Test func linesOfAnExchangeMayBeLongAndAreBounded() {
        var driver = Driver()
        _ = driver.say("LHLO x", "AUTH PLAIN")
        let long = String(repeating: "QUFB", count: 2_500)
        #expect(driver.code(long) == 501, "more than any mechanism says")
        #expect(driver.code("AUTH PLAIN") == 334)
        #expect(driver.code(String(repeating: "QUFB", count: 4_000)) == 500)
        #expect(driver.isClosed)
    }

    @Test func loginsChangeNothingOfDelivery() {
        var driver = Driver(mayLogIn: false)
        #expect(driver.code("LHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<alice@example.org>") == 250)
    }
}
