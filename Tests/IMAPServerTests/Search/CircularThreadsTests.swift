// SORT and THREAD of messages whose References go round in circles, over a session.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct CircularThreadsTests {
    private static func message(_ id: String, _ references: String, _ subject: String = "Re: round") -> String {
        "From: a@example.org\r\nTo: b@example.org\r\nSubject: \(subject)\r\nDate: Mon, 7 Feb 1994 21:52:25 -0800\r\n"
            + "Message-ID: <\(id)>\r\nReferences: \(references)\r\nIn-Reply-To: <\(id)>\r\n\r\nx\r\n"
    }

    private static let messages: [String] = {
        let many = (0..<10_000).map { "<\($0)@many>" }.joined(separator: "\r\n ")
        return [
            message("self@x", "<self@x>"), message("a@x", "<b@x>"), message("b@x", "<a@x>"),
            message("c@x", "<d@x> <e@x>"), message("d@x", "<e@x> <c@x>"), message("e@x", "<c@x> <d@x>"),
            message("0@many", many), message("9999@many", many), message("7@many", "\(many)\r\n <7@many>", "other"),
            message("same@x", "<same@x> <same@x>"), message("same@x", "<same@x> <a@x> <same@x>"),
            message("m@x", String(repeating: "<m@x> <a@x> ", count: 100)), message("", "<> <@> <a@> <@x>", ""),
        ]
    }()

    @Test(
        "case 65: messages that name themselves, each other, or ten thousand: each once in SORT and in every THREAD",
        arguments: ClientMode.allCases)
    func everyMessageOnce(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.deliver(Self.messages)
            let client = try await server.select(mode: mode)
            let all = (1...Self.messages.count).map { UInt64($0) }
            for prefix in ["", "UID "] {
                for algorithm in ["REFERENCES", "REFS", "ORDEREDSUBJECT"] {
                    let reply = try await client.command("\(prefix)THREAD \(algorithm) UTF-8 ALL")
                    let told = try #require(reply.threads)
                    #expect(told.split(whereSeparator: { !$0.isNumber }).compactMap { UInt64($0) }.sorted() == all)
                    // Some of them alone: what leads to the others leads nowhere.
                    let some = try await client.command("\(prefix)THREAD \(algorithm) UTF-8 UID 2,4,6,8:9")
                    let few = try #require(some.threads).split(whereSeparator: { !$0.isNumber })
                    #expect(few.compactMap { UInt64($0) }.sorted() == [2, 4, 6, 8, 9])
                }
                for criteria in ["SUBJECT", "REVERSE DATE SUBJECT", "FROM", "ARRIVAL"] {
                    let sorted = try await client.command("\(prefix)SORT (\(criteria)) UTF-8 ALL").sorted
                    #expect(sorted?.sorted() == all, "\(criteria)")
                }
            }
            let threads = try await client.command("FETCH 1:* (THREADID)").fetches.compactMap { $0.items["THREADID"] }
            #expect(threads.count == all.count && threads[1] == threads[2] && Set(threads[3...5]).count == 1)
        }
    }
}
