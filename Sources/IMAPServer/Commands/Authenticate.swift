// AUTHENTICATE: the SASL dialogue, whatever the mechanism.

import Accounts
import IMAPSyntax
import NIOCore

extension Session {
    /// RFC 3501 §6.2.2, RFC 4959.
    func authenticate(_ authenticate: Authenticate) async throws -> Completion {
        guard mayLogIn else { return Session.privacyRequired }
        let possible = environment.authenticator.mechanisms(clientConnection)
        guard let mechanism = SASLMechanism(name: authenticate.mechanism), possible.contains(mechanism) else {
            let names = offeredMechanisms.map(\.rawValue).joined(separator: ", ")
            return .no("That mechanism is not offered here; these are: \(names).", code: .cannot)
        }
        let conversation = environment.authenticator.begin(mechanism, clientConnection)
        var step = await conversation.next(authenticate.initialResponse)
        connection.framer.mode = .lines
        defer { connection.framer.mode = .commands }
        while true {
            switch step {
            case .finished(let outcome, let data): return try await finish(outcome, data)
            case .malformed:
                failedLogins += 1
                return .bad("That is no valid response of \(mechanism.rawValue).")
            case .challenge(let challenge): step = await conversation.next(try await answer(to: challenge))
            }
        }
    }

    /// A success's last word goes out as one challenge more, to which the client has nothing to say (RFC 4422 §5,
    /// RFC 5802 §5).
    private func finish(_ outcome: LoginOutcome, _ data: [UInt8]?) async throws -> Completion {
        if case .success = outcome, let data {
            guard try await answer(to: data).isEmpty else {
                failedLogins += 1
                return .bad("An empty response was expected.")
            }
        }
        return try await conclude(outcome)
    }

    /// The client's response to a challenge.
    /// - Throws: the command's end, when the client gives up or sends what is no response.
    private func answer(to challenge: [UInt8]) async throws -> [UInt8] {
        connection.writer.continuation(challenge: challenge)
        switch try await nextSASLLine() {
        case .response(let bytes): return bytes
        case .cancel: throw Refusal(.bad("AUTHENTICATE was cancelled."))
        case .invalid:
            failedLogins += 1
            throw Refusal(.bad("A response must be in base64."))
        }
    }

    private func nextSASLLine() async throws -> SASLLine {
        while true {
            switch try await connection.next(or: Session.endings) {
            case .event(.line(let line)): return SASLLine(Array(line.readableBytesView))
            case .event(.bad(let bad, let code, let fatal)):
                if fatal { bye("Too much or too long; closing the connection.", code: code, reason: "limit") }
                throw Refusal(.bad(bad.reason, code: code))
            case .event: continue
            case .signals(let wake):
                end(because: wake)
                throw Replied()
            }
        }
    }
}
