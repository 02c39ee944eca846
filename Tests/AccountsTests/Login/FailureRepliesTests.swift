// Failed logins: late, together, and not in the order they came.

import Synchronization
import TestSupport
import Testing

@testable import Accounts

/// Who has got an answer, in order.
private final class Arrivals: Sendable {
    private let numbers = Mutex<[Int]>([])
    var all: [Int] { numbers.withLock { $0 } }
    func add(_ number: Int) { numbers.withLock { $0.append(number) } }
}

@Suite struct FailureRepliesTests {
    @Test("a batch leaves at once after at least the delay, shuffled")
    func batch() async throws {
        let clock = LoginTestClock(TestClock())
        let replies = FailureReplies(delay: .seconds(2), clock: clock.loginClock)
        let order = Arrivals()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    await replies.hold()
                    order.add(number)
                }
            }
            try await waitUntil("fifty are held") { replies.heldCount == 50 && clock.sleeperCount == 1 }
            clock.advance(by: .milliseconds(1_999))
            #expect(order.all.isEmpty)
            #expect(clock.sleeperCount == 1, "one task for all of them")
            clock.advance(by: .milliseconds(1))
            try await waitUntil("all have left") { order.all.count == 50 }
            try await group.waitForAll()
        }
        #expect(replies.heldCount == 0)
        #expect(order.all.sorted() == Array(0..<50))
    }

    @Test("who comes between two ticks waits for the later one")
    func ticks() async throws {
        let clock = LoginTestClock(TestClock())
        let replies = FailureReplies(delay: .seconds(2), clock: clock.loginClock)
        clock.advance(by: .milliseconds(100))
        let task = Task { await replies.hold() }
        try await waitUntil("it is held") { clock.sleeperCount == 1 }
        clock.advance(by: .milliseconds(2_399))
        #expect(replies.heldCount == 1)
        clock.advance(by: .milliseconds(1))
        await task.value
    }

    @Test("a wrong password is held back, a right one and trouble are not")
    func logins() async throws {
        try await LoginHouse.with({ $0.failureDelay = .seconds(2) }) { door in
            #expect(await door.logIn(LoginHouse.password) == .success)
            let wrong = Task { await door.logIn("wrong") }
            let over = Arrivals()
            let watching = Task {
                _ = await wrong.value
                over.add(0)
            }
            try await waitUntil("it was logged") { door.capture.events.count == 2 }
            try await waitUntil("it is held, and the recorder waits") { door.clock.sleeperCount == 2 }
            #expect(over.all.isEmpty)
            door.clock.advance(by: .seconds(2))
            #expect(await wrong.value == .failure)
            await watching.value
        }
    }
}
