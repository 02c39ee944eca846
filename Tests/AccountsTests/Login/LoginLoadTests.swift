// Many logins at once, and many one after another: what they cost, and what the time tells.

import Accounts
import MailCrypto
import Synchronization
import Testing

/// How many run at once, and how many did at the most.
private final class Peak: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var most: Int { state.withLock { $0.most } }
    func look(_ running: Int) { state.withLock { $0.most = max($0.most, running) } }
}

@Suite(.serialized) struct LoginLoadTests {
    @Test("case 116: 500 wrong main passwords at once, and an app password gets in meanwhile")
    func flood() async throws {
        try await LoginHouse.with({
            $0.limits.perMinute = 100_000
            $0.limits.perDay = 100_000
            $0.limits.perName = 100_000
            $0.limits.perNameInARow = 100_000
        }) { door in
            let price = Argon2Parameters()
            let pool = HashingPool(slots: 2, queueLimit: 64, patience: .seconds(3_600))
            let authenticator = Authenticator(
                store: door.store, parameters: price, hashing: pool, settings: door.settings,
                logger: door.capture.logger)
            let administration = AccountAdministration(
                store: door.store, parameters: price, actor: "test", now: door.house.clock.now)
            _ = try await administration.setPassword(of: LoginHouse.alice, to: .generated)
            let secret = Array(
                try await administration.createAppPassword(LoginHouse.alice, label: "telephone").secret.utf8)
            let peak = Peak()
            let alice = Array(LoginHouse.alice.utf8)
            let connection = door.connection(from: "203.0.113.66")
            let isOver = Mutex(false)
            async let guesses = withTaskGroup(of: Seen.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let password = Array("wrong \(number)".utf8)
                        let seen = Seen(await authenticator.logIn(name: alice, password: password, connection))
                        peak.look(pool.load.running)
                        return seen
                    }
                }
                let seen = await group.reduce(into: [Seen: Int]()) { $0[$1, default: 0] += 1 }
                isOver.withLock { $0 = true }
                return seen
            }
            // How long that takes is measured from outside; here all other tests run beside.
            var logins = 0
            while !isOver.withLock({ $0 }) || logins < 100 {
                #expect(Seen(await authenticator.logIn(name: alice, password: secret, door.connection())) == .success)
                logins += 1
            }
            let seen = await guesses
            #expect((seen[.failure] ?? 0) + (seen[.unavailable] ?? 0) == 500)
            #expect(peak.most <= 2, "memory is slots times m")
            await authenticator.close()
        }
    }

    @Test("case 113: 2,000 times each, a known name and an unknown one take the same time")
    func sameTime() async throws {
        try await LoginHouse.with({
            $0.limits.perMinute = 100_000
            $0.limits.perDay = 100_000
            $0.limits.perName = 100_000
            $0.limits.perNameInARow = 100_000
        }) { door in
            let price = Argon2Parameters(memoryKiB: 1_024, iterations: 1, parallelism: 1)
            let administration = AccountAdministration(store: door.store, parameters: price, actor: "test")
            _ = try await administration.setPassword(of: LoginHouse.alice, to: .generated)
            let authenticator = Authenticator(
                store: door.store, parameters: price, settings: door.settings, logger: door.capture.logger)
            let names = [LoginHouse.alice, "nobody@example.org"].map { Array($0.utf8) }
            let connection = door.connection(from: "no address")
            // Four rounds, of which the one that the machine disturbed least is taken: a difference that is the
            // server's own is in each of them.
            var least: (difference: Duration, medians: [Duration])?
            for round in 0..<4 {
                var times: [[Duration]] = [[], []]
                // In turns, so that what else the machine does falls on both.
                for number in 0..<1_000 {
                    let password = Array("wrong \(round) \(number)".utf8)
                    let start = ContinuousClock.now
                    _ = await authenticator.logIn(name: names[number % 2], password: password, connection)
                    times[number % 2].append(ContinuousClock.now - start)
                }
                let medians = times.map { $0.sorted()[$0.count / 2] }
                let difference = max(medians[0], medians[1]) - min(medians[0], medians[1])
                if least.map({ difference < $0.difference }) ?? true { least = (difference, medians) }
            }
            let (difference, medians) = try #require(least)
            #expect(
                difference <= max(.milliseconds(1), medians[0] / 5), "known \(medians[0]), unknown \(medians[1])")
            await authenticator.close()
        }
    }
}
