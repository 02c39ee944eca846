// What the server does by the clock: expunged messages past their time are purged, soon after the start and then daily.

import Foundation
import Logging
import MailStore
import ServiceLifecycle

/// Works in small steps and never beside itself: the next round waits for the end of this one.
struct Housekeeping: Service {
    /// The time, and how to wait for it; tests have their own.
    struct Clock: Sendable {
        /// Seconds since 1970.
        let now: @Sendable () -> Int64
        let sleep: @Sendable (Duration) async throws -> Void

        static let system = Clock(
            now: { Int64(Date().timeIntervalSince1970) }, sleep: { try await Task.sleep(for: $0) })
    }

    static let interval = Duration.seconds(86_400)
    /// After the start, when everybody comes back at once: to purge opens the file of every account.
    static let pause = Duration.seconds(30)

    let store: Store
    let logger: Logger
    var clock = Clock.system

    func run() async throws {
        await cancelWhenGracefulShutdown { await begin() }
    }

    /// The first round waits until the start is over.
    func begin() async {
        try? await clock.sleep(Self.pause)
        await rounds()
    }

    /// Until the task is cancelled.
    func rounds() async {
        while !Task.isCancelled {
            await purge()
            try? await clock.sleep(Self.interval)
        }
    }

    private func purge() async {
        do throws(StoreError) {
            let now = clock.now()
            guard let purged = try await store.purgeDaily(now: now) else {
                let reason = "the clock has jumped ahead, and what was expunged is kept for its whole time from then on"
                logger.warning(
                    "expunged messages are not purged", metadata: ["clock": "\(now)", "reason": "\(reason)"])
                return
            }
            logger.info(
                "purged expunged messages", metadata: ["count": "\(purged.messages)", "bytes": "\(purged.bytes)"])
        } catch {
            logger.error("cannot purge expunged messages", metadata: ["reason": "\(error.explanation)"])
        }
    }
}
