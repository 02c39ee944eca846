// What is kept in memory for SORT and THREAD: the same as in the file, extended with new bodies, bounded, let go.

import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct MessageKeysTests {
    private static func message(_ number: Int) -> String {
        let date = number % 7 == 0 ? "" : "Date: \(1 + number % 28) Jan 2026 00:00:\(10 + number % 50) +0000\r\n"
        let parent = number % 3 == 0 ? "References: <\(number / 2)@x> <gone\(number % 5)@x>\r\n" : ""
        let subject = number % 4 == 0 ? "" : "s\(number % 10)"
        return "Message-ID: <\(number)@x>\r\nSubject: Re: \(subject)\r\n\(date)\(parent)\r\n"
    }

    private func append(
        _ numbers: ClosedRange<Int>, to account: AccountStore, _ temporary: TemporaryStore
    ) async throws {
        var new: [NewMessage] = []
        for number in numbers { new.append(try await temporary.message(Self.message(number))) }
        _ = try await account.append(new, to: .inbox)
    }

    private func ready<Keys>(
        _ account: AccountStore, _ step: @escaping @Sendable (AccountReader) throws -> KeyReading<Keys>
    ) async throws -> Keys? {
        while true {
            switch try await account.read(step) {
            case .ready(let keys): return keys
            case .none: return nil
            case .more: continue
            }
        }
    }

    /// Compares what is kept with what the file says.
    private func compare(_ account: AccountStore, _ order: [BodyID]) async throws {
        guard let newest = order.max() else { return }
        let dates = try #require(try await ready(account) { try $0.sentDates(through: newest, for: order.count) })
        let keys = try #require(try await ready(account) { try $0.threadKeys(through: newest, for: order.count) })
        let stored = try await account.read { try $0.sortKeys(of: order).map(\.sentDate) }
        var cursor = 0
        #expect(order.map { dates.seconds(of: $0, from: &cursor) } == stored)
        let messages = try await account.read { try $0.threading(of: order) }
        var table = keys.emptyTable
        cursor = 0
        for (place, message) in messages.enumerated() {
            keys.append(order[place], id: place, date: message.date, internalDate: 0, from: &cursor, to: &table)
        }
        #expect(Threading.references(table).tokenList == Threading.references(messages).tokenList)
        #expect(Threading.orderedSubject(table).tokenList == Threading.orderedSubject(messages).tokenList)
    }

    @Test("the same as in the file, in any order, and after new messages")
    func same() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            try await append(1...100, to: account, temporary)
            try await compare(account, try await account.bodies(of: .inbox))
            try await append(101...150, to: account, temporary)
            let bodies = try await account.bodies(of: .inbox)
            try await compare(account, bodies)
            try await compare(account, bodies.reversed())
            try await compare(account, bodies.shuffled())
        }
    }

    @Test("what is gone for good is let go; a body that is not there has no keys")
    func purged() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            try await append(1...30, to: account, temporary)
            let all = try await account.bodies(of: .inbox)
            try await compare(account, all)
            #expect(temporary.store.keyMemory.used > 0)
            let inbox = try await account.view(of: .inbox).mailboxID
            _ = try await account.storeFlags(UIDSet([3...5, 30...30]), in: inbox, .add(Flags(.deleted)))
            _ = try await account.expunge(in: inbox)
            _ = try await account.purge(expungedBefore: .max)
            let dates = try #require(try await ready(account) { try $0.sentDates(through: all[29], for: 30) })
            var cursor = 0
            #expect(dates.seconds(of: all[3], from: &cursor) == nil && dates.seconds(of: all[29], from: &cursor) == nil)
            #expect(dates.seconds(of: all[1], from: &cursor) != nil)
            try await append(31...40, to: account, temporary)
            try await compare(account, try await account.bodies(of: .inbox))
        }
    }

    @Test("for a few of many messages, and for messages whose keys are not known yet, nothing is kept")
    func notWorthIt() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            try await append(1...41, to: account, temporary)
            let newest = try #require(try await account.bodies(of: .inbox).last)
            #expect(try await ready(account) { try $0.sentDates(through: newest, for: 10) } == nil)
            #expect(try await ready(account) { try $0.sentDates(through: newest, for: 11) } != nil)
            try await account.write {
                try $0.db.run("UPDATE search_state SET keys_from = 1, keys_until = 41 WHERE id = 1")
            }
            #expect(try await ready(account) { try $0.threadKeys(through: newest, for: 41) } == nil)
        }
    }

    @Test("those that were used last stay, in no more than the bytes that there are")
    func bounded() {
        let memory = KeyMemory(most: 100)
        let keys = (0..<3).map { _ in MessageKeys(memory: memory) }
        #expect(memory.claim(40, for: keys[0]) && memory.claim(40, for: keys[1]))
        #expect(memory.claim(40, for: keys[0]) && memory.used == 80)
        #expect(memory.claim(30, for: keys[2]) && memory.used == 70)
        #expect(memory.claim(60, for: keys[1]) && memory.used == 90)
        #expect(!memory.claim(101, for: keys[0]) && memory.used <= 100)
        let other = MessageKeys(memory: memory)
        withExtendedLifetime(other) { #expect(memory.claim(100, for: other) && memory.used == 100) }
        #expect(memory.claim(1, for: keys[0]) && memory.used == 1)
    }

    @Test func internedTexts() {
        var interner = Interner()
        var numbers: [[UInt8]: Int32] = [:]
        for round in 0..<2 {
            for number in 0..<5_000 {
                let text = Array(String(number % 3_000).utf8) + (number % 2 == 0 ? [] : [0])
                let found = text.withUnsafeBytes { interner.number(of: $0) }
                if let known = numbers[text] { #expect(found == known) } else { numbers[text] = found }
            }
            #expect(Set(numbers.values).count == numbers.count && interner.count == numbers.count, "\(round)")
        }
    }
}

extension ThreadForest {
    fileprivate var tokenList: [ThreadToken] {
        var list: [ThreadToken] = []
        tokens { list.append($0) }
        return list
    }
}
