// The substring index: it misses nothing, knows what it does not know, keeps up, and is made anew.

import Foundation
import GRDB
import Mail
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MailStore

extension AccountStore {
    func candidates(_ needle: String, in part: IndexedPart) async throws -> IndexCandidates? {
        try await read { try $0.candidates(SearchNeedle(needle), in: part) }
    }

    /// Whether the body holds the needle, by reading it.
    func holds(_ body: BodyID, _ needle: SearchNeedle, in part: IndexedPart) async throws -> Bool {
        try await read { reader in
            var isFound = false
            if part != .body { isFound = needle.isFound(in: try reader.foldedHeader(of: body)) }
            func look(_ text: [UInt8]) -> Bool {
                isFound = isFound || needle.isFound(in: text)
                return !isFound
            }
            if part != .header { try reader.visitTexts(of: body, look) }
            if part == .text { try reader.visitPartHeaders(of: body, look) }
            return isFound
        }
    }
}

@Suite struct SearchIndexTests {
    static let mixed = """
        From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.org>\r
        Subject: =?utf-8?b?R3LDvMOfZSBhdXMgS8O2bG4=?=\r
        X-Odd: one "quoted" thing\r
        Content-Type: multipart/mixed; boundary=b\r
        \r
        --b\r
        Content-Type: text/plain; charset=iso-8859-1\r
        Content-Transfer-Encoding: quoted-printable\r
        \r
        Caf=E9 um drei, 100% sicher =\r
        versprochen\r
        --b\r
        Content-Type: text/html\r
        \r
        <p class="hidden">Bold<b>face</b> &euro; text</p>\r
        --b\r
        Content-Type: application/pdf; name="=?utf-8?q?Rechnung_M=C3=A4rz.pdf?="\r
        Content-Disposition: attachment\r
        \r
        JVBERi0xLjQK\r
        --b\r
        Content-Type: text/csv; name=list.csv\r
        Content-Disposition: attachment\r
        Content-Transfer-Encoding: base64\r
        \r
        QXBmZWwsQmlybmU=\r
        --b\r
        Content-Type: message/rfc822\r
        \r
        Subject: inner wheel\r
        \r
        日本語のテキスト\r
        --b--\r

        """

