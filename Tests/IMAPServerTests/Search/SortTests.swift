// SORT, its RETURN, and THREAD over a session.

import IMAPSyntax
import Mail
import MailStore
import NIOCore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct SortTests {
    private static func message(
        from: String = "", to: String = "", cc: String = "", subject: String, date: String, more: String = ""
    ) -> String {
        (from.isEmpty ? "" : "From: \(from)\r\n") + (to.isEmpty ? "" : "To: \(to)\r\n")
            + (cc.isEmpty ? "" : "Cc: \(cc)\r\n") + "Subject: \(subject)\r\nDate: \(date)\r\n\(more)\r\nx\r\n"
    }

    static let messages = [
        message(
            from: "Zoe <anna@example.org>", to: "carl@example.org", subject: "Re: [list] beta",
            date: "Mon, 7 Feb 1994 21:52:25 -0800"),
        message(
            from: "=?utf-8?q?=C3=84nne?= <bert@example.org>", to: "Bob <aaa@example.org>", subject: "alpha",
            date: "Tue, 8 Feb 1994 05:00:00 +0000", more: "X-Filler: \(String(repeating: "x", count: 200))\r\n"),
        message(
            from: "anna@example.net", cc: "zed@example.org", subject: "BETA (fwd)",
            date: "Mon, 7 Feb 1994 01:00:00 +0000"),
        message(subject: "", date: "not a date"),
        message(
            from: "anne <carl@example.org>", cc: "mia@example.org", subject: "Fwd: gamma",
            date: "Wed, 9 Feb 1994 00:00:00 +0000"),
    ]

    private func withMailbox(
        _ mode: ClientMode = .rev1, _ test: @Sendable (TestServer, IMAPTestClient) async throws -> Void
    ) async throws {
        try await TestServer.with { server async throws -> Void in
            let client = try await server.select(mode: mode)
            for (index, message) in Self.messages.enumerated() {
                let day = 10 - index
                try await client.append(
                    "INBOX", message, arguments: "\"\(day < 10 ? " " : "")\(day)-Feb-1994 00:00:00 +0000\"")
            }
            try await test(server, client)
        }
    }

    @Test(
        arguments: [
            ("ARRIVAL", [5, 4, 3, 2, 1]), ("REVERSE ARRIVAL", [1, 2, 3, 4, 5]),
            // The fourth has no date: its INTERNALDATE, the seventh of February, stands in.
            ("DATE", [4, 3, 2, 1, 5]), ("REVERSE DATE", [5, 1, 2, 3, 4]),
            ("SUBJECT", [4, 2, 1, 3, 5]), ("REVERSE SUBJECT", [5, 1, 3, 2, 4]), ("SUBJECT DATE", [4, 2, 3, 1, 5]),
            ("SUBJECT REVERSE ARRIVAL", [4, 2, 1, 3, 5]), ("FROM", [4, 1, 3, 2, 5]),
            ("REVERSE FROM DATE", [5, 2, 3, 1, 4]),
            ("TO", [3, 4, 5, 2, 1]), ("CC", [1, 2, 4, 5, 3]),
            ("DISPLAYFROM", [4, 3, 5, 2, 1]), ("DISPLAYTO", [3, 4, 5, 2, 1]), ("REVERSE SIZE", [2, 1, 3, 5, 4]),
        ] as [(String, [UInt64])])
    func criteria(criteria: String, expected: [UInt64]) async throws {
        try await withMailbox { _, client async throws -> Void in
            let reply = try await client.command("SORT (\(criteria)) UTF-8 ALL")
            #expect(reply.isOK)
            if criteria != "REVERSE SIZE" {
                #expect(reply.sorted == expected, "\(criteria)")
            } else {
                #expect(reply.sorted?.first == 2 && reply.sorted?.last == 4)
            }
            let some = expected.filter { $0 != 3 }
            #expect(try await client.command("UID SORT (\(criteria)) US-ASCII NOT 3").sorted?.count == some.count)
        }
    }

    @Test("RFC 5267 §3.1: RETURN in the order of the sort", arguments: ClientMode.allCases)
    func extended(mode: ClientMode) async throws {
        try await withMailbox(mode) { _, client async throws -> Void in
            let reply = try await client.command("SORT RETURN (MIN MAX COUNT ALL) (SUBJECT) UTF-8 ALL").esearch
            #expect(reply?.min == 4 && reply?.max == 5 && reply?.count == 5 && reply?.all == "4,2,1,3,5")
            #expect(try await client.command("UID SORT RETURN () (REVERSE ARRIVAL) UTF-8 ALL").esearch?.all == "1:5")
            #expect(try await client.command("SORT RETURN () (ARRIVAL) UTF-8 ALL").esearch?.all == "5,4,3,2,1")
            let part = try await client.command("UID SORT RETURN (PARTIAL 2:3) (SUBJECT) UTF-8 ALL").esearch
            #expect(part?.partial == "2:3 2,1" && part?.isUID == true)
            #expect(
                try await client.command("SORT RETURN (PARTIAL -1:-2) (SUBJECT) UTF-8 ALL").esearch?.partial
                    == "-1:-2 3,5")
            #expect(try await client.command("SORT RETURN (SAVE MIN) (SUBJECT) UTF-8 ALL").esearch?.min == 4)
            #expect(try await client.command("SEARCH $").found == [4])
            #expect(try await client.command("SORT RETURN (SAVE) (DATE) UTF-8 SUBJECT beta").data("ESEARCH").isEmpty)
            #expect(try await client.command("SORT (DATE) UTF-8 $").sorted == [3, 1])
        }
    }

    @Test func nothing() async throws {
        try await withMailbox { _, client async throws -> Void in
            #expect(try await client.command("SORT (SUBJECT) US-ASCII TEXT nowhere").sorted == [])
            #expect(try await client.command("THREAD REFERENCES UTF-8 TEXT nowhere").threads == "")
            #expect(try await client.command("SORT (SUBJECT) X-NO ALL").code?.hasPrefix("BADCHARSET") == true)
            #expect(try await client.command("THREAD REFS X-NO ALL").code?.hasPrefix("BADCHARSET") == true)
            #expect(try await client.command("SORT RETURN (RELEVANCY) (DATE) UTF-8 ALL").isBAD)
        }
    }

    @Test(
        "EXPUNGE waits for the end of SORT and THREAD, not of their UID forms",
        arguments: ["SORT (DATE)", "THREAD REFS"])
    func expunge(command: String) async throws {
        try await withMailbox { server, client async throws -> Void in
            let other = try await server.select()
            try await other.command("STORE 2 +FLAGS.SILENT (\\Deleted)")
            try await other.command("EXPUNGE")
            #expect(try await client.command("\(command) UTF-8 ALL").expunged == [])
            #expect(try await client.command("UID \(command) UTF-8 ALL").expunged == [2])
        }
    }

    @Test("a thousand messages come in the order of a plain sort")
    func many() async throws {
        var generator = SeededRandom()
        let seed = UInt64.random(in: 0 ... .max, using: &generator)
        var random = Xorshift(seed)
        let subjects = (0..<1_000).map { _ in "s\(random.next() % 100)" }
        try await TestServer.with { server async throws -> Void in
            try await server.deliver(subjects.map { "Subject: \($0)\r\n\r\nx\r\n" })
            let client = try await server.select()
            let expected = (1...1_000).sorted { (subjects[$0 - 1], $0) < (subjects[$1 - 1], $1) }.map { UInt64($0) }
            #expect(try await client.command("SORT (SUBJECT) UTF-8 ALL").sorted == expected, "seed \(seed)")
            let reverse = (1...1_000).sorted { (subjects[$1 - 1], $0) < (subjects[$0 - 1], $1) }.map { UInt64($0) }
            #expect(try await client.command("SORT (REVERSE SUBJECT) UTF-8 ALL").sorted == reverse, "seed \(seed)")
        }
    }

    @Test("many messages by numbers and in threads, out of memory, as by their headers; after changes too")
    func manyByNumbers() async throws {
        var generator = SeededRandom()
        let seed = UInt64.random(in: 0 ... .max, using: &generator)
        try await TestServer.with { server async throws -> Void in
            var random = Xorshift(seed)
            func messages(_ ids: Range<Int>) -> [String] {
                ids.map { id in
                    let more = String(repeating: "x", count: Int(random.next() % 50))
                    let date = random.next() % 9 == 0 ? "none" : "\(1 + random.next() % 28) Feb 1994 00:00:00 +0000"
                    let parent = random.next() % 3 == 0 ? "References: <\(random.next() % 700)@x>\r\n" : ""
                    let subject = (id % 5 == 0 ? "Re: s" : "s") + String(random.next() % 90)
                    let head = "Message-ID: <\(id)@x>\r\n\(parent)Subject: \(subject)\r\n"
                    return head + "Date: \(date)\r\n\r\n\(more)\r\n"
                }
            }
            try await server.deliver(messages(0..<640))
            let client = try await server.select()
            try await Self.compare(client, server, "seed \(seed)")
            try await server.deliver(messages(640..<700))
            try await client.command("UID STORE 10:60,650 +FLAGS.SILENT (\\Deleted)")
            try await client.command("EXPUNGE")
            try await Self.compare(client, server, "seed \(seed)")
        }
    }

    private static func compare(_ client: IMAPTestClient, _ server: TestServer, _ seed: String) async throws {
        let view = try await server.alice.view(of: .inbox).current
        let entries = (0..<view.count).map { view[$0] }
        let (keys, threading) = try await server.alice.read { reader in
            let bodies = entries.map(\.bodyID)
            return (try reader.sortKeys(of: bodies), try reader.threading(of: bodies))
        }
        for criteria in [
            [SortCriterion(.date)], [SortCriterion(.date, isReverse: true)], [SortCriterion(.size, isReverse: true)],
            [SortCriterion(.size), SortCriterion(.date, isReverse: true)], [SortCriterion(.arrival, isReverse: true)],
        ] {
            // One more, so that the order is worked out over bytes.
            var order = SortOrder(criteria + [SortCriterion(.arrival)])
            for (index, entry) in entries.enumerated() {
                let known = SortOrder.Entry(internalDate: entry.internalDate.secondsSince1970, size: entry.size)
                order.add(index, known, keys[index])
            }
            let words = criteria.map { ($0.isReverse ? "REVERSE " : "") + $0.key.rawValue }.joined(separator: " ")
            let reply = try await client.command("UID SORT (\(words)) UTF-8 ALL")
            let expected = order.sorted().map { UInt64(entries[$0].uid.rawValue) }
            #expect(reply.sorted == expected, "\(seed): \(words)")
        }
        var messages = threading
        for (index, entry) in entries.enumerated() {
            messages[index].internalDate = entry.internalDate.secondsSince1970
            messages[index].id = Int(entry.uid.rawValue)
        }
        for (name, forest) in [
            ("REFERENCES", Threading.references(messages)), ("REFS", Threading.refs(messages)),
            ("ORDEREDSUBJECT", Threading.orderedSubject(messages)),
        ] {
            var writer = ResponseWriter()
            writer.thread(forest) { UInt32(truncatingIfNeeded: $0) }
            let expected = String(decoding: writer.take().readableBytesView, as: UTF8.self)
            let threads = try await client.command("UID THREAD \(name) UTF-8 ALL").threads ?? ""
            let told = "* THREAD \(threads.replacing(") (", with: ")("))\r\n"
            #expect(told == expected, "\(seed): \(name)")
        }
    }

    private static func reply(_ id: Int, to others: [Int], subject: String) -> String {
        let references =
            others.isEmpty ? "" : "References: \(others.map { "<\($0)@x>" }.joined(separator: " "))\r\n"
        return "Message-ID: <\(id)@x>\r\n\(references)Subject: \(subject)\r\n"
            + "Date: \(id) Feb 1994 00:00:00 +0000\r\n\r\nx\r\n"
    }

    @Test func threads() async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.deliver([
                Self.reply(1, to: [], subject: "a"), Self.reply(2, to: [1], subject: "Re: a"),
                Self.reply(3, to: [], subject: "b"),
                Self.reply(4, to: [1], subject: "Re: a"), Self.reply(5, to: [1, 2], subject: "Re: a"),
                Self.reply(6, to: [3], subject: "c"),
            ])
            let client = try await server.select()
            #expect(try await client.command("THREAD REFERENCES UTF-8 ALL").threads == "(1 (2 5) (4))(3 6)")
            #expect(try await client.command("UID THREAD REFS UTF-8 NOT 1").threads == "((2 5) (4))(3 6)")
            #expect(try await client.command("THREAD ORDEREDSUBJECT UTF-8 ALL").threads == "(1 (2) (4) (5))(3)(6)")
        }
    }
}

