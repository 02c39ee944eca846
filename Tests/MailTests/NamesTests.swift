// UIDs, message sets, flags and mailbox names.

import Mail
import TestSupport
import Testing

@Suite struct NumbersTests {
    @Test func zeroIsNoNumber() {
        #expect(UID(0) == nil)
        #expect(SequenceNumber(0) == nil)
        #expect(UIDValidity(0) == nil)
        #expect(UID(1)?.rawValue == 1)
        #expect(UID(.max)?.rawValue == .max)
    }

    @Test func modSeqHas63Bits() {
        #expect(ModSeq(UInt64(Int64.max))?.rawValue == UInt64(Int64.max))
        #expect(ModSeq(UInt64(Int64.max) + 1) == nil)
        #expect(ModSeq.zero < ModSeq(1)!)
    }
}

@Suite struct MessageSetTests {
    private func bound(_ number: UInt32) -> MessageSetBound<UID> { UID(number).map { .number($0) } ?? .last }

    @Test(
        arguments: [
            // `*:5`, `5:*`, `*`, and numbers beyond the last, as pitfall 5 wants them; 0 stands for `*`.
            ([(5, 0)], UInt32(10), "5:10"), ([(0, 5)], 10, "5:10"), ([(0, 0)], 10, "10"), ([(12, 0)], 10, "10:12"),
            ([(7, 3)], 10, "3:7"), ([(1, 1), (2, 2), (4, 4)], 10, "1:2,4"), ([(4, 4), (1, 2), (2, 3)], 10, "1:4"),
            ([(1, 4_294_967_295)], 10, "1:4294967295"),
            ([(4_294_967_295, 4_294_967_295), (1, 1)], 10, "1,4294967295"),
        ] as [([(UInt32, UInt32)], UInt32, String)])
    func resolves(_ elements: [(UInt32, UInt32)], last: UInt32, expected: String) {
        let set = MessageSet(elements.map { MessageSet.Element(bound($0.0), bound($0.1)) })
        #expect(set.resolved(last: UID(last)).wireForm == expected)
    }

    @Test func starNamesNothingInAnEmptyMailbox() {
        let set = MessageSet<UID>([.init(.last, .last), .init(bound(3), .last)])
        #expect(set.resolved(last: nil).isEmpty)
    }

    @Test func numberSetsContainAndCount() throws {
        let set = UIDSet([1...3, 7...7, 10...20])
        #expect(set.count == 15)
        for number: UInt32 in 1...25 {
            let uid = try #require(UID(number))
            #expect(set.contains(uid) == ((1...3).contains(number) || number == 7 || (10...20).contains(number)))
        }
        #expect(set.numbers.map(\.rawValue) == [1, 2, 3, 7] + Array(10...20))
    }

