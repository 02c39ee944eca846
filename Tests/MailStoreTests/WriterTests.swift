// The group commit: what fails in a batch leaves nothing behind, in the file or in the views, and harms nobody else.

import Dispatch
import Mail
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct WriterTests {
    struct Refused: Error {}
    private final class Counter: Sendable {
        let value = Mutex(0)
    }

    @Test func aFailedOperationLeavesNothingAndHarmsNobody() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await account.view(of: .inbox)
            let keyword = try #require(Keyword("tried"))
            let flagged = Flags([], keywords: [keyword])
            let plain = try await temporary.message("\r\nx")
            let tagged = try await temporary.message("\r\nx", flags: flagged)
            // While the first operation holds the writer, the others gather for the next batch.
            let gate = DispatchSemaphore(value: 0)
            let started = Counter()
            let failures = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        started.value.withLock { $0 += 1 }
                        do {
                            try await account.write { operation in
                                if number == 0 { gate.wait() }
                                let inbox = try #require(try operation.find(.inbox))
                                _ = try operation.append([number % 2 == 0 ? plain : tagged], to: inbox)
                                if number % 2 == 1 { throw Refused() }
                            }
                            return false
                        } catch {
                            return true
                        }
                    }
                }
                while started.value.withLock({ $0 }) < 100 { await Task.yield() }
                gate.signal()
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(failures == 50)
            let snapshot = view.current
            #expect(snapshot.count == 50)
            #expect((0..<50).map { snapshot[$0].uid.rawValue } == Array(1...50))
            #expect((0..<50).allSatisfy { snapshot.flags(of: snapshot[$0]).keywords.isEmpty })
            // The failed operations' new flag set is not remembered: it is made now.
            _ = try await account.append([tagged], to: .inbox)
            let last = view.current
            #expect(last.flags(of: last[50]) == flagged)
            #expect(try await account.checkIntegrity().problems == [])
        }
    }
    @Test("alone in its batch, a failed operation leaves nothing either")
    func aloneItFails() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await account.view(of: .inbox)
            let keyword = try #require(Keyword("tried"))
            let tagged = try await temporary.message("\r\nx", flags: Flags([], keywords: [keyword]))
            for round in 1...3 {
                await #expect(throws: StoreError.self) {
                    try await account.write { operation in
                        let inbox = try #require(try operation.find(.inbox))
                        _ = try operation.append([tagged, tagged], to: inbox)
                        throw Refused()
                    }
                }
                #expect(view.current.count == round - 1)
                let uids = try await account.append([tagged], to: .inbox).uids
                #expect(uids.map { $0?.rawValue } == [UInt32(round)])
            }
            #expect(try await account.checkIntegrity().problems == [])
        }
    }
}
