// SASL exchanges of every mechanism: nobody gets in who does not know the password.
//
// An input is a byte for the mechanism and what surrounds it, and then the client's responses, each ended by LF. The
// byte's low bits choose the mechanism; 8: there is TLS with something to bind to; 16: the first response comes with
// the command. In a response `%r` becomes the server's nonce and `%p` the right proof for what stands before it, so
// that an input can hold an exchange of SCRAM that succeeds; `%a` is an app password, `%0` a NUL, `%b` the binding.

import Accounts
import MailCrypto
import MailStore
import NIOEmbedded
import TestSupport

final class SASLTarget: Sendable {
    /// Made anew, so that no input holds it.
    private let appPassword: String
    private let household: Household

    init() throws {
        (household, appPassword) = try Waiting.forEnd {
            let household = try await Household.make(on: NIOAsyncTestingEventLoop())
            let administration = AccountAdministration(
                store: household.temporary.store,
                parameters: Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1), actor: "fuzzing")
            let made = try await administration.createAppPassword(
                Household.alice, label: "phone", scopes: [.imap, .smtp], expires: nil)
            return (household, made.secret)
        }
    }

    deinit {
        let household = household
        try? Waiting.forEnd { try await household.end() }
    }

    func take(_ bytes: [UInt8]) throws {
        try SASLTarget.checkBase64(bytes)
        guard let first = bytes.first else { return }
        let mechanism = SASLMechanism.allCases[Int(first & 7) % SASLMechanism.allCases.count]
        let lines = bytes.dropFirst().split(separator: 0x0a, maxSplits: 5, omittingEmptySubsequences: false)
        let responses = lines.map { Array($0) }
        let exchange = try Waiting.forEnd { [self] in
            await converse(mechanism, responses, hasBinding: first & 8 != 0, isInitial: first & 16 != 0)
        }
        try check(exchange, mechanism)
    }

    /// What is decoded has one form.
    private static func checkBase64(_ bytes: [UInt8]) throws {
        try requireEqual(
            SASLResponse(line: SASLBase64.encode(bytes)),
            bytes.count > 3 * SASLExchange.longestResponse ? .malformed : .bytes(bytes), "base64 there and back")
        if case .bytes(let decoded) = SASLResponse(line: bytes) {
            try requireEqual(SASLBase64.encode(decoded), bytes, "base64 back and there")
        }
    }

    /// What came of an exchange.
    private struct Exchange: Sendable {
        let client: SASLScript
        let challenges: [Int]
        /// nil when the input has said too little.
        let end: SASLConversation.Step?
        /// What the server says to a response after that.
        let afterwards: SASLConversation.Step?
    }

    private func converse(
        _ mechanism: SASLMechanism, _ given: [[UInt8]], hasBinding: Bool, isInitial: Bool
    ) async -> Exchange {
        let conversation = household.authenticator.begin(mechanism, SASLTarget.connection(hasBinding))
        var client = SASLScript(given, appPassword: appPassword, binding: hasBinding ? SASLTarget.binding : [])
        var challenges: [Int] = []
        var step = await conversation.next(isInitial ? client.next([]) : nil)
        while case .challenge(let challenge) = step, challenges.count < SASLTarget.mostChallenges {
            challenges.append(challenge.count)
            guard let response = client.next(challenge) else {
                return Exchange(client: client, challenges: challenges, end: nil, afterwards: nil)
            }
            step = await conversation.next(response)
        }
        let afterwards = await conversation.next([])
        return Exchange(client: client, challenges: challenges, end: step, afterwards: afterwards)
    }

    private static let mostChallenges = 4

    private static func connection(_ hasBinding: Bool) -> ClientConnection {
        let facts = TLSFacts(
            version: "TLSv1.3", channelBinding: binding, certificateFingerprint: [UInt8](repeating: 7, count: 32))
        return ClientConnection(
            protocolName: "imap", scope: .imap, remoteAddress: "127.0.0.1", tls: hasBinding ? facts : nil,
            session: "fuzzing")
    }

    private func check(_ exchange: Exchange, _ mechanism: SASLMechanism) throws {
        try require(exchange.challenges.count <= 2, "\(exchange.challenges.count) challenges")
        try require(exchange.challenges.allSatisfy { $0 <= 8_192 }, "a challenge of \(exchange.challenges) bytes")
        if let end = exchange.end { try check(end, mechanism, exchange.client) }
        guard let afterwards = exchange.afterwards else { return }
        guard case .malformed = afterwards else { throw Finding("it goes on after its end") }
    }

    private static let binding = [UInt8](repeating: 0x42, count: 32)

    private func check(_ step: SASLConversation.Step, _ mechanism: SASLMechanism, _ client: SASLScript) throws {
        guard case .finished(let outcome, _) = step else { return }
        switch outcome {
        case .success(let login):
            try require(login.account.id == household.alice.id, "a login of \(login.account.id)")
            try require(client.knows(mechanism, Household.alicesPassword), "\(mechanism): in without the password")
        case .failure, .unauthorized, .appPasswordNeeded: break
        case .limited: throw Finding("limited, though nothing is")
        case .unavailable(let reason): throw Finding("unavailable: \(reason)")
        }
    }
}
