// Several sessions do random things to one mailbox; each client's own model of it must stay true.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct RandomSessionsTests {
    /// What a client believes of the mailbox, moved by nothing but the server's responses.
    struct Model {
        /// UIDs by sequence number; 0 where the client has not asked yet.
        var uids: [UInt64] = []

        mutating func take(_ response: IMAPResponse) throws {
            guard let number = response.number.map({ Int($0) }) else { return }
            switch response.name {
            case "EXISTS":
                guard number >= uids.count else { throw TestFailure("EXISTS fell from \(uids.count) to \(number)") }
                uids += Array(repeating: 0, count: number - uids.count)
            case "EXPUNGE":
                guard (1...uids.count).contains(number) else { throw TestFailure("EXPUNGE \(number) of \(uids.count)") }
                uids.remove(at: number - 1)
            case "FETCH":
                guard (1...uids.count).contains(number) else { throw TestFailure("FETCH \(number) of \(uids.count)") }
                guard let uid = response.uid else { return }
                guard uids[number - 1] == 0 || uids[number - 1] == uid else {
                    throw TestFailure("message \(number) was UID \(uids[number - 1]) and is now \(uid)")
                }
                uids[number - 1] = uid
            default: break
            }
        }
    }

    @Test("case 80: sequence numbers are never wrong", arguments: [1, 2, 3] as [UInt64])
    func randomly(seed: UInt64) async throws {
        try await TestServer.with { server in
            try await server.fill(20)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for session in 0..<4 {
                    group.addTask { try await Self.play(server, seed: seed &* 100 &+ UInt64(session)) }
                }
                try await group.waitForAll()
            }
        }
    }

    private static func play(_ server: TestServer, seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let client = try await server.login()
        var model = Model()
        for response in try await client.command("SELECT INBOX").untagged { try model.take(response) }
        for _ in 0..<60 {
            let line = command(of: model, &random)
            let reply = try await client.command(line)
            let isWithoutExpunge = ["FETCH", "STORE", "SEARCH"].contains { line.hasPrefix($0) }
            if isWithoutExpunge, !reply.expunged.isEmpty { throw TestFailure("seed \(seed): EXPUNGE during \(line)") }
            if reply.isBAD { throw TestFailure("seed \(seed): \(line): \(reply.tagged.text)") }
            for response in reply.untagged {
                do { try model.take(response) } catch { throw TestFailure("seed \(seed), \(line): \(error)") }
            }
        }
        try await prove(model, client, seed: seed)
    }

    /// After a last NOOP the client's belief is the server's truth.
    private static func prove(_ believed: Model, _ client: IMAPTestClient, seed: UInt64) async throws {
        var model = believed
        for response in try await client.command("NOOP").untagged { try model.take(response) }
        guard !model.uids.isEmpty else { return }
        for response in try await client.command("FETCH 1:* UID").untagged { try model.take(response) }
        // What others have added since the FETCH is at the end, and not asked for yet.
        while model.uids.last == 0 { model.uids.removeLast() }
        guard !model.uids.contains(0), model.uids == model.uids.sorted() else {
            throw TestFailure("seed \(seed): the client ends with \(model.uids)")
        }
    }

    private static func command(of model: Model, _ random: inout SeededRandom) -> String {
        let count = model.uids.count
        let number = count == 0 ? 0 : Int.random(in: 1...count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return "NOOP"
        case 1: return "EXPUNGE"
        case 2: return "UID FETCH 1:* FLAGS"
        case 3: return "UID SEARCH ALL"
        case 4 where count > 0: return "STORE \(number) +FLAGS (\\Deleted)"
        case 5 where count > 0: return "FETCH 1:\(number) (UID FLAGS)"
        case 6 where count > 0: return "COPY \(number) INBOX"
        case 7 where count > 0: return "MOVE \(number) Trash"
        case 8 where count > 0: return "SEARCH \(number):* UNDELETED"
        case 9 where count > 0: return "STORE 1:\(number) -FLAGS.SILENT (\\Flagged)"
        default: return "APPEND INBOX {14+}\r\nSubject: x\r\n\r\n"
        }
    }
}
