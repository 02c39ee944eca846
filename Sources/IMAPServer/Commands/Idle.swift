// IDLE: the client waits, and hears of each change as soon as it is committed.

import IMAPSyntax
import Mail
import NIOCore

extension Session {
    /// RFC 2177 §3. Nothing queues while the client does not read: what has changed is worked out when there is room to
    /// tell it. Commands that came in one packet with DONE are carried out like any others.
    func idle() async throws -> Completion {
        let gate = connection.gate
        let settings = environment.settings
        let end = deadline
        connection.writer.continuation("idling")
        connection.framer.mode = .lines
        defer { connection.framer.mode = .commands }
        while true {
            try await announce(.everything, withUIDs: false)
            if !gate.poll(.account).isEmpty { try await tellNews() }
            guard !isOver else { throw Replied() }
            gate.setDeadline(min(end, .now() + TimeAmount(settings.idleKeepAlive)))
            switch try await connection.next(or: Session.endings.union([.mailbox, .account])) {
            case .event(.line(let line)):
                return String(buffer: line).asciiUppercased == "DONE"
                    ? .ok("IDLE completed.") : .bad("DONE ends IDLE, and nothing else may be sent before it.")
            case .event(.bad(let bad, let code, let fatal)):
                if fatal { bye("Too much or too long; closing the connection.", code: code, reason: "limit") }
                throw Refusal(.bad(bad.reason, code: code))
            case .event: continue
            case .signals(let wake):
                try wakeFromIdle(wake, end: end)
                if wake.contains(.account) { try await tellNews() }
            }
        }
    }

    private func wakeFromIdle(_ wake: Wake, end: NIODeadline) throws(Replied) {
        let isKeepAlive = wake.intersection([.drain, .revoked, .kicked]).isEmpty && NIODeadline.now() < end
        if isKeepAlive {
            if wake.contains(.deadline) { connection.writer.untagged(.ok, "Still here.") }
        } else if !wake.isSubset(of: [.mailbox, .account]) {
            self.end(because: wake)
            throw Replied()
        }
    }
}
