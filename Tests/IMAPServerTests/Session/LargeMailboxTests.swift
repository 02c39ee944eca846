// Replies about so many messages or mailboxes that they are made away from the event loop: the same as small ones.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct LargeMailboxTests {
    /// Messages in the mailbox: more than a session goes through on its loop, the first ten copied again and again.
    private static let count = Session.mostOnLoop + 1_500

    private static func filled(_ server: TestServer) async throws {
        try await server.fill(10)
        let view = try await server.alice.view(of: .inbox)
        while view.current.count < count {
            let more = min(view.current.count, count - view.current.count)
            let last = try #require(UInt32(exactly: more))
            _ = try await server.alice.copy(UIDSet([1...last]), from: view.mailboxID, to: .inbox)
        }
    }

    @Test("SEARCH, SORT and THREAD of more messages than are gone through on the loop", arguments: ClientMode.allCases)
    func searches(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await Self.filled(server)
            let client = try await server.select(mode: mode)
            let all = (1...UInt64(Self.count)).map { $0 }
            #expect(try await client.command("UID SEARCH ALL").found == all)
            let ends = try await client.command("SEARCH RETURN (ALL MAX COUNT SAVE) NOT SEEN").esearch
            #expect(ends?.found == all && ends?.max == all.last && ends?.count == all.last)
            // What SAVE keeps is as large.
            #expect(try await client.command("SEARCH RETURN (COUNT) $").esearch?.count == all.last)
            let sorted = try await client.command("UID SORT (REVERSE SUBJECT) UTF-8 ALL").sorted ?? []
            #expect(sorted.sorted() == all)
            // Copies of one message stay in the order of the mailbox (RFC 5256 §3).
            #expect(Array(sorted.prefix(3)) == [9, 19, 29])
            let threads = try await client.command("THREAD ORDEREDSUBJECT UTF-8 ALL").threads ?? ""
            #expect(threads.split { !$0.isNumber }.compactMap { UInt64($0) }.sorted() == all)
        }
    }

    @Test("LIST and LSUB of more mailboxes than are gone through on the loop")
    func mailboxes() async throws {
        try await TestServer.with { server in
            // So many names count as more than the bound.
            let names = Set((0..<Session.mostOnLoop / 16 + 300).map { "Many/\($0 % 7)/\($0)" })
            for name in names {
                _ = try await server.alice.createMailbox(MailboxName(name))
                try await server.alice.subscribe(MailboxName(name))
            }
            let client = try await server.login()
            for command in ["LIST", "LSUB"] {
                let told = try await client.command("\(command) \"\" Many/%/%").data(command)
                #expect(Set(told.compactMap { $0.values.last?.text }) == names, "\(command)")
                #expect(told.count == names.count, "\(command)")
            }
            let reply = try await client.command("LIST \"\" Many* RETURN (STATUS (MESSAGES))")
            #expect(reply.data("STATUS").count == names.count + 8)
            #expect(reply.data("LIST").count == names.count + 8)
        }
    }
}
