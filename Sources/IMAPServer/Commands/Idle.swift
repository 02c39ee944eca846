// IDLE: the client waits, and hears of each change as soon as it is committed.
//
// A session in IDLE is one that waits for its client like any other, with `idling` set: no task and no stack is held
// for it meanwhile (SessionTask.swift), since most sessions of a server are in IDLE most of the time.

import IMAPSyntax
import Mail
import NIOCore

/// The IDLE that a session is in.
struct Idling {
    let command: TaggedCommand
    /// The session's deadline when it began.
    let end: NIODeadline
}

extension Session {
    /// Signals that a session in IDLE hears.
    static let idleSignals = Session.endings.union([.mailbox, .account])

    /// RFC 2177 §3. Commands that came in one packet with DONE are carried out like any others.
    func idle(_ tagged: TaggedCommand) throws(Replied) -> Completion {
        idling = Idling(command: tagged, end: deadline)
        connection.writer.continuation("idling")
        connection.framer.mode = .lines
        throw Replied()
    }

    /// Tells what has changed. Nothing queues while the client does not read: what is to be told is worked out when
    /// there is room for it.
    func tellIdle(_ idling: Idling) async throws(ConnectionEnded) {
        try await announce(.everything, withUIDs: false)
        if !connection.gate.poll(.account).isEmpty { try await tellNews() }
        connection.gate.setDeadline(min(idling.end, .now() + TimeAmount(environment.settings.idleKeepAlive)))
    }

    /// What has come to a session in IDLE.
    func handle(_ arrival: Connection.Arrival, in idling: Idling) async throws(ConnectionEnded) {
        switch arrival {
        case .event(.line(let line)):
            let isDone = String(buffer: line).asciiUppercased == "DONE"
            try await endIdle(
                isDone ? .ok("IDLE completed.") : .bad("DONE ends IDLE, and nothing else may be sent before it."))
        case .event(.bad(let bad, let code, let fatal)):
            if fatal { bye("Too much or too long; closing the connection.", code: code, reason: "limit") }
            try await endIdle(.bad(bad.reason, code: code))
        case .event: break
        case .signals(let wake):
            wakeFromIdle(wake, end: idling.end)
            if !isOver, wake.contains(.account) { try await tellNews() }
        }
    }

    private func endIdle(_ completion: Completion) async throws(ConnectionEnded) {
        guard let idling else { return }
        self.idling = nil
        connection.framer.mode = .commands
        try await answer(idling.command, completion)
    }

    private func wakeFromIdle(_ wake: Wake, end: NIODeadline) {
        let isKeepAlive = wake.intersection([.drain, .revoked, .kicked]).isEmpty && NIODeadline.now() < end
        if isKeepAlive {
            if wake.contains(.deadline) { connection.writer.untagged(.ok, "Still here.") }
        } else if !wake.isSubset(of: [.mailbox, .account]) {
            self.end(because: wake)
        }
    }
}
