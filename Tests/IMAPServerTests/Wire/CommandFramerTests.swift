// The frame decoder: every conversation whole, byte by byte and cut at every offset, with the same events.

import IMAPServer
import IMAPSyntax
import Mail
import NIOCore
import Testing

/// An event as text, for tables.
private func describe(_ event: WireEvent) -> String {
    switch event {
    case .command(let bytes): "command <\(String(buffer: bytes))>"
    case .continuationNeeded(let head): "literal? \(head.tag) \(head.name?.rawValue ?? "-")"
    case .append(.begin(let head)):
        "append? \(head.tag) \(String(decoding: head.mailbox.bytes, as: UTF8.self))"
            + (head.replaced.map { $0.isUID ? " uid" : " seq" } ?? "")
    case .append(.message(let options)): "message" + (options.flags == .none ? "" : " flags")
    case .append(.catenate): "catenate"
    case .append(.url(let url)): "url <\(String(decoding: url, as: UTF8.self))>"
    case .append(.literal): "never"
    case .appendLiteral(let literal):
        (literal.form == .text ? "" : "\(literal.form) ") + "\(literal.size)" + (literal.synchronizing ? "" : "+")
    case .appendData(let bytes): "data <\(String(buffer: bytes))>"
    case .appendEnded(nil, _): "ended"
    case .appendEnded(.some(let bad), _): "ended BAD \(bad.tag ?? "*")"
    case .line(let bytes): "line <\(String(buffer: bytes))>"
    case .bad(let bad, _, let fatal): "\(fatal ? "BYE" : "BAD") \(bad.tag ?? "*")"
    }
}

/// What a session does with the events, boiled down: which literals it takes, when it changes the mode.
struct Script: Sendable {
    var authenticated = true
    var accepts = true
    var limits = IMAPLimits()
}

/// Feeds `pieces` and gives the events; data of a message is joined, since its cuts are the network's.
func events(_ pieces: [[UInt8]], _ script: Script) -> [String] {
    var framer = CommandFramer(limits: script.limits)
    framer.authenticated = script.authenticated
    var result: [String] = []
    for piece in pieces {
        var buffer = ByteBuffer(bytes: piece)
        framer.append(&buffer)
        while let event = framer.next() {
            let text = describe(event)
            if text.hasPrefix("data <"), let last = result.last, last.hasPrefix("data <") {
                result[result.count - 1] = String(last.dropLast() + text.dropFirst(6))
            } else {
                result.append(text)
            }
            react(&framer, to: event, script)
        }
    }
    return result
}

private func react(_ framer: inout CommandFramer, to event: WireEvent, _ script: Script) {
    switch event {
    case .continuationNeeded, .appendLiteral:
        if script.accepts { framer.acceptLiteral() } else { framer.refuseLiteral() }
    case .command(let bytes):
        let name = try? parseCommand(bytes).get().command.name
        if name == .idle || name == .authenticate { framer.mode = .lines }
    case .line: framer.mode = .commands
    default: break
    }
}

private func events(_ text: String, _ script: Script = Script()) -> [String] { events([Array(text.utf8)], script) }

