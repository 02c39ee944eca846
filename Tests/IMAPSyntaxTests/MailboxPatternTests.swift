// Patterns of LIST and LSUB.

import IMAPSyntax
import Mail
import TestSupport
import Testing

struct MailboxPatternTests {
    static let cases: [(pattern: String, name: String, matches: Bool)] = [
        ("*", "a/b/c", true), ("%", "a", true), ("%", "a/b", false), ("%/%", "a/b", true), ("%/%", "a", false),
        ("a*", "a", true), ("a*", "ab/c", true), ("a%", "ab/c", false), ("*c", "a/b/c", true), ("%c", "a/b/c", false),
        ("*/%", "a/b/c", true), ("%/*", "a/b/c", true), ("%/*", "a", false), ("a/%/c", "a/b/c", true),
        ("a/%/c", "a/b/x/c", false), ("a/*/c", "a/b/x/c", true), ("a", "a", true), ("a", "b", false),
        ("a", "ab", false),
        ("", "a", false), ("inbox", "INBOX", true), ("InBoX", "INBOX", true), ("INBOX/%", "INBOX/a", true),
        ("inbox/%", "INBOX/a", true), ("inbox/A", "INBOX/a", false), ("in%x", "INBOX", true), ("*OX", "INBOX", true),
        ("*ox/*", "INBOX/a", true), ("Sent", "sent", false), ("INBOX", "inboxes", false), ("%b%", "abc", true),
        ("%%", "abc", true), ("%*", "a/b", true), ("*%", "a/b", true), ("*a*b*", "xaxbx", true),
        ("*a*b*", "xbxax", false),
        ("*a%b", "x/a/ab", true), ("*a%b", "xa/b", false), ("%ü", "Grü", true), ("Gr%n", "Grün", true),
        ("Gru\u{308}n", "Grün", true),
        ("a%b%c/%", "axbxc/q", true), ("*/b%/d", "a/b/c/bb/d", true),
    ]

    @Test("what matches and what does not", arguments: cases)
    func matching(_ pattern: String, _ name: String, _ matches: Bool) throws {
        let compiled = try #require(MailboxPattern(pattern))
        #expect(try compiled.matches(MailboxName(name)) == matches)
    }

    /// The definition, tried out in every way.
    private static func slow(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case UInt8(ascii: "*"), UInt8(ascii: "%"):
            var tail = name
            while true {
                if slow(rest, tail) { return true }
                guard let byte = tail.first, first == UInt8(ascii: "*") || byte != UInt8(ascii: "/") else {
                    return false
                }
                tail = tail.dropFirst()
            }
        default: return name.first == first && slow(rest, name.dropFirst())
        }
    }

    @Test("agrees with the definition on random patterns")
    func definition() throws {
        var state: UInt64 = 0x5eed
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var matched = 0
        for _ in 0..<20_000 {
            let pattern = String((0..<random(9)).map { _ in Array("ab/%*")[Int(random(5))] })
            let text = String((0...random(8)).map { _ in Array("ab/")[Int(random(3))] })
            guard let name = try? MailboxName(text), let compiled = MailboxPattern(pattern) else { continue }
            let expected = Self.slow(Array(pattern.utf8)[...], Array(text.utf8)[...])
            #expect(compiled.matches(name) == expected, "\(pattern) on \(text)")
            matched += expected ? 1 : 0
        }
        #expect(matched > 500)
    }

    @Test("patterns longer than a word of state")
    func long() throws {
        let text = (0..<150).map { "level\($0 % 10)" }.prefix(40).joined(separator: "/")
        let name = try MailboxName(text)
        #expect(MailboxPattern(text)?.matches(name) == true)
        #expect(MailboxPattern(text + "x")?.matches(name) == false)
        #expect(MailboxPattern(text.replacing("e", with: "%"))?.matches(name) == true)
        #expect(MailboxPattern("*" + text.suffix(130) + "*")?.matches(name) == true)
        #expect(MailboxPattern(String(repeating: "x", count: 5_000)) == nil)
    }

    @Test("case 74: wildcards without end take no longer than others, over 10,000 mailboxes", .timeLimit(.minutes(5)))
    func wildcards() throws {
        let names = try (0..<10_000).map {
            try MailboxName(String(repeating: "a", count: 30) + "/\($0)/aaaaaaaaaaaaaaaaaaaa")
        }
        let pattern = try #require(MailboxPattern(String(repeating: "%*a*", count: 400) + "x"))
        let took = processorTime { #expect(!names.contains(where: pattern.matches)) }
        #expect(took < 10, "in a debug build; an exponential match would never end")
        #expect(MailboxPattern(String(repeating: "%*", count: 30_000) + "x")?.matches(names[0]) == false)
    }

    @Test("the reference stands before the pattern; what is no name matches nothing")
    func reference() throws {
        func compiled(_ reference: String, _ pattern: String) -> MailboxPattern? {
            MailboxPattern(
                reference: MailboxArgument(reference), pattern: MailboxPatternArgument(pattern), utf8Accepted: false)
        }
        #expect(try compiled("a/", "%")?.matches(MailboxName("a/b")) == true)
        #expect(try compiled("a/", "%")?.matches(MailboxName("b")) == false)
        #expect(try compiled("", "Entw&APw-*")?.matches(MailboxName("Entwürfe")) == true)
        #expect(try compiled("", "Entwü*")?.matches(MailboxName("Entwürfe")) == true)
        #expect(compiled("", "&&&") == nil)
        #expect(compiled("&", "x") == nil)
    }
}
