// LMTP sessions on a store: what was said to be delivered lies in the mailboxes, and nothing else does.

import NIOEmbedded

final class LMTPSessionTarget {
    private static let inputsPerStore = 256
    private let loop = NIOAsyncTestingEventLoop()
    private var household: Household?
    private var inputs = 0

    init() throws { household = try fresh() }

    deinit { if let household { try? Waiting.forEnd { try await household.end() } } }

    private func fresh() throws -> Household {
        inputs = 0
        return try Waiting.forEnd { [loop] in try await Household.make(on: loop) }
    }

    /// - Parameter bytes: the first says how the others are cut.
    func take(_ bytes: [UInt8]) throws {
        let household = try self.household ?? fresh()
        self.household = household
        inputs += 1
        let rest = Array(bytes.dropFirst())
        let pieces = bytes.first.map { $0 & 1 == 0 ? [rest] : Pieces.ways(rest)[1] } ?? []
        do {
            try Waiting.forEnd { try await LMTPSessionTarget.play(pieces, household) }
        } catch {
            self.household = nil
            throw error
        }
        guard inputs >= LMTPSessionTarget.inputsPerStore else { return }
        self.household = nil
        try Waiting.forEnd { try await household.end() }
    }

    private static func play(_ pieces: [[UInt8]], _ household: Household) async throws {
        let before = try await messages(household)
        let client = try await household.lmtpClient()
        defer { client.hangUp() }
        for piece in pieces where !client.isClosed { await client.say(piece) }
        let replies = try LMTPReply.all(in: client.heard())
        try requireEqual(replies.first?.code, 220, "the greeting")
        for reply in replies {
            try require(!reply.text.hasPrefix("4.3.0"), "trouble with the store: \(reply.text)")
        }
        let delivered = replies.count { $0.code == 250 && $0.text.contains("Delivered as") }
        let stored = try await messages(household) - before
        try requireEqual(stored, delivered, "messages that were stored, of those that were delivered")
    }

    private static func messages(_ household: Household) async throws -> Int {
        let alices = try await household.counts(of: household.alice)
        let bobs = try await household.counts(of: household.bob)
        return alices.values.reduce(0, +) + bobs.values.reduce(0, +)
    }
}
