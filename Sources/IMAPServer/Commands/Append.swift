// APPEND: a message streams from the wire into the store.
//
// Theory. The head of the command comes first, and what is wrong with it is answered before the message is let in. A
// literal that does not wait for `+` comes all the same: the framer swallows exactly its bytes, so nothing in it is
// ever taken for a command. Once let in, each piece goes to the staging area before the next is read; when that fails,
// the rest is read and thrown away, and the failure is the reply.

import CoreMetrics
import IMAPSyntax
import Mail
import MailStore
import NIOCore

extension Session {
    /// RFC 3501 §6.3.11, RFC 4315 §3.
    func append(_ head: TaggedAppendHead, size: UInt64, synchronizing: Bool) async throws(ConnectionEnded) {
        SessionMetrics.commands.increment()
        let mailbox: MailboxReference
        do {
            mailbox = try await mayAppend(head.append, size: size)
        } catch {
            connection.framer.refuseLiteral()
            return try await endAppend(head.tag, completion(for: error, command: .append))
        }
        if synchronizing { connection.writer.continuation() }
        connection.framer.acceptLiteral()
        let received = try await receiveMessage(limit: Int(clamping: size))
        guard !isOver else { return }
        let completion: Completion
        do {
            completion = try await store(received.get(), head.append, in: mailbox)
        } catch {
            completion = self.completion(for: error, command: .append)
        }
        try await endAppend(head.tag, completion)
    }

    private func endAppend(_ tag: String, _ completion: Completion) async throws(ConnectionEnded) {
        try await announce(CommandTable.rule(for: .append).announcing, withUIDs: false)
        try await finish(tag, completion)
        if completion.condition == .bad { countBad() }
    }

    /// Everything that can be wrong before the message is here.
    private func mayAppend(_ append: Append, size: UInt64) async throws -> MailboxReference {
        if let refusal = refusal(of: .append) { throw Refusal(refusal) }
        let mailbox = try await resolve(append.mailbox)
        guard size > 0 else { throw Refusal(.no("A message of no bytes is not stored.", code: .cannot)) }
        guard size <= UInt64(clamping: limits.message) else {
            throw Refusal(.no("A message may have \(limits.message) bytes at most.", code: .tooBig))
        }
        try await mailbox.account.checkAppend(of: Int(clamping: size), to: mailbox.name)
        return mailbox
    }

    /// Reads to the end of the command in any case.
    private func receiveMessage(limit: Int) async throws(ConnectionEnded) -> Result<StagedMessage, any Error> {
        let staging = environment.store.stage(limit: limit)
        do {
            return await finish(staging, try await receive(into: staging))
        } catch {
            staging.discard()
            throw error
        }
    }

    /// - Returns: why the message is not to be stored; nil when all of it is staged.
    private func receive(into staging: MessageStaging) async throws(ConnectionEnded) -> (any Error)? {
        var problem: (any Error)?
        while true {
            connection.gate.setDeadline(deadline)
            switch try await connection.next(or: Session.cutting) {
            case .event(.appendData(let bytes)):
                if problem == nil { problem = await Session.write(bytes, to: staging) }
            case .event(.appendEnded(let bad)): return bad.map { Refusal(.bad($0.reason)) } ?? problem
            case .event(.bad(let bad, let code, let fatal)):
                connection.writer.bad(bad, code: code)
                guard fatal else { continue }
                bye("Too much or too long; closing the connection.", reason: "limit")
                return ConnectionEnded()
            case .event: continue
            case .signals(let wake):
                end(because: wake)
                return ConnectionEnded()
            }
        }
    }

    private static func write(_ bytes: ByteBuffer, to staging: MessageStaging) async -> (any Error)? {
        do throws(StoreError) {
            try await staging.write(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func finish(
        _ staging: MessageStaging, _ problem: (any Error)?
    ) async -> Result<StagedMessage, any Error> {
        if let problem {
            staging.discard()
            return .failure(problem)
        }
        do throws(StoreError) {
            return .success(try await staging.finish())
        } catch {
            return .failure(error)
        }
    }

    private func store(
        _ staged: StagedMessage, _ append: Append, in mailbox: MailboxReference
    ) async throws -> Completion {
        let message = NewMessage(staged, flags: append.flags, internalDate: append.date ?? .now())
        let outcome = try await mailbox.account.append([message], to: mailbox.name)
        let uids = UIDSet(outcome.uids.compactMap { $0 })
        guard !uids.isEmpty else { return .ok("APPEND completed.") }
        return .ok("APPEND completed.", code: .appendUID(outcome.uidValidity, uids))
    }
}