/// A small generator with a seed.
private struct Xorshift {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

struct SortOrderTests {
    private func keys(subject: [UInt8], date: Int64? = nil) -> SortKeys {
        SortKeys(sentDate: date, subject: subject, from: [], to: [], cc: [], displayFrom: [], displayTo: [])
    }

    @Test("strings compare by octets, the shorter first, NUL too; REVERSE turns that and nothing else")
    func text() {
        let texts: [[UInt8]] = [[1], [], [0], [0, 0], [0xff], [0xff, 0], [1, 0xff], [1], [0, 1]]
        for isReverse in [false, true] {
            var order = SortOrder([SortCriterion(.subject, isReverse: isReverse)])
            for (index, text) in texts.enumerated() {
                order.add(index, .init(internalDate: 0, size: 0), keys(subject: text))
            }
            let expected = texts.indices.sorted { left, right in
                let (one, other) = isReverse ? (texts[right], texts[left]) : (texts[left], texts[right])
                return one == other ? left < right : one.lexicographicallyPrecedes(other)
            }
            #expect(order.sorted() == expected)
        }
    }

    @Test func numbers() {
        let dates: [Int64] = [5, -5, 0, .min, .max, -1]
        var order = SortOrder([SortCriterion(.date)])
        for (index, date) in dates.enumerated() {
            order.add(index, .init(internalDate: date, size: 0), index == 2 ? keys(subject: [], date: 0) : nil)
        }
        #expect(order.sorted() == [3, 1, 5, 2, 0, 4])
        var relevance = SortOrder([SortCriterion(.relevancy), SortCriterion(.size, isReverse: true)])
        for (index, score) in [10, 99, 10].enumerated() {
            relevance.add(index, .init(internalDate: 0, size: UInt32(index), score: UInt8(score)), nil)
        }
        #expect(relevance.sorted() == [1, 2, 0])
    }
}
