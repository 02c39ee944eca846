// The hashing pool's promises: never more than its slots, never more waiting than its queue, nobody waiting for ever.

import Dispatch
import MailCrypto
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct HashingPoolTests {
    /// Work that stands still until the test lets it go, or for a minute: a test that failed does not open it any more.
    final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        func pass() { _ = semaphore.wait(timeout: .now() + 60) }
        func open(_ count: Int) { for _ in 0..<count { semaphore.signal() } }
    }

    /// What the pool's threads report.
    final class Report<Value: Sendable>: Sendable {
        private let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
        var current: Value { value.withLock { $0 } }
        func change(_ body: (inout Value) -> Void) { value.withLock { body(&$0) } }
    }

    /// Longer than any test: a waiter whose patience ends while the test still counts waiters would never be counted.
    private static let endless = Duration.seconds(3_600)

    private func awaitLoad(_ pool: HashingPool, running: Int, waiting: Int) async throws {
        try await waitUntil("\(running) running, \(waiting) waiting") { pool.load == (running, waiting) }
    }

    @Test func givesResultsAndErrors() async throws {
        let pool = HashingPool(slots: 2)
        #expect(try await pool.run { 42 } == 42)
        await #expect(throws: CryptoError("fail")) { try await pool.run { throw CryptoError("fail") } }
        #expect(pool.load == (0, 0))
    }

    @Test("case 116: slots are capped, the queue is bounded, overflow is told apart")
    func bounds() async throws {
        let pool = HashingPool(slots: 2, queueLimit: 8, patience: Self.endless)
        let now = Report(0)
        let most = Report(0)
        let gate = Gate()
        let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    let done: Void? = try? await pool.run {
                        now.change { $0 += 1 }
                        most.change { $0 = max($0, now.current) }
                        gate.pass()
                        now.change { $0 -= 1 }
                    }
                    return done != nil
                }
            }
            try await awaitLoad(pool, running: 2, waiting: 8)
            for _ in 0..<500 {
                await #expect(throws: HashingPool.Failure.overloaded) { try await pool.run {} }
            }
            gate.open(10)
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes == [Bool](repeating: true, count: 10))
        #expect(most.current == 2)
        #expect(pool.load == (0, 0))
    }

    @Test func patienceEnds() async throws {
        let pool = HashingPool(slots: 1, patience: .milliseconds(20))
        let gate = Gate()
        async let first: Void = pool.run { gate.pass() }
        try await awaitLoad(pool, running: 1, waiting: 0)
        await #expect(throws: HashingPool.Failure.overloaded) { try await pool.run {} }
        gate.open(1)
        try await first
        #expect(try await pool.run { true })
    }

    @Test func aCancelledWaiterLeavesTheQueue() async throws {
        let pool = HashingPool(slots: 1, patience: Self.endless)
        let gate = Gate()
        async let first: Void = pool.run { gate.pass() }
        try await awaitLoad(pool, running: 1, waiting: 0)
        let second = Task { try await pool.run { true } }
        try await awaitLoad(pool, running: 1, waiting: 1)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(pool.load == (1, 0))
        gate.open(1)
        try await first
    }

    @Test func waitersAreServedInOrder() async throws {
        let pool = HashingPool(slots: 1, patience: Self.endless)
        let gate = Gate()
        let order = Report([Int]())
        async let first: Void = pool.run { gate.pass() }
        try await awaitLoad(pool, running: 1, waiting: 0)
        var tasks: [Task<Void, any Error>] = []
        for index in 0..<20 {
            tasks.append(Task { try await pool.run { order.change { $0.append(index) } } })
            try await awaitLoad(pool, running: 1, waiting: index + 1)
        }
        gate.open(1)
        try await first
        for task in tasks { try await task.value }
        #expect(order.current == Array(0..<20))
    }

    @Test("app passwords go before main passwords, and neither starves the other")
    func lanes() async throws {
        let pool = HashingPool(slots: 1, patience: Self.endless)
        let gate = Gate()
        let order = Report([String]())
        async let running: Void = pool.run { gate.pass() }
        try await awaitLoad(pool, running: 1, waiting: 0)
        var tasks: [Task<Void, any Error>] = []
        for index in 0..<12 {
            let lane = index < 6 ? HashingPool.Lane.ordinary : .first
            let name = "\(lane == .first ? "f" : "o")\(index % 6)"
            tasks.append(Task { try await pool.run(lane: lane) { order.change { $0.append(name) } } })
            try await awaitLoad(pool, running: 1, waiting: index + 1)
        }
        #expect(pool.waiting(in: .first) == 6)
        #expect(pool.waiting(in: .ordinary) == 6)
        gate.open(1)
        try await running
        for task in tasks { try await task.value }
        #expect(order.current == ["f0", "f1", "f2", "f3", "o0", "f4", "f5", "o1", "o2", "o3", "o4", "o5"])
        #expect(pool.load == (0, 0))
    }

    @Test("a full lane refuses, and the other one still takes", arguments: HashingPool.Lane.allCases)
    func eachLaneIsBounded(full: HashingPool.Lane) async throws {
        let pool = HashingPool(slots: 1, queueLimit: 3, patience: Self.endless)
        let other = full == .first ? HashingPool.Lane.ordinary : .first
        let gate = Gate()
        async let running: Void = pool.run { gate.pass() }
        try await awaitLoad(pool, running: 1, waiting: 0)
        var tasks = (0..<3).map { _ in Task { try await pool.run(lane: full) { true } } }
        try await awaitLoad(pool, running: 1, waiting: 3)
        await #expect(throws: HashingPool.Failure.overloaded) { try await pool.run(lane: full) {} }
        tasks.append(Task { try await pool.run(lane: other) { true } })
        try await awaitLoad(pool, running: 1, waiting: 4)
        #expect(pool.waiting(in: other) == 1)
        gate.open(1)
        try await running
        for task in tasks { #expect(try await task.value) }
    }
}