    @Test(
        "decoded text is found where it stands",
        arguments: [
            ("jürgen", IndexedPart.header, true), ("MÜLLER", .header, true), ("grüße aus köln", .header, true),
            ("GRUSSE", .header, false), ("one \"quoted\"", .header, true), ("=?utf-8", .header, false),
            ("café", .header, false), ("café", .body, true), ("CAFE\u{301}", .text, true), ("100% s", .body, true),
            ("sicher versprochen", .body, true), ("boldface €", .body, true), ("hidden", .body, false),
            ("rechnung märz", .text, true), ("apfel,birne", .body, true), ("inner wheel", .body, true),
            ("日本語", .body, true), ("のテキ", .text, true), ("JVBERi", .text, false), ("zzz", .text, false),
            ("content-disposition", .text, true),
        ])
    func finds(_ needle: String, part: IndexedPart, expected: Bool) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append([Self.mixed], to: account)
            #expect(try await account.candidates(needle, in: part) == nil)
            try await account.updateSearchIndex()
            let candidates = try #require(try await account.candidates(needle, in: part))
            #expect(candidates.isIndexed(bodies[0]))
            #expect(candidates.bodies == (expected ? bodies : []))
            #expect(candidates.mayContain(bodies[0]) == expected)
            #expect(try await account.holds(bodies[0], SearchNeedle(needle), in: part) == expected)
        }
    }

    @Test(
        "whole words are found without a look at the message, and no others",
        arguments: [
            ("boldface", IndexedPart.body, true), ("BOLDFACE €", .text, true), ("face", .body, false),
            ("sicher versprochen", .body, true), ("drei, 100", .body, false), ("um drei", .body, true),
            ("drei 100", .body, false), ("café um drei", .body, true), ("inner wheel", .body, true),
            ("wheel", .body, true), ("apfel", .text, true), ("_", .body, false), ("drei _ 100", .body, false),
            ("rechnung", .text, false), ("content", .text, false), ("müller", .text, false), ("hidden", .body, false),
        ])
    func certain(_ needle: String, part: IndexedPart, expected: Bool) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append([Self.mixed], to: account)
            try await account.updateSearchIndex()
            let candidates = try await account.candidates(needle, in: part)
            #expect(candidates?.surelyHolds(bodies[0]) ?? false == expected)
        }
    }

    @Test("what whole words are found in holds them, in texts at random")
    func wordsAreSound() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            var generator = SeededRandom()
            let pieces = ["aaa", "bbb", "AAA", "ccc", " ", " ", " ", "  ", ",", "\r\n", "_", "\u{e9}", "日本語"]
                + [String(repeating: "d", count: 70)]
            func text(_ count: Int) -> String {
                (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            }
            let texts = (0..<40).map { _ in text(30) }
            let bodies = try await temporary.append(
                texts.map { "Content-Type: text/plain; charset=utf-8\r\n\r\n\($0)\r\n" }, to: account)
            try await account.updateSearchIndex()
            var found = 0
            for _ in 0..<200 {
                let needle = text(.random(in: 1...5, using: &generator)).trimmingCharacters(in: .whitespacesAndNewlines)
                guard let candidates = try await account.candidates(needle, in: .body) else { continue }
                for (body, text) in zip(bodies, texts) where candidates.surelyHolds(body) {
                    found += 1
                    #expect(SearchNeedle(needle).isFound(in: text), "\(needle) in \(text)")
                }
            }
            #expect(found > 20)
        }
    }

    @Test("needles that the index cannot tell of", arguments: ["", "a", "ab", "日本", "a\0b", "\0\0\0"])
    func tooShort(_ needle: String) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await temporary.append(["\r\nab ab"], to: account)
            try await account.updateSearchIndex()
            #expect(try await account.candidates(needle, in: .text) == nil)
            let ranked = try await account.read { try $0.rank(SearchNeedle(needle), in: .text) }
            #expect(ranked == nil)
        }
    }

    @Test(
        "text with NUL and other odd characters is indexed to its end",
        arguments: ["\0", "\u{1}", "\u{fffe}", "\u{10ffff}"])
    func oddCharacters(_ odd: String) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let text = Data("before\(odd)between\(odd)behind".utf8).base64EncodedString()
            let bodies = try await temporary.append(
                ["Content-Transfer-Encoding: base64\r\n\r\n\(text)\r\n"], to: account)
            try await account.updateSearchIndex()
            for needle in ["before", "between", "behind", "ore\(odd)betwe", "en\(odd)behind"] {
                let candidates = try await account.candidates(needle, in: .body)
                #expect(candidates?.mayContain(bodies[0]) != false, "\(needle)")
                #expect(try await account.holds(bodies[0], SearchNeedle(needle), in: .body))
            }
        }
    }

    @Test func whatCameLaterIsNotKnownUntilItIsTakenIn() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let old = try await temporary.append(["Subject: needle\r\n\r\n", "Subject: hay\r\n\r\n"], to: account)
            try await account.updateSearchIndex()
            let new = try await temporary.append(["Subject: needle\r\n\r\n", "Subject: hay\r\n\r\n"], to: account)
            var candidates = try #require(try await account.candidates("needle", in: .header))
            #expect(candidates.bodies == [old[0]])
            #expect((old + new).map { candidates.isIndexed($0) } == [true, true, false, false])
            #expect((old + new).map { candidates.mayContain($0) } == [true, false, true, true])
            try await account.updateSearchIndex()
            candidates = try #require(try await account.candidates("needle", in: .header))
            #expect((old + new).map { candidates.mayContain($0) } == [true, false, true, false])
        }
    }

    @Test("the index misses nothing and knows nothing that no trigram shows", arguments: [1, 2, 3] as [UInt64])
    func property(seed: UInt64) async throws {
        try await TemporaryStore.with { temporary in
            var random = SeededRandom(seed: seed)
            let letters = Array("abABéÉß ﬁ日\"'*:()-.")
            func word(_ count: Int) -> String {
                String((0..<count).map { _ in letters.randomElement(using: &random) ?? "a" })
            }
            let account = try await temporary.account()
            var texts: [String] = []
            for _ in 0..<40 {
                let type = "Content-Type: text/plain; charset=utf-8\r\n"
                texts.append("Subject: \(word(12))\r\n\(type)\r\n\(word(.random(in: 0...60, using: &random)))\r\n")
            }
            let bodies = try await temporary.append(texts, to: account)
            try await account.updateSearchIndex()
            for _ in 0..<150 {
                let text = texts[Int.random(in: 0..<texts.count, using: &random)]
                let start = Int.random(in: 0..<text.count, using: &random)
                let cut = String(text.dropFirst(start).prefix(.random(in: 3...40, using: &random)))
                let needle = SearchNeedle(Bool.random(using: &random) ? cut : word(3))
                for part in [IndexedPart.header, .body, .text] {
                    guard let candidates = try await account.read({ try $0.candidates(needle, in: part) }) else {
                        continue
                    }
                    for body in bodies where try await account.holds(body, needle, in: part) {
                        #expect(candidates.mayContain(body), "seed \(seed), \(needle.key)")
                    }
                    // One trigram is the whole truth.
                    let characters = String(decoding: needle.key, as: UTF8.self).unicodeScalars.count
                    for body in candidates.bodies where characters == 3 {
                        #expect(try await account.holds(body, needle, in: .text), "seed \(seed), \(needle.key)")
                    }
                }
            }
        }
    }

    @Test("a message with too much text is looked at in every search", arguments: [false, true])
    func largeText(isInHeader: Bool) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let line = String(repeating: "lorem ipsum ", count: 80)
            let lines = (0..<6_000).map { isInHeader ? "X-\($0): \(line)\r\n" : "\($0) \(line)\r\n" }.joined()
            let large = isInHeader ? lines + "\r\n" : "\r\n" + lines
            let bodies = try await temporary.append([large, "Subject: hay\r\n\r\n", "\r\nneedle"], to: account)
            try await account.updateSearchIndex()
            #expect(try await account.candidates("needle", in: .text)?.bodies == [bodies[0], bodies[2]])
            #expect(try await account.candidates("lorem", in: .header)?.bodies == [bodies[0]])
            #expect(try await account.searchIndexStatus().indexed == 3)
            try await account.rebuildSearchIndex()
            #expect(try await account.candidates("needle", in: .body)?.bodies == [bodies[0], bodies[2]])
        }
    }

    @Test("what is too large as it was sent is not read to be indexed, however little text it gives")
    func largeAsSent() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let style = String(repeating: "<style>p { color: black }</style>\r\n", count: 36)
            func page(_ count: Int) -> String {
                "Content-Type: text/html\r\n\r\n<p>needle</p>\r\n"
                    + String(repeating: style, count: count * 1_024 * 1_024 / style.utf8.count)
            }
            let bodies = try await temporary.append([page(5), page(10), "\r\nhay"], to: account)
            try await account.updateSearchIndex()
            // The first is known not to have it, the second not known.
            #expect(try await account.candidates("elsewhere", in: .body)?.bodies == [bodies[1]])
            #expect(try await account.candidates("needle", in: .body)?.bodies == Array(bodies[..<2]))
        }
    }

    @Test func whatWasBegunGoesOnInAnotherProcess() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append((0..<200).map { "Subject: needle \($0)\r\n\r\n" }, to: account)
            while try await account.searchIndexStatus().indexed == 0 { _ = try await account.indexSome() }
            let begun = try await account.searchIndexStatus().indexed
            #expect(begun > 0 && begun < 200)
            // As after a kill: nothing but the file is left of it.
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(account.id)
            try await twin.updateSearchIndex()
            await other.close()
            #expect(try await account.candidates("needle", in: .header)?.bodies == bodies)
            #expect(try await account.searchIndexStatus().purged == 0)
        }
    }

    @Test func longNeedlesAreAskedForInPart() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let line = (0..<3_000).map { "\($0) " }.joined()
            let bodies = try await temporary.append(["\r\n" + line, "\r\nother"], to: account)
            try await account.updateSearchIndex()
            #expect(try await account.candidates(line, in: .body)?.bodies == [bodies[0]])
            #expect(Trigrams.queries(SearchNeedle(line)).count <= Trigrams.most)
            #expect(Trigrams.queries(SearchNeedle(line)).last == "\"99 \"")
        }
    }

    @Test func likenessRanks() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let subjects = ["invoice from spring", "invoices from sprung", "the voice of spring", "nothing"]
            let bodies = try await temporary.append(subjects.map { "Subject: \($0)\r\n\r\n" }, to: account)
            try await account.updateSearchIndex()
            let found = try await account.read { try $0.rank(SearchNeedle("invoice from spring"), in: .header) }
            let ranked = try #require(found)
            #expect(ranked.first == RankedBody(body: bodies[0], score: 100))
            #expect(ranked.map(\.body) == [bodies[0], bodies[1]] || ranked.map(\.body) == Array(bodies[0...2]))
            #expect(ranked.allSatisfy { (50...100).contains($0.score) })
        }
    }

    @Test func backgroundTakesInWhatArrives() async throws {
        var options = Store.Options()
        options.indexingDelay = .milliseconds(1)
        try await TemporaryStore.with(options: options) { temporary in
            let account = try await temporary.account()
            var bodies: [BodyID] = []
            for index in 0..<5 {
                bodies += try await temporary.append(["Subject: needle \(index)\r\n\r\n"], to: account)
            }
            let (expected, last) = (bodies, try #require(bodies.last))
            try await waitUntil("indexing") {
                let candidates = try await account.candidates("needle", in: .header)
                return candidates?.isIndexed(last) == true && candidates?.bodies == expected
            }
        }
    }

    @Test func whatAnotherProcessPurgesIsCountedToo() async throws {
        var options = Store.Options()
        options.indexingDelay = .milliseconds(1)
        try await TemporaryStore.with(options: options) { temporary in
            let account = try await temporary.account()
            _ = try await temporary.append((0..<1_100).map { "Subject: gone \($0)\r\n\r\n" }, to: account)
            try await waitUntil("all is in the index and counted") {
                let isCounted = !account.mustCountPurged.withLock { $0 }
                return try await account.searchIndexStatus().indexed == 1_100 && isCounted
            }
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(account.id)
            let inbox = try await twin.view(of: .inbox).mailboxID
            _ = try await twin.storeFlags(.all, in: inbox, .add(Flags(.deleted)))
            _ = try await twin.expunge(in: inbox)
            _ = try await twin.purge(expungedBefore: .max)
            await other.close()
            #expect(try await account.searchIndexStatus().purged == 1_100)
            // With its next write it learns that somebody else has written.
            _ = try await temporary.append(["Subject: kept\r\n\r\n"], to: account)
            try await waitUntil("the index is made anew") { try await account.searchIndexStatus().purged == 0 }
        }
    }

    @Test func purgedMessagesStayBehindUntilTheyAreTooMany() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await temporary.append((0..<1_100).map { "Subject: gone \($0)\r\n\r\n" }, to: account)
            let kept = try await temporary.append(["Subject: kept and not gone\r\n\r\n"], to: account)
            try await account.updateSearchIndex()
            let inbox = try await account.view(of: .inbox).mailboxID
            _ = try await account.storeFlags(.all, in: inbox, .add(Flags(.deleted)))
            let last = try #require(UID(1_101))
            _ = try await account.storeFlags(UIDSet([last]), in: inbox, .remove(Flags(.deleted)))
            _ = try await account.expunge(in: inbox)
            // What can be restored is found when it is restored.
            #expect(try await account.candidates("gone", in: .header)?.bodies.count == 1_101)
            _ = try await account.purge(expungedBefore: .max)
            var status = try await account.searchIndexStatus()
            #expect((status.messages, status.indexed, status.purged) == (1, 1, 1_100))
            while try await account.indexSome() {}
            status = try await account.searchIndexStatus()
            #expect((status.messages, status.indexed, status.purged) == (1, 1, 0))
            #expect(try await account.candidates("gone", in: .header)?.bodies == kept)
        }
    }

    @Test func anOlderVersionIsNotAskedAndMadeAnew() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append(["Subject: needle\r\n\r\n"], to: account)
            try await account.updateSearchIndex()
            try await account.write { try $0.db.run("UPDATE search_state SET version = version + 1") }
            #expect(try await account.candidates("needle", in: .header) == nil)
            #expect(try await account.searchIndexStatus().indexed == 0)
            try await account.updateSearchIndex()
            #expect(try await account.candidates("needle", in: .header)?.bodies == bodies)
            let status = try await account.searchIndexStatus()
            #expect(status.purged == 0 && status.bytes > 0)
        }
    }

    @Test func rebuildingTellsHowFarItIsAndTwoAtOnceAgree() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append((0..<200).map { "Subject: needle \($0)\r\n\r\n" }, to: account)
            async let other: Void = account.rebuildSearchIndex()
            let seen = Mutex<[Int]>([])
            try await account.rebuildSearchIndex { done in seen.withLock { $0.append(done) } }
            try await other
            try await account.updateSearchIndex()
            #expect(try await account.candidates("needle", in: .header)?.bodies == bodies)
            #expect(try await account.searchIndexStatus().indexed == 200)
            #expect(seen.withLock { $0 == $0.sorted() })
        }
    }

    @Test func aDamagedIndexIsNotAskedAndIsMadeAnew() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append(["Subject: needle\r\n\r\n"], to: account)
            try await account.updateSearchIndex()
            try plant("UPDATE search_header_data SET block = x'00000000ff' WHERE id > 10", in: account.file.path)
            let damaged = try await account.candidates("needle", in: .header)
            #expect(damaged?.mayContain(bodies[0]) != false)
            try await account.rebuildSearchIndex()
            #expect(try await account.candidates("needle", in: .header)?.bodies == bodies)
        }
    }

    @Test func aBodyThatCannotBeReadHoldsUpNothing() async throws {
        await #expect(throws: IntegrityFailure.self) {
            try await TemporaryStore.with { temporary in
                let account = try await temporary.account()
                let bodies = try await temporary.append(
                    ["Subject: needle\r\n\r\n", "Subject: needle\r\n\r\n"], to: account)
                try await account.write { try $0.db.run("UPDATE body_chunk SET encoding = 1 WHERE id = 65536") }
                try await account.updateSearchIndex()
                #expect(try await account.candidates("needle", in: .header)?.bodies == [bodies[1]])
            }
        }
    }

    @Test("the check finds nothing amiss in an index of long headers, wherever a letter stands", arguments: 0..<4)
    func checkOfLongHeaders(offset: Int) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let subject = String(repeating: "x", count: offset) + String(repeating: "東京都庁", count: 400)
            _ = try await temporary.append(["Subject: \(subject)\r\n\r\n"], to: account)
            try await account.updateSearchIndex()
            #expect(try await account.checkIntegrity().problems == [])
        }
    }
}
