// The purge by the clock, with a clock of the test's own.

import Logging
import Mail
import MailStore
import Synchronization
import TestSupport
import Testing

@testable import martletd

@Suite struct HousekeepingTests {
    /// Time that passes when somebody sleeps, and stops for good after a number of sleeps.
    private final class Days: Sendable {
        private let state: Mutex<(now: Int64, left: Int, slept: [Duration])>

        init(from now: Int64, count: Int) { state = Mutex((now, count, [])) }

        var slept: [Duration] { state.withLock { $0.slept } }

        var clock: Housekeeping.Clock {
            .init(now: { self.state.withLock { $0.now } }) { duration in
                let isOver = self.state.withLock { state in
                    state.slept.append(duration)
                    state.now += duration.components.seconds
                    state.left -= 1
                    return state.left <= 0
                }
                if isOver { withUnsafeCurrentTask { $0?.cancel() } }
                try Task.checkCancellation()
            }
        }
    }

    @Test("nothing is done in the first moments after the start, when everybody comes back")
    func pause() async throws {
        try await TemporaryStore.with { temporary in
            let time = Days(from: 0, count: 3)
            let housekeeping = Housekeeping(store: temporary.store, logger: .quiet, clock: time.clock)
            await Task { await housekeeping.begin() }.value
            #expect(time.slept == [Housekeeping.pause, Housekeeping.interval, Housekeeping.interval])
        }
    }

    /// An account's one message, which is expunged. Gives when that was.
    private func expungedMessage(of account: AccountStore, _ temporary: TemporaryStore) async throws -> Int64 {
        _ = try await account.append([try await temporary.message("Subject: x\r\n\r\nx")], to: .inbox)
        let inbox = try await account.view(of: .inbox)
        _ = try await account.storeFlags(.all, in: inbox.mailboxID, .add(Flags(.deleted)))
        _ = try await account.expunge(in: inbox.mailboxID)
        return try #require(try await account.expungedMessages(ExpungedChoice()).first).expungedAt
    }

    @Test("what was expunged goes when its time is over, and not a day before", arguments: [0, 1, 14])
    func purge(retentionDays: Int) async throws {
        var options = Store.Options()
        options.retentionDays = retentionDays
        try await TemporaryStore.with(options: options) { temporary in
            let account = try await temporary.account()
            let expunged = try await expungedMessage(of: account, temporary)
            func left(after days: Int, from start: Int64) async throws -> Int {
                let time = Days(from: start, count: days)
                let housekeeping = Housekeeping(store: temporary.store, logger: .quiet, clock: time.clock)
                await Task { await housekeeping.rounds() }.value
                #expect(time.slept == Array(repeating: Housekeeping.interval, count: days))
                return try await account.expungedMessages(ExpungedChoice()).count
            }
            // Rounds on days 0 to n - 1.
            if retentionDays > 0 { #expect(try await left(after: retentionDays, from: expunged) == 1) }
            #expect(try await left(after: retentionDays + 1, from: expunged + 1) == 0)
        }
    }

    @Test("case 189: a clock that has jumped ahead takes nobody's mail: it is kept for its whole time from then on")
    func jump() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let expunged = try await expungedMessage(of: account, temporary)
            func left(after rounds: Int, from start: Int64) async throws -> Int {
                let time = Days(from: start, count: rounds)
                let housekeeping = Housekeeping(store: temporary.store, logger: .quiet, clock: time.clock)
                await Task { await housekeeping.rounds() }.value
                return try await account.expungedMessages(ExpungedChoice()).count
            }
            let day: Int64 = 86_400
            #expect(try await left(after: 1, from: expunged) == 1)
            let ahead = expunged + 3_650 * day
            #expect(try await left(after: 14, from: ahead) == 1, "ten years ahead, for less than the retention time")
            #expect(try await left(after: 1, from: ahead - day) == 1, "set back, and ten years ahead all the same")
            #expect(try await left(after: 14, from: expunged + day) == 1, "right again")
            #expect(try await left(after: 14, from: expunged - 20_000 * day) == 1, "long ago")
            #expect(try await left(after: 1, from: expunged + 14 * day) == 1, "right again, which is a jump ahead too")
            #expect(try await left(after: 14, from: expunged + 15 * day) == 0)
        }
    }
}