    @Test func insertKeepsOrderInAnyOrder() throws {
        var set = UIDSet()
        for number: UInt32 in [5, 6, 4, 10, 9, 1, 4_294_967_295, 4_294_967_294, 5] {
            set.insert(try #require(UID(number)))
        }
        #expect(set.wireForm == "1,4:6,9:10,4294967294:4294967295")
    }

    @Test func insertMatchesAPlainSet() throws {
        var random = SeededRandom()
        var set = UIDSet()
        var plain: Set<UInt32> = []
        for _ in 0..<500 {
            let number = UInt32.random(in: 1...200, using: &random)
            set.insert(try #require(UID(number)))
            plain.insert(number)
        }
        #expect(set.numbers.map(\.rawValue) == plain.sorted())
    }
}

@Suite struct FlagTests {
    @Test(arguments: ["\\Seen", "\\SEEN", "\\seen"])
    func systemFlagsIgnoreCase(_ name: String) {
        #expect(Flags(name: name) == Flags(.seen))
    }

    @Test(arguments: ["\\Recent", "\\Foo", "\\", "", "a b", "(x", "a]", "a\\b", "é", "a\"", "{1}", "a%", "*"])
    func refused(_ name: String) {
        #expect(Flags(name: name) == nil)
    }

    @Test func keywordsIgnoreCaseAndKeepTheirSpelling() throws {
        let one = try #require(Keyword("$Forwarded"))
        let two = try #require(Keyword("$FORWARDED"))
        #expect(one == two)
        #expect(Set([one, two]).count == 1)
        #expect(one.name == "$Forwarded")
        #expect(Keyword(String(repeating: "a", count: 128)) != nil)
        #expect(Keyword(String(repeating: "a", count: 129)) == nil)
    }

    @Test func namesAreInOneOrder() throws {
        let flags = Flags(
            [.draft, .answered, .seen], keywords: [try #require(Keyword("b")), try #require(Keyword("A"))])
        #expect(flags.names == ["\\Answered", "\\Seen", "\\Draft", "A", "b"])
        #expect(flags.subtracting(Flags([.seen])).union(Flags(.flagged)).system == [.draft, .answered, .flagged])
    }
}

@Suite struct MailboxNameTests {
    @Test(arguments: ["inbox", "INBOX", "InBox"])
    func inboxIsOne(_ text: String) throws {
        #expect(try MailboxName(text) == .inbox)
        #expect(try MailboxName(text + "/x") == MailboxName("INBOX/x"))
    }

    @Test("case 72: fullwidth and dotless look-alikes are not INBOX", arguments: ["ＩＮＢＯＸ", "ınbox", "İNBOX"])
    func lookAlikes(_ text: String) throws {
        #expect(try MailboxName(text) != .inbox)
    }

    @Test("case 72: composed and decomposed names are one mailbox")
    func normalised() throws {
        #expect(try MailboxName("Caf\u{e9}") == MailboxName("Cafe\u{301}"))
    }

    @Test(
        "case 70 and 72: names that are refused",
        arguments: [
            "", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a/.", "a\0b", "a\r\nb", "a\u{7f}", "a*", "%",
            "a\u{202e}b",
            "a\u{200b}", "\u{fffd}", String(repeating: "a", count: 1_001), String(repeating: "a/", count: 50) + "a",
        ])
    func refused(_ text: String) {
        #expect(throws: MailboxName.Problem.self) { try MailboxName(text) }
    }

    @Test func ancestors() throws {
        let name = try MailboxName("a/b/c")
        #expect(name.ancestors.map(\.text) == ["a", "a/b"])
        #expect(try MailboxName("a").isAncestor(of: name))
        #expect(try !MailboxName("a").isAncestor(of: MailboxName("ab")))
        #expect(try name.replacing(MailboxName("a/b"), by: MailboxName("x")).text == "x/c")
        #expect(try name.replacing(MailboxName("q"), by: MailboxName("x")) == name)
    }

    /// Found by fuzzing: "/" and a mark behind it are one Character, and so is "/" behind a letter that joins.
    @Test("a delimiter is one also beside what joins it to a Character", arguments: ["\u{345}n", "\u{301}", "\u{600}"])
    func joinedDelimiter(_ level: String) throws {
        for text in ["/\(level)", "\(level)/", "a//\(level)", "\(level)//a"] {
            #expect(throws: MailboxName.Problem.emptyElement) { try MailboxName(text) }
        }
        let name = try MailboxName("inbox/\(level)/\(level)")
        let scalars = Array(level.unicodeScalars)
        #expect(name.elements.map { Array($0.unicodeScalars) } == [Array("INBOX".unicodeScalars), scalars, scalars])
        #expect(name.ancestors.map(\.elements.count) == [1, 2])
        #expect(name.ancestors.allSatisfy { $0.isAncestor(of: name) })
        #expect(name.isAtOrBelow("INBOX") && name.isAtOrBelow(name.text) && !name.isAtOrBelow("INBO"))
        let moved = try name.replacing(.inbox, by: MailboxName("a"))
        #expect(Array(moved.text.unicodeScalars) == Array("a/\(level)/\(level)".unicodeScalars))
    }

    @Test("names are in the order of their levels, and these by Unicode scalar")
    func order() throws {
        let texts = [
            "a", "a/b", "a b", "a!", "a-b/c", "a/b/c", "ab", "A", "Inbox2", "INBOX", "INBOX/a", "INBOX a", "I",
            "é", "ß", "𐐀", "～",
        ]
        let names = try texts.map { try MailboxName($0) }
        for one in names {
            for other in names {
                let levels = [one, other].map { $0.elements.map { Array($0.unicodeScalars) } }
                let inboxes = (one.elements[0] == "INBOX", other.elements[0] == "INBOX")
                let expected =
                    inboxes.0 == inboxes.1
                    ? levels[0].lexicographicallyPrecedes(levels[1]) { $0.lexicographicallyPrecedes($1) } : inboxes.0
                #expect((one < other) == expected, "\(one) and \(other)")
            }
        }
    }

    @Test("names of any letters are refused, or spelt, as the rules say")
    func anyLetters() {
        let letters = Array("//..iInNbBoOxX~ \u{7f}*%a\u{e9}".unicodeScalars)
        var random = SeededRandom()
        for _ in 0..<5_000 {
            var text = String.UnicodeScalarView()
            if Bool.random(using: &random) { text += Array("iNbOX".unicodeScalars).prefix(5) }
            for _ in 0..<Int.random(in: 0...6, using: &random) { text.append(letters.randomElement(using: &random)!) }
            #expect((try? MailboxName(String(text)))?.text == Self.expected(String(text)), "\(text.map(\.value))")
        }
        for count in 49...51 {
            let deep = [String](repeating: "a", count: count).joined(separator: "/")
            #expect((try? MailboxName(deep))?.text == (count <= 50 ? deep : nil))
        }
    }

    /// nil for what is refused.
    private static func expected(_ text: String) -> String? {
        var levels = text.split(separator: "/", omittingEmptySubsequences: false)
        let forbidden = text.unicodeScalars.contains { $0.value == 0x7f || $0 == "*" || $0 == "%" }
        guard !forbidden, !levels.contains(where: { ["", ".", ".."].contains($0) }) else { return nil }
        if levels[0].lowercased() == "inbox" { levels[0] = "INBOX" }
        return levels.joined(separator: "/")
    }

    @Test func inboxSortsFirst() throws {
        let names = try ["b", "INBOX/z", "a", "inbox", "Z"].map { try MailboxName($0) }.sorted().map(\.text)
        #expect(names == ["INBOX", "INBOX/z", "Z", "a", "b"])
    }

    @Test func specialUses() {
        #expect(SpecialUse(attribute: "\\sent") == .sent)
        #expect(SpecialUse.drafts.attribute == "\\Drafts")
        #expect(SpecialUse(attribute: "\\Foo") == nil)
    }

    @Test func asciiCaseTouchesNothingElse() {
        #expect("ÄIßİA".asciiLowercased == "ÄißİA".replacing("A", with: "a"))
        #expect("inboX".equalsIgnoringASCIICase("INBOx"))
        #expect(!"k".equalsIgnoringASCIICase("\u{212a}"))
    }
}
