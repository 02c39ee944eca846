// AUTHENTICATE: the SASL dialogue.

import Accounts
import IMAPSyntax
import NIOCore

extension Session {
    /// RFC 3501 §6.2.2, RFC 4959.
    func authenticate(_ authenticate: Authenticate) async throws -> Completion {
        guard mayLogIn else { return Session.privacyRequired }
        guard let mechanism = SASLMechanism(name: authenticate.mechanism) else {
            return .no("That mechanism is not offered; PLAIN and LOGIN are.", code: .cannot)
        }
        let conversation = environment.authenticator.begin(mechanism, clientConnection)
        var step = await conversation.next(authenticate.initialResponse)
        connection.framer.mode = .lines
        defer { connection.framer.mode = .commands }
        while true {
            switch step {
            case .finished(let outcome, _): return try await conclude(outcome)
            case .malformed:
                failedLogins += 1
                return .bad("That is no valid response of \(mechanism.rawValue).")
            case .challenge(let challenge):
                connection.writer.continuation(challenge: challenge)
                switch try await nextSASLLine() {
                case .response(let bytes): step = await conversation.next(bytes)
                case .cancel: return .bad("AUTHENTICATE was cancelled.")
                case .invalid:
                    failedLogins += 1
                    return .bad("A response must be in base64.")
                }
            }
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
