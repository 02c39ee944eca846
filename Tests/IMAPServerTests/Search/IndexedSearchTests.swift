// Searches with the index and without it find the same: nothing more, nothing less.

import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct IndexedSearchTests {
    private static let words = [
        "Grüße", "lunch", "LUNCHTIME", "naïve", "ｆｕｌｌ", "aaaa", "aaa", "ßtraße", "NEAR", "a.b", "東京都庁",
    ]

    private static func message(_ random: inout Linear) -> String {
        func text(_ count: UInt64) -> String {
            (0..<count).map { _ in words[Int(random.next(UInt64(words.count)))] }.joined(separator: " ")
        }
        let head = "From: \(text(1)) <x\(random.next(5))@example.org>\r\nSubject: \(text(2))\r\nMIME-Version: 1.0\r\n"
        return switch random.next(5) {
        case 0: head + "Content-Type: text/html; charset=utf-8\r\n\r\n<p>\(text(4))</p><script>lunch</script>\r\n"
        case 1: head + "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\(text(5))=\r\n"
        case 2:
            // Longer than the pieces in which it is stored.
            head + "\r\n" + String(repeating: "x", count: 262_140) + text(2) + "\r\n"
                + String(repeating: "y", count: 262_120) + text(2) + "\r\n"
        case 3:
            head + "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\(text(3))\r\n--b\r\n"
                + "Content-Type: text/html\r\n\r\n<b>\(text(1))</b>\(text(2)) &amp; <!-- a.b -->\r\n--b--\r\n"
        default: head + "Content-Type: text/plain; charset=utf-8\r\n\r\n\(text(5))\r\n"
        }
    }

    @Test("every needle, before and after indexing, and with messages that the index does not know yet")
    func sameResults() async throws {
        var generator = SeededRandom()
        let seed = UInt64.random(in: 1 ... .max, using: &generator)
        try await TestServer.with { server async throws -> Void in
            var random = Linear(state: seed)
            try await server.deliver((0..<40).map { _ in Self.message(&random) })
            try await server.alice.updateSearchIndex()
            try await server.deliver((0..<10).map { _ in Self.message(&random) })
            let client = try await server.select()
            for _ in 0..<60 {
                let word = Array(Self.words[Int(random.next(UInt64(Self.words.count)))])
                let start = Int(random.next(UInt64(word.count)))
                let end = start + 1 + Int(random.next(UInt64(word.count - start)))
                let needle = String(word[start..<end])
                for field in ["SUBJECT", "FROM", "BODY", "TEXT", "NOT BODY"] {
                    let reply = try await client.command("UID SEARCH \(field)", literal: Array(needle.utf8))
                    let expected = try await Self.scanned(field, needle, in: server)
                    #expect(reply.found == expected, "seed \(seed): \(field) \(needle)")
                }
            }
        }
    }

    /// What each message's text says, read one by one.
    private static func scanned(_ field: String, _ text: String, in server: TestServer) async throws -> [UInt64] {
        let view = try await server.alice.view(of: .inbox).current
        let needle = SearchNeedle(text)
        var found: [UInt64] = []
        for index in 0..<view.count {
            let entry = view[index]
            let holds = try await server.alice.read { reader in
                var content = SearchContent(entry.bodyID, in: view.mailboxID, of: AccountID(rawValue: 1), reader)
                switch field {
                case "SUBJECT", "FROM": return try content.headerHolds(needle, inField: field)
                case "BODY": return try reader.decodedTexts(of: entry.bodyID, hold: needle)
                case "NOT BODY": return try !reader.decodedTexts(of: entry.bodyID, hold: needle)
                default:
                    return try content.headerHolds(needle) || content.partHeadersHold(needle)
                        || reader.decodedTexts(of: entry.bodyID, hold: needle)
                }
            }
            if holds { found.append(UInt64(entry.uid.rawValue)) }
        }
        return found
    }

    @Test("the index spares the reading of messages that cannot match")
    func spares() async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.fill(30)
            try await server.alice.updateSearchIndex()
            try await server.fill(1)
            let view = try await server.alice.view(of: .inbox).current
            let mailbox = SelectedMailbox(view, isReadOnly: true, recent: nil)
            let key = SearchKey.and([.text(.body, Array("Body of 7.".utf8)), .not(.text(.subject, Array("zzz".utf8)))])
            let program = try SearchProgram(
                Search(numbering: .uid, key: key), in: mailbox, of: server.alice.id)
            let ready = try await server.alice.read { reader in
                var program = program
                try program.consult(reader)
                return program
            }
            let open = (0..<view.count).filter { ready.decide(SearchCandidate(index: $0, entry: view[$0])) == nil }
            #expect(open == [6, 30])
            let before = (0..<view.count).filter { program.decide(SearchCandidate(index: $0, entry: view[$0])) == nil }
            #expect(before.count == 31)
        }
    }
}

extension AccountReader {
    /// By no other way than to decode and fold all of it.
    fileprivate func decodedTexts(of body: BodyID, hold needle: SearchNeedle) throws -> Bool {
        var isFound = false
        try visitTexts(of: body) { text in
            isFound = needle.isFound(in: text)
            return !isFound
        }
        return isFound
    }
}

/// A small generator with a seed.
private struct Linear {
    var state: UInt64

    mutating func next(_ count: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % count
    }
}