struct CommandFramerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var input: String
        var events: [String]
        var script = Script()
        init(_ input: String, _ events: [String], authenticated: Bool = true, accepts: Bool = true) {
            self.input = input
            self.events = events
            script.authenticated = authenticated
            script.accepts = accepts
        }
        var testDescription: String { String(input.prefix(60)) }
    }

    static let lines: [Case] = [
        Case("a NOOP\r\n", ["command <a NOOP>"]),
        Case("\r\n", ["command <>"]),
        Case("a NOOP\r\nb NOOP\r\n c\r\n", ["command <a NOOP>", "command <b NOOP>", "command < c>"]),
        Case("a NOOP", []),
        Case("a NOOP\r", []),
        Case("a x\ry\r\n", ["command <a x\ry>"]),
        Case("a\r\r\n", ["command <a\r>"]),
    ]

    static let literals: [Case] = [
        Case(
            "a LOGIN {2}\r\nab {3}\r\nc\r\n\r\n",
            ["literal? a LOGIN", "literal? a LOGIN", "command <a LOGIN {2}\r\nab {3}\r\nc\r\n>"]),
        Case(
            "a LOGIN {2+}\r\nab {0+}\r\n\r\nb NOOP\r\n", ["command <a LOGIN {2+}\r\nab {0+}\r\n>", "command <b NOOP>"]),
        Case("a LOGIN {0000002+}\r\nab c\r\n", ["command <a LOGIN {0000002+}\r\nab c>"]),
        Case("a X {12+}\r\nb NOOP\r\nc NO\r\n", ["command <a X {12+}\r\nb NOOP\r\nc NO>"]),
        Case("a LOGIN {2}\r\nb NOOP\r\n", ["literal? a LOGIN", "command <b NOOP>"], accepts: false),
        Case("a FOO {2}\r\nb NOOP\r\n", ["literal? a -", "command <b NOOP>"], accepts: false),
        Case("a LOGIN \"x{2}\"\r\n", ["command <a LOGIN \"x{2}\">"]),
        Case("a LOGIN {2} \r\n", ["command <a LOGIN {2} >"]),
        Case("a LOGIN ~{2+}\r\nab x\r\n", ["command <a LOGIN ~{2+}\r\nab x>"]),
        Case("a LOGIN {3+}\r\n{9} {3+}\r\n{8+\r\n", ["command <a LOGIN {3+}\r\n{9} {3+}\r\n{8+>"]),
    ]

    static let modes: [Case] = [
        Case("a IDLE\r\nDONE\r\nb NOOP\r\n", ["command <a IDLE>", "line <DONE>", "command <b NOOP>"]),
        Case("a IDLE\r\nx {3+}\r\nb NOOP\r\n", ["command <a IDLE>", "line <x {3+}>", "command <b NOOP>"]),
        Case(
            "a AUTHENTICATE PLAIN\r\nZm9v\r\nb NOOP\r\n",
            ["command <a AUTHENTICATE PLAIN>", "line <Zm9v>", "command <b NOOP>"], authenticated: false),
        Case("a AUTHENTICATE PLAIN\r\n\r\n", ["command <a AUTHENTICATE PLAIN>", "line <>"], authenticated: false),
    ]

    static let appends: [Case] = [
        Case(
            "a APPEND x {5}\r\nhello\r\nb NOOP\r\n",
            ["append? a x", "message", "5", "data <hello>", "ended", "command <b NOOP>"]),
        Case(
            "a APPEND x (\\Seen) {6+}\r\n\r\n{5+}\r\n",
            ["append? a x", "message flags", "6+", "data <\r\n{5+}>", "ended"]),
        Case(
            "a APPEND {1}\r\nx {2}\r\nhi\r\n",
            ["literal? a APPEND", "append? a x", "message", "2", "data <hi>", "ended"]),
        Case("a append {1+}\r\nx () {2+}\r\nhi\r\n", ["append? a x", "message", "2+", "data <hi>", "ended"]),
        Case("a APPEND x {0}\r\n\r\n", ["append? a x", "message", "0", "ended"]),
        Case(
            "a APPEND x {2}\r\nhi y\r\nb NOOP\r\n",
            ["append? a x", "message", "2", "data <hi>", "ended BAD a", "command <b NOOP>"]),
        Case(
            "a APPEND x {2}\r\nhi y {10+}\r\nb DELETE x\r\nc NOOP\r\n",
            ["append? a x", "message", "2", "data <hi>", "ended BAD a", "command <c NOOP>"]),
        Case(
            "a APPEND x {2}\r\nhi y {10}\r\nc NOOP\r\n",
            ["append? a x", "message", "2", "data <hi>", "ended BAD a", "command <c NOOP>"]),
        Case(
            "a APPEND x {99999999999}\r\nb NOOP\r\n",
            ["append? a x", "message", "99999999999", "command <b NOOP>"], accepts: false),
        Case("a APPEND INBOX\r\n", ["BAD a"]),
    ]

    static let manyMessages: [Case] = [
        Case(
            "a APPEND x {2}\r\nhi (\\Seen) {2+}\r\nho ~{1+}\r\n\u{0}\r\nb NOOP\r\n",
            [
                "append? a x", "message", "2", "data <hi>", "message flags", "2+", "data <ho>", "message", "binary 1+",
                "data <\u{0}>", "ended", "command <b NOOP>",
            ]),
        Case(
            "a APPEND {1+}\r\nx {2+}\r\nhi () {0}\r\n \r\n",
            ["append? a x", "message", "2+", "data <hi>", "message", "0", "ended"]),
        Case(
            "a APPEND x UTF8 (~{2+}\r\nhi) UTF8 (~{2+}\r\nho )\r\n",
            ["append? a x", "message", "utf8 2+", "data <hi>", "message", "utf8 2+", "data <ho>", "ended"]),
        Case("a APPEND x {2+}\r\nhi{2+}\r\nho\r\nb NOOP\r\n", [
            "append? a x", "message", "2+", "data <hi>", "ended BAD a", "command <b NOOP>",
        ]),
        Case("a APPEND x {2+}\r\nhi (\\Recent) {12+}\r\nx DELETE y\r\n {12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n", [
            "append? a x", "message", "2+", "data <hi>", "ended BAD a", "command <b NOOP>",
        ]),
    ]

    static let catenates: [Case] = [
        Case(
            "a APPEND x CATENATE (URL u TEXT {2+}\r\nhi URL \"v w\" URL {1+}\r\ny TEXT {0+}\r\n)\r\nb NOOP\r\n",
            [
                "append? a x", "message", "catenate", "url <u>", "2+", "data <hi>", "url <v w>", "url <y>", "0+",
                "ended", "command <b NOOP>",
            ]),
        Case(
            "a APPEND x CATENATE (URL u) (\\Seen) CATENATE (URL v URL w)\r\n",
            [
                "append? a x", "message", "catenate", "url <u>", "message flags", "catenate", "url <v>", "url <w>",
                "ended",
            ]),
        Case(
            "a APPEND x CATENATE (UTF8 (~{1+}\r\nh) URL {1}\r\nu)\r\n",
            ["append? a x", "message", "catenate", "utf8 1+", "data <h>", "literal? a APPEND", "url <u>", "ended"]),
        Case("a APPEND x CATENATE ()\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case("a APPEND x CATENATE (TEXT u)\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case("a APPEND x CATENATE (URL u {12+}\r\nx DELETE y\r\n)\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case(
            "a APPEND x CATENATE (TEXT {2+}\r\nhi FOO {12+}\r\nx DELETE y\r\n)\r\nb NOOP\r\n",
            ["append? a x", "message", "catenate", "2+", "data <hi>", "ended BAD a", "command <b NOOP>"]),
        Case(
            "a APPEND x CATENATE (TEXT {2+}\r\nhi\r\nb NOOP\r\n",
            ["append? a x", "message", "catenate", "2+", "data <hi>", "ended BAD a", "command <b NOOP>"]),
    ]

    static let replaces: [Case] = [
        Case(
            "a REPLACE 4 x (\\Seen) {2+}\r\nhi\r\n",
            ["append? a x seq", "message flags", "2+", "data <hi>", "ended"]),
        Case("a UID replace * x {2+}\r\nhi\r\n", ["append? a x uid", "message", "2+", "data <hi>", "ended"]),
        Case(
            "a REPLACE 4 x {2+}\r\nhi {12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n",
            ["append? a x seq", "message", "2+", "data <hi>", "ended BAD a", "command <b NOOP>"]),
        Case("a REPLACE 1:2 x {2+}\r\nhi\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case("a REPLACE $ x {2+}\r\nhi\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case("a UID APPEND x {2+}\r\nhi\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
    ]

    static let refusals: [Case] = [
        Case("a APPEND x {10}\r\nb NOOP\r\n", ["append? a x", "message", "10", "command <b NOOP>"], accepts: false),
        Case(
            "a APPEND x {12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n", ["append? a x", "message", "12+", "command <b NOOP>"],
            accepts: false),
        Case(
            "a APPEND x {3+}\r\nabc {12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n",
            ["append? a x", "message", "3+", "command <b NOOP>"],
            accepts: false),
        Case("a APPEND x FOO {12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case("a APPEND x UTF8 ({12+}\r\nx DELETE y\r\n)\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case("a APPEND x FOO {12}\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"]),
        Case("{12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n", ["BAD *", "command <b NOOP>"]),
        Case("+ {3}\r\nb NOOP\r\n", ["BAD *", "command <b NOOP>"]),
        Case("a{3} {12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n", ["BAD *", "command <b NOOP>"]),
        Case(
            "a FOO {12+}\r\nx DELETE y\r\n\r\nb NOOP\r\n",
            ["command <a FOO {12+}\r\nx DELETE y\r\n>", "command <b NOOP>"]),
        Case("a NOOP\nb DELETE x\r\n", ["BYE a"]),
        Case("a LOGIN \"x\nb DELETE y\r\n", ["BYE a"]),
        Case("\nb NOOP\r\n", ["BYE *"]),
        Case("a APPEND x {2}\r\nhi\nb DELETE y\r\n", ["append? a x", "message", "2", "data <hi>", "BYE a"]),
        Case(
            "a APPEND x {2+}\r\nhi {99999999999999999999+}\r\nb DELETE y\r\n",
            ["append? a x", "message", "2+", "data <hi>", "BYE a"]),
    ]

    @Test(
        "case 57: the same events whole, byte by byte, and cut at every offset",
        arguments: lines + literals + modes + appends + manyMessages + catenates + replaces + refusals)
    func cuts(_ entry: Case) {
        let bytes = Array(entry.input.utf8)
        #expect(events([bytes], entry.script) == entry.events)
        #expect(events(bytes.map { [$0] }, entry.script) == entry.events, "byte by byte")
        for offset in 0...bytes.count {
            let pieces = [Array(bytes[..<offset]), Array(bytes[offset...])]
            #expect(events(pieces, entry.script) == entry.events, "cut at \(offset)")
        }
    }

    @Test("case 57: one connection's 500 commands, in pieces of every size up to 40")
    func transcript() {
        var text = ""
        for number in 0..<100 {
            text += "a\(number) NOOP\r\nb\(number) LOGIN {3+}\r\na\r\n x\r\nc\(number) IDLE\r\nDONE\r\n"
            text += "d\(number) APPEND m {\(number)+}\r\n" + String(repeating: "\n", count: number)
            text += "\r\ne\(number) FETCH 1 BODY[]\r\n"
        }
        let bytes = Array(text.utf8)
        let whole = events([bytes], Script())
        #expect(whole.filter { $0.hasPrefix("command") }.count == 400)
        for size in 1...40 {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            #expect(events(pieces, Script()) == whole, "pieces of \(size)")
        }
    }

    @Test("case 54: the commands in a refused message are never read", arguments: 0..<40)
    func smuggling(_ size: Int) {
        let inner = String("x DELETE INBOX\r\ny {3+}\r\nz LOGOUT\r\n{4}\r\n\r\n".prefix(size))
        let count = inner.utf8.count
        for head in ["APPEND nowhere", "APPEND x (\\Recent)", "APPEND x FOO"] {
            let got = events("a \(head) {\(count)+}\r\n\(inner)\r\nb NOOP\r\n", Script(accepts: false))
            #expect(got.last == "command <b NOOP>" && (got.count == 2 || got.count == 4))
            #expect(!got.contains { $0.hasPrefix("data") || $0.contains("DELETE") })
        }
    }

    @Test("case 8: a message that stops in the middle gives no end")
    func interrupted() {
        #expect(events("a APPEND x {10}\r\nhel") == ["append? a x", "message", "10", "data <hel>"])
        #expect(events("a APPEND x {3}\r\nhel\r") == ["append? a x", "message", "3", "data <hel>"])
    }
}

struct CommandFramerLimitTests {
    private var small: IMAPLimits {
        var limits = IMAPLimits()
        limits.line = 40
        limits.lineBeforeAuthentication = 20
        limits.literal = 10
        limits.literalBeforeAuthentication = 5
        limits.literalSum = 25
        limits.literalSumBeforeAuthentication = 7
        limits.literalCount = 4
        limits.literalCountBeforeAuthentication = 2
        limits.message = 1_000
        return limits
    }

    private func check(
        _ text: String, authenticated: Bool = true, _ expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let script = Script(authenticated: authenticated, limits: small)
        let bytes = Array(text.utf8)
        #expect(events([bytes], script) == expected, sourceLocation: sourceLocation)
        #expect(events(bytes.map { [$0] }, script) == expected, "byte by byte", sourceLocation: sourceLocation)
    }

    @Test("case 52: a line is at most as long as the limit")
    func line() {
        let longest = "a " + String(repeating: "x", count: 36) + "\r\n"
        check(longest, ["command <\(longest.dropLast())>"].map { $0.replacing("\r\n", with: "") })
        check("a x" + longest, ["BYE a"])
        check("a " + String(repeating: "x", count: 1_000), ["BYE a"])
        check(String(repeating: "x", count: 1_000), ["BYE *"])
        check("a " + String(repeating: "x", count: 18), authenticated: false, ["BYE a"])
        // The fragments of one command count together.
        check("a xxxxxxxx {1+}\r\nx yyyyyyyy {1+}\r\n" + String(repeating: "y", count: 30) + "\r\n", ["BYE a"])
    }

    @Test(
        "case 52: a client cannot make the decoder hold more than a line",
        arguments: ["a ", "", "a \"", "a {", "a (", "a FETCH 1 BODY["])
    func endless(_ prefix: String) {
        var framer = CommandFramer(limits: IMAPLimits())
        var buffer = ByteBuffer(string: prefix)
        framer.append(&buffer)
        var fatal = false
        for _ in 0..<1_000 where !fatal {
            buffer = ByteBuffer(repeating: UInt8(ascii: "9"), count: 1_000)
            framer.append(&buffer)
            if case .bad(_, _, true)? = framer.next() { fatal = true }
            #expect(framer.bufferedBytes <= framer.limits.lineBeforeAuthentication + 1_000)
        }
        #expect(fatal)
        buffer = ByteBuffer(string: "\r\nb NOOP\r\n")
        framer.append(&buffer)
        #expect(framer.next() == nil && framer.bufferedBytes == 0)
    }

    @Test("case 50: before login a literal over the limit gets no continuation, or BYE when it comes unasked")
    func beforeLogin() {
        check("a LOGIN {6}\r\nb NOOP\r\n", authenticated: false, ["BAD a", "command <b NOOP>"])
        check("a LOGIN {6+}\r\n", authenticated: false, ["BYE a"])
        check("a LOGIN {5+}\r\nalice {3+}\r\n", authenticated: false, ["BYE a"])
        check("a L {0+}\r\n{0+}\r\n{0+}\r\n", authenticated: false, ["BYE a"])
        let real = Script(authenticated: false)
        #expect(events("a LOGIN {65536}\r\n", real) == ["BAD a"])
        #expect(events("a LOGIN " + String(repeating: "{0+}\r\n", count: 1_000), real) == ["BYE a"])
        #expect(events("a APPEND x {9999999+}\r\n", real) == ["BYE a"])
        #expect(events("a APPEND x {10}\r\n", Script(authenticated: false, accepts: false)) == ["literal? a APPEND"])
    }

    @Test("case 51, pitfall 33: literals are too big one by one and in sum, and too many")
    func sums() {
        check("a X {11}\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"])
        check("a X {11+}\r\nb DELETE xx z\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"])
        check("a X {10+}\r\n0123456789 {10+}\r\n0123456789 {6}\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"])
        check(
            "a X {10+}\r\n0123456789 {10+}\r\n0123456789 {6+}\r\nb DEL {7+}\r\nc DELETE\r\nd NOOP\r\n",
            ["BAD a", "command <d NOOP>"])
        check("a {0+}\r\n{0+}\r\n{0+}\r\n{0+}\r\n\r\n", ["command <a {0+}\r\n{0+}\r\n{0+}\r\n{0+}\r\n>"])
        check("a {0+}\r\n{0+}\r\n{0+}\r\n{0+}\r\n{0+}\r\n", ["BYE a"])
        check("a X {1001+}\r\n", ["BYE a"])
        check("a X {99999999999999999999}\r\nb NOOP\r\n", ["BAD a", "command <b NOOP>"])
        check("a X {99999999999999999999+}\r\nb NOOP\r\n", ["BYE a"])
        let search =
            "a SEARCH" + String(repeating: " TEXT {100000+}\r\n" + String(repeating: "x", count: 100_000), count: 3)
            + "\r\nb NOOP\r\n"
        #expect(events(search) == ["BAD a", "command <b NOOP>"])
    }

    @Test("what is too big is said so in the code")
    func code() {
        var framer = CommandFramer()
        framer.authenticated = true
        var buffer = ByteBuffer(string: "a SEARCH TEXT {100000}\r\n")
        framer.append(&buffer)
        guard case .bad(_, .tooBig?, false)? = framer.next() else {
            Issue.record("no [TOOBIG]")
            return
        }
    }

    @Test(
        "case 49: sizes that are none are no literals, and their lines go to the parser",
        arguments: ["{-1}", "{0x5}", "{ 5}", "{5+}+", "{}", "{+}", "5}", "{5++}"])
    func sizes(_ literal: String) {
        #expect(
            events("a LOGIN \(literal)\r\nb NOOP\r\n", Script(authenticated: false)) == [
                "command <a LOGIN \(literal)>", "command <b NOOP>",
            ])
        guard case .failure = parseCommand(ByteBuffer(string: "a LOGIN \(literal)")) else {
            Issue.record("understood")
            return
        }
    }

    @Test(
        "case 49: sizes beyond 32 bits",
        arguments: ["{4294967296}", "{18446744073709551615}", "{18446744073709551616}"])
    func huge(_ literal: String) {
        #expect(
            events("a LOGIN \(literal)\r\nb NOOP\r\n", Script(authenticated: false)) == ["BAD a", "command <b NOOP>"])
        #expect(
            events("a LOGIN \(literal.replacing("}", with: "+}"))\r\nb NOOP\r\n", Script(authenticated: false)) == [
                "BYE a"
            ])
    }

    @Test("case 77: the tag of an over-long or broken line is never echoed raw")
    func tags() {
        for tag in [String(repeating: "t", count: 10_000), "+", "*", "", "a{3}", "\u{0}", "(x", "a\"b"] {
            let got = events("\(tag) \(String(repeating: "x", count: 70_000))\r\n")
            #expect(got == ["BYE *"], "\(tag.prefix(20))")
        }
    }
}
