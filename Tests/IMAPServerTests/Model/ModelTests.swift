// A thousand random sequences of commands, one to five sessions each, against the model of what IMAP says they do.
//
// A sequence that fails is played again alone with MARTLET_MODEL_SEED=<its seed>; MARTLET_MODEL_SEQUENCES asks for more
// or fewer of them.

import Foundation
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
            let modes = try await supportedModes(server)
            var sessions: [ModelSession] = []
            for number in 0..<5 {
                for mode in modes {
                    let connection = try await server.login(mode)
                    sessions.append(ModelSession(name: "s\(number + 1)", mode: mode, connection: connection))
                }
            }
            for seed in seeds {
                var run = try await ModelRun(seed: seed, server: server)
                // How many sessions, and how each is spoken to, is the seed's to say too.
                var random = SeededRandom(seed: seed ^ 0xabcd)
                let players = (0..<random.number(1...5)).map {
                    sessions[$0 * modes.count + random.number(1...modes.count) - 1]
                }
                for player in players { player.checksRecent = seed % 3 != 0 }
                try await run.play(with: players)
                for player in players { try await player.leaveMailbox() }
            }
            // Many sequences come to everything that there is to be tested.
            guard modes.contains(.qresync), seeds.count >= 100 else { return }
            #expect(sessions.reduce(0) { $0 + $1.resynchronized } > seeds.count / 20)
            #expect(sessions.reduce(0) { $0 + $1.vanishedEarlier } > 0)
        }
    }

    /// The modes whose capability the server offers.
    private static func supportedModes(_ server: TestServer) async throws -> [ClientMode] {
        let offered = try await server.login().command("CAPABILITY").data("CAPABILITY").first?.values ?? []
        return ClientMode.allCases.filter { mode in
            mode.capability.map { offered.contains(.atom($0)) } ?? true
        }
    }
}
