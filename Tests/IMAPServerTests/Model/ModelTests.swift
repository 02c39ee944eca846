// A thousand random sequences of commands, one to five sessions each, against the model of what IMAP says they do.
//
// A sequence that fails is played again alone with MARTLET_MODEL_SEED=<its seed>; MARTLET_MODEL_SEQUENCES asks for more
// or fewer of them.

import Accounts
import Foundation
import MailCrypto
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ModelTests {
    private static func variable(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }
    static let sequences = variable("MARTLET_MODEL_SEQUENCES") ?? 1_000
    static let groups: UInt64 = 4

    /// Each group has a server of its own.
    @Test("case 80: random sequences of several sessions do what the model says", arguments: 0..<groups)
    func sequences(group: UInt64) async throws {
        if let seed = Self.variable("MARTLET_MODEL_SEED") {
            guard group == 0 else { return }
            return try await Self.play([seed])
        }
        try await Self.play((1...Self.sequences).filter { $0 % Self.groups == group })
    }

    private static func play(_ seeds: [UInt64]) async throws {
        try await TestServer.with { server in
            // For the account, not for those who do not ask.
            try await server.administration.switchCapabilities(["UIDONLY"], of: "alice@example.org", to: true)
            let hash = try PasswordHash.make(password: Array("secret".utf8), parameters: TestServer.cheap)
            let bob = try await server.temporary.account("bob@example.org", passwordHash: hash)
            let modes = try await supportedModes(server)
            let kinds =
                modes.map { ModelKind(mode: $0) } + modes.map { ModelKind(mode: $0, isUIDOnly: true) }
                + modes.map { ModelKind(mode: $0, isGuest: true) }
            var sessions: [ModelSession] = []
            for number in 0..<5 {
                for kind in kinds {
                    sessions.append(
                        try await ModelSession(name: "s\(number + 1)", kind: kind) {
                            let connection = try await server.connect()
                            try await connection.login(kind.isGuest ? "bob@example.org" : "alice@example.org")
                            try await connection.enter(kind.mode)
                            if kind.isUIDOnly { try await connection.command("ENABLE UIDONLY") }
                            return connection
                        })
                }
            }
            for seed in seeds {
                var run = try await ModelRun(seed: seed, server: server, guest: bob.id)
                // How many sessions, and how each is spoken to, is the seed's to say too.
                var random = SeededRandom(seed: seed ^ 0xabcd)
                let players = (0..<random.number(1...5)).map {
                    sessions[$0 * kinds.count + random.number(1...kinds.count) - 1]
                }
                for player in players { player.checksRecent = seed % 3 != 0 }
                try await run.play(with: players)
                for player in players { try await player.leaveMailbox() }
            }
            guard seeds.count >= 100 else { return }
            let tally = sessions.reduce(into: [String: Int]()) { $0.merge($1.tally, uniquingKeysWith: +) }
            for (what, share) in expected {
                #expect(tally[what, default: 0] >= seeds.count / share, "\(what): \(tally[what, default: 0]) times")
            }
        }
    }

    /// What many sequences come to, once in so many of them at the least: everything that there is to be tested.
    private static let expected = [
        "resynchronized": 40, "vanished earlier": 100, "updates": 10, "deleted under it": 100, "create OK": 10,
        "delete OK": 50, "rename OK": 40, "replace OK": 40, "append OK": 1, "append NO": 50, "move OK": 5, "copy OK": 5,
        "store OK": 1, "fetch OK": 1, "search OK": 1, "expunge OK": 2, "cancelupdate OK": 100, "list OK": 100,
    ]

    /// The modes whose capability the server offers.
    private static func supportedModes(_ server: TestServer) async throws -> [ClientMode] {
        let offered = try await server.login().command("CAPABILITY").data("CAPABILITY").first?.values ?? []
        return ClientMode.allCases.filter { mode in
            mode.capability.map { offered.contains(.atom($0)) } ?? true
        }
    }
}
