// Snapshots compared: whatever happened between two of them, the difference leads from one to the other.

import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct SnapshotTests {
    private func entry(_ uid: UInt32, flagSet: UInt32 = 1, modSeq: UInt64 = 1) throws -> MessageEntry {
        MessageEntry(
            uid: try #require(UID(uid)), flagSet: FlagSetID(rawValue: flagSet), modSeq: try #require(ModSeq(modSeq)),
            size: 10, internalDate: MailDate(secondsSince1970: 0, zoneMinutes: 0), bodyID: BodyID(rawValue: Int64(uid)))
    }

    private func snapshot(_ entries: [MessageEntry]) throws -> MailboxSnapshot {
        MailboxSnapshot(
            mailboxID: MailboxID(rawValue: 1), uidValidity: try #require(UIDValidity(1)), uidNext: 1_000_000,
            highestModSeq: try #require(ModSeq(1)), flagSets: FlagSetTable(), entries: entries)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func differenceLeadsFromOneToTheOther(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var next: UInt32 = 5_001
        var all = try (1...5_000).map { try entry($0) }
        var now = try snapshot(all)
        var told = now
        for step in 0..<40 {
            let keeping = step % 3 != 0
            switch random.next() % 3 {
            case 0:
                let new = try (0..<Int(random.next() % 1_500)).map { try entry(next + UInt32($0)) }
                next += UInt32(new.count)
                now.append(new)
                all += new
            case 1:
                let first = UInt32(random.next() % UInt64(next))
                let set = UIDSet([first...(first + UInt32(random.next() % 700))])
                now.remove(set)
                all.removeAll { set.contains($0.uid) }
            default:
                let first = UInt32(random.next() % UInt64(next))
                // All of a stretch or few of it, and some that are not there.
                let (reach, step) = (UInt32(random.next() % 4_000), Int(random.next() % 900) + 1)
                let named = stride(from: max(1, first), through: first + reach, by: random.next() % 2 == 0 ? 1 : step)
                let set = UIDSet(named.map { $0...$0 })
                let modSeq = try #require(ModSeq(UInt64(step) + 2))
                func changed(_ entry: MessageEntry) -> MessageEntry {
                    var entry = entry
                    entry.modSeq = modSeq
                    return entry
                }
                now.replace(try named.map { changed(try entry($0)) })
                all = all.map { set.contains($0.uid) ? changed($0) : $0 }
            }
            let before = Set(told.chunks.flatMap(\.entries).map(\.uid))
            let (view, difference) = told.advanced(to: now, keepingExpunged: keeping)
            let current = Set(all.map(\.uid))
            #expect(Set(difference.expunged) == before.subtracting(current), "seed \(seed) step \(step)")
            #expect(Set(difference.added) == current.subtracting(before), "seed \(seed) step \(step)")
            let seen = view.chunks.flatMap(\.entries)
            #expect(seen.map(\.uid) == (keeping ? current.union(before) : current).sorted())
            #expect(seen.filter { current.contains($0.uid) } == all, "seed \(seed) step \(step)")
            told = view
        }
    }

    @Test("what chunks know of their messages agrees with the messages", arguments: [UInt64(5), 6])
    func chunksKnow(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let entries = try (1...UInt32(7_000)).map { uid in
            let isOdd = uid > 5_000 || random.next() % 4_000 == 0
            return try entry(uid, flagSet: isOdd ? 2 : 1, modSeq: 1 + random.next() % (uid > 3_000 ? 5 : 500))
        }
        let snapshot = try snapshot(entries)
        #expect(snapshot.indexOfFirst(notIn: []) == 0)
        #expect(
            snapshot.indexOfFirst(notIn: [FlagSetID(rawValue: 1)])
                == entries.firstIndex { $0.flagSet.rawValue == 2 }, "seed \(seed)")
        #expect(snapshot.indexOfFirst(notIn: [FlagSetID(rawValue: 1), FlagSetID(rawValue: 2)]) == nil)
        for _ in 0..<50 {
            let modSeq = try #require(ModSeq(1 + random.next() % 505))
            let first = Int(random.next() % 7_000)
            let range = first..<first + Int(random.next() % UInt64(7_001 - first))
            var found: [Int] = []
            snapshot.forEach(in: range, changedSince: modSeq) { found.append($0) }
            #expect(found == range.filter { entries[$0].modSeq > modSeq }, "seed \(seed): \(range) after \(modSeq)")
        }
    }

    @Test func lookingUpAgreesWithCounting() throws {
        let uids = (1...4_000).map { UInt32($0 * 3) }
        let snapshot = try snapshot(try uids.map { try entry($0) })
        #expect(snapshot.count == 4_000)
        for (index, uid) in uids.enumerated() {
            #expect(snapshot.index(of: try #require(UID(uid))) == index)
            #expect(snapshot.index(of: try #require(UID(uid + 1))) == nil)
            #expect(snapshot[index].uid.rawValue == uid)
        }
        #expect(snapshot.indices(in: UIDSet([1...2, 4...9, 11_999...UInt32.max])) == [1..<3, 3_999..<4_000])
        #expect(snapshot.indexOfFirst(atLeast: 12_001) == 4_000)
        var seen: [Int] = []
        snapshot.forEach(in: 1_000..<1_030) { index, entry in
            #expect(entry.uid.rawValue == uids[index])
            seen.append(index)
        }
        #expect(seen == Array(1_000..<1_030))
    }
}
