// The counters: their times, their bounds, and how they come back.

import MailStore
import Testing

@testable import Accounts

private func network(_ text: String) throws -> GuessSubject { .network(try Network(text)) }

@Suite struct GuessTableTests {
    @Test("a count lasts its time and not a second longer")
    func windows() throws {
        var table = GuessTable()
        let one = try network("192.0.2.7")
        for _ in 0..<3 { table.add(one, at: 1_000) }
        table.add(one, at: 1_059)
        #expect(table.count(one, at: 1_059).short == 4)
        #expect(table.count(one, at: 1_060).short == 0)
        #expect(table.count(one, at: 1_060).long == 4)
        table.add(one, at: 1_060, isLong: false)
        #expect(table.count(one, at: 1_060).short == 1)
        #expect(table.count(one, at: 1_000 + 86_399).long == 4)
        #expect(table.count(one, at: 1_000 + 86_400).long == 0)
        let name = GuessSubject.name(7)
        table.add(name, at: 1_000)
        #expect(table.count(name, at: 1_899).short == 1)
        #expect(table.count(name, at: 1_900).short == 0)
        #expect(table.count(name, at: 1_000 + 86_400).long == 1)
    }

    @Test("case 121: a clock that is set back forgets nothing, one that jumps ahead begins anew")
    func clock() throws {
        var table = GuessTable()
        let one = try network("192.0.2.7")
        for _ in 0..<5 { table.add(one, at: 100_000) }
        #expect(table.count(one, at: 92_800).short == 5)
        table.add(one, at: 92_800)
        #expect(table.count(one, at: 92_859).short == 6)
        #expect(table.count(one, at: 92_860).short == 0)
        #expect(table.count(one, at: 107_200).short == 0)
    }

    @Test("case 189: who failed while the clock was ten years ahead is kept out for a minute of the right time")
    func farAhead() throws {
        var table = GuessTable()
        let one = try network("192.0.2.7")
        for _ in 0..<5 { table.add(one, at: 315_360_000) }
        _ = table.takeUnsaved()
        #expect(table.count(one, at: 1_000).short == 5)
        #expect(table.takeUnsaved().map(\.shortStart) == [1_000])
        #expect(table.count(one, at: 1_059).short == 5)
        #expect(table.count(one, at: 1_060).short == 0)
        #expect(table.count(one, at: 1_000 + 86_400).long == 0)
    }

    @Test("case 127: a flood from everywhere stays below 16 MiB, and pushes out no one with more to answer for")
    func capacity() async throws {
        var table = GuessTable()
        let guilty = try network("203.0.113.9")
        for _ in 0..<9 { table.add(guilty, at: 1_000) }
        // Enough to make room three times.
        for number in 0..<GuessTable.capacity * 4 / 3 {
            // The tests beside it have their turn.
            if number % 5_000 == 0 { await Task.yield() }
            table.add(.network(Network(IPAddress(bits: UInt128(number) << 64 | 1 << 120), prefixLength: 64)), at: 1_001)
        }
        #expect(table.counts.count <= GuessTable.capacity)
        #expect(table.count(guilty, at: 1_002).short == 9)
        let entry = MemoryLayout<GuessSubject>.stride + MemoryLayout<GuessCount>.stride
        #expect(entry * table.counts.capacity * 4 / 3 <= 16 * 1_024 * 1_024)
    }

    @Test("case 131: what is stored comes back, and what was lifted is forgotten")
    func stored() throws {
        var table = GuessTable()
        let subjects: [GuessSubject] = [
            try network("192.0.2.7"), try network("192.0.2.0/24"), try network("2001:db8::/64"),
            .account(AccountID(rawValue: 12), changed: 3), .name(.max),
        ]
        for subject in subjects { table.add(subject, at: 1_000) }
        let records = table.takeUnsaved()
        #expect(
            Set(records.map(\.subject))
                == ["192.0.2.7", "192.0.2.0/24", "2001:db8::/64", "account:12:3", "name:ffffffffffffffff"])
        #expect(table.takeUnsaved().isEmpty)
        var other = GuessTable()
        let nonsense = GuessRecord(subject: "?", shortStart: 0, shortCount: 1, longStart: 0, longCount: 1)
        other.load(records + [nonsense], at: 1_001)
        #expect(other.counts == table.counts)
        other.keepNetworks(storedIn: records.filter { $0.subject != "192.0.2.7" })
        #expect(Set(other.counts.keys) == Set(subjects.dropFirst()))
        var late = GuessTable()
        late.load(records, at: 1_000 + 31 * 86_400)
        #expect(late.counts.isEmpty)
    }
}
