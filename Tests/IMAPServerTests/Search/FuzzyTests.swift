// FUZZY: what is found about, how relevant it is, and that nothing is lost.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

struct FuzzyNeedleTests {
    @Test(
        arguments: [
            ("hello", "hello world", 100), ("Helo", "hello world", 65), ("helo", "help me", 65),
            ("work", "homework", 80),
            ("work", "working", 90), ("IMAP break", "broken IMAP", 50), ("hlelo", "hello", 65), ("xyz", "abc", 0),
            ("anniversary", "aniversery", 50), ("cat", "bat", 0), ("swimming", "swim", 70), ("", "x", 100),
            ("grüße", "GRÜSSE", 100),
        ])
    func scores(needle: String, text: String, expected: Int) {
        let score = FuzzyNeedle(needle).score(in: CaseFolding.fold(text))
        // Whether the letters stand as one or two bytes is the folding's business.
        #expect(needle.isEmpty || score == expected, "\(score)")
    }

    @Test("RFC 6203 §8: long words and random text cost what they are long")
    func attack() {
        let long = [UInt8](repeating: UInt8(ascii: "A"), count: 4_000_000)
        let needle = FuzzyNeedle(String(repeating: "aaaaaaaab ", count: 2_000))
        let words = Array(repeating: Array("AAAAAAAAC ".utf8), count: 10_000).flatMap { $0 }
        let took = processorTime {
            _ = needle.score(in: long)
            _ = needle.score(in: words)
        }
        #expect(took < 30)
        #expect(needle.words.count == FuzzyNeedle.mostWords)
    }
}

@Suite struct FuzzyTests {
    private func withMailbox(_ test: @Sendable (IMAPTestClient) async throws -> Void) async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.deliver([
                "From: dave@example.org\r\nSubject: hello world\r\n\r\nnothing\r\n",
                "From: eve@example.org\r\nSubject: something else\r\n\r\nSay helo to her\r\n",
                "From: dave@example.org\r\nSubject: unrelated\r\n\r\nunrelated\r\n",
                "From: dave@example.org\r\nSubject: helo\r\n\r\nnothing\r\n",
            ])
            try await test(try await server.select())
        }
    }

    @Test("RFC 6203 §3, §4: what is about it is found, with scores; other keys stay exact")
    func search() async throws {
        try await withMailbox { client async throws -> Void in
            #expect(try await client.command("SEARCH FUZZY SUBJECT \"Helo\"").found == [1, 4])
            #expect(try await client.command("SEARCH FUZZY TEXT \"Helo\" FROM dave").found == [1, 4])
            #expect(try await client.command("SEARCH FUZZY (FROM dave SUBJECT helo)").found == [1, 4])
            let reply = try await client.command("SEARCH RETURN (RELEVANCY ALL) FUZZY TEXT Helo").esearch
            #expect(reply?.found == [1, 2, 4] && reply?.relevancy == [65, 90, 100])
            #expect(try await client.command("SEARCH SUBJECT helo").found == [4])
            #expect(try await client.command("SEARCH FUZZY SEEN").found == [])
            #expect(try await client.command("SEARCH NOT FUZZY SUBJECT helo").found == [2, 3])
        }
    }

    @Test("the index changes no answer, whatever the edit and however short the word")
    func indexed() async throws {
        try await TestServer.with { server async throws -> Void in
            let words = [
                "tset", "test", "meeting", "meetings", "metting", "meet", "anniversary", "aniversery", "grüße",
            ]
            let filler = String(repeating: String(repeating: "x", count: 900) + "\r\n", count: 5_000)
            try await server.deliver(words.map { "Subject: x\r\n\r\nsay \($0) now\r\n" })
            try await server.deliver(["Subject: y\r\n\r\nlagre word\r\n\(filler)"])
            let client = try await server.select()
            let needles = [
                "test", "tests", "meeting", "metings", "anniversary", "aniversary", "gruesse", "grüße", "large",
                "say now",
            ]
            func answers() async throws -> [[UInt64]] {
                var all: [[UInt64]] = []
                for needle in needles {
                    // The long message is read for its own word alone.
                    let others = needle == "large" ? "" : " SMALLER 100000"
                    let command = "SEARCH CHARSET UTF-8 FUZZY BODY {\(needle.utf8.count)+}\r\n\(needle)\(others)"
                    all.append(try await client.command(command).found ?? [])
                }
                return all
            }
            let scanned = try await answers()
            #expect(scanned[0] == [1, 2] && scanned[2].count >= 3 && scanned[8] == [10])
            try await server.alice.updateSearchIndex()
            #expect(try await answers() == scanned)
        }
    }

    @Test("RFC 6203 §6: SORT by relevancy")
    func sort() async throws {
        try await withMailbox { client async throws -> Void in
            #expect(try await client.command("SORT (RELEVANCY) UTF-8 FUZZY TEXT Helo").sorted == [4, 2, 1])
            let reply = try await client.command("SORT RETURN (RELEVANCY ALL) (RELEVANCY) UTF-8 FUZZY TEXT Helo")
                .esearch
            #expect(reply?.all == "4,2,1" && reply?.relevancy == [100, 90, 65])
            let part = try await client.command("SORT RETURN (PARTIAL 1:2) (RELEVANCY) UTF-8 FUZZY TEXT Helo").esearch
            #expect(part?.partial == "1:2 4,2")
            #expect(
                try await client.command("SORT RETURN (UPDATE) (RELEVANCY) UTF-8 FUZZY TEXT x").code("NOUPDATE") != nil)
        }
    }

    @Test("RFC 6203 §4: relevancy of what is not fuzzy is BAD")
    func refused() async throws {
        try await withMailbox { client async throws -> Void in
            #expect(try await client.command("SEARCH RETURN (RELEVANCY) TEXT x").isBAD)
            #expect(try await client.command("SORT (RELEVANCY) UTF-8 TEXT x").isBAD)
            #expect(try await client.command("SORT RETURN (RELEVANCY) (DATE) UTF-8 TEXT x").isBAD)
        }
    }
}
