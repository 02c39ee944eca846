// OBJECTID, SAVEDATE, APPENDLIMIT and PREVIEW: what FETCH, STATUS, SELECT and CREATE tell beyond IMAP4rev1.

import Foundation
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ObjectTests {
    private func mailboxID(_ code: String?) -> String? {
        guard let code, code.hasPrefix("MAILBOXID ("), code.hasSuffix(")") else { return nil }
        return String(code.dropFirst("MAILBOXID (".count).dropLast())
    }

    private func status(_ client: IMAPTestClient, _ mailbox: String, _ item: String) async throws -> IMAPValue? {
        let list = try await client.command("STATUS \(mailbox) (\(item))").data("STATUS").first?.values.last?.list
        return list?.last
    }

    @Test("RFC 8474: CREATE, SELECT, EXAMINE, STATUS and LIST tell the same MAILBOXID; a rename keeps it")
    func mailboxes() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let created = mailboxID(try await client.command("CREATE a").code)
            #expect(created != nil)
            for command in ["SELECT a", "EXAMINE a"] {
                let codes = try await client.command(command).untagged.filter { $0.condition == "OK" }.map(\.code)
                #expect(codes.compactMap { mailboxID($0) } == [created])
            }
            #expect(try await status(client, "a", "MAILBOXID")?.list?.first?.text == created)
            let list = try await client.command("LIST \"\" * RETURN (STATUS (MAILBOXID))")
            let ids = list.data("STATUS").compactMap { $0.values.last?.list?.last?.list?.first?.text }
            #expect(Set(ids).count == 7 && ids.contains(created ?? ""))
            #expect(try await client.command("RENAME a b").isOK)
            #expect(try await status(client, "b", "MAILBOXID")?.list?.first?.text == created)
            #expect(mailboxID(try await client.command("CREATE a").code) != created)
            let inbox = try await status(client, "INBOX", "MAILBOXID")
            #expect(try await client.command("RENAME INBOX old").isOK)
            #expect(try await status(client, "INBOX", "MAILBOXID") == inbox)
            #expect(try await status(client, "old", "MAILBOXID") != inbox)
        }
    }

    @Test("RFC 8474: EMAILID stays with COPY and MOVE, and is another for another message")
    func messages() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            func ids() async throws -> [String] {
                try await client.command("UID FETCH 1:* (EMAILID)").fetches.compactMap {
                    $0.items["EMAILID"]?.list?.first?.text
                }
            }
            let before = try await ids()
            #expect(Set(before).count == 3 && before.allSatisfy { $0.hasPrefix("M") })
            #expect(try await client.command("COPY 1 Sent").isOK)
            #expect(try await client.command("MOVE 2 Sent").isOK)
            #expect(try await ids() == [before[0], before[2]])
            #expect(try await client.command("SELECT Sent").isOK)
            #expect(try await ids() == [before[0], before[1]])
            let thread = try await client.command("FETCH 1 (THREADID)").fetches.first?.items["THREADID"]
            #expect(thread == IMAPValue.none || thread?.list?.first?.text?.hasPrefix("T") == true)
        }
    }

    @Test("identifiers name what they were made of")
    func identifiers() {
        let email = EmailID(account: AccountID(rawValue: 1), body: BodyID(rawValue: 42))
        #expect(ObjectID.email(email) == "M1-42" && ObjectID.email("M1-42") == email)
        let wrongs = [
            "T1-42", "M1-042", "M1-+42", "M1--42", "M1-", "M1-0", "m1-42", "", "M", "M1", "M-42", "M0-42", "M01-42",
            "M-1-42", "M1-42-", "M1-9999999999999999999",
        ]
        for wrong in wrongs {
            #expect(ObjectID.email(wrong) == nil, "\(wrong)")
        }
        let thread = ThreadName(account: AccountID(rawValue: 2), thread: ThreadID(rawValue: 7))
        #expect(ObjectID.thread(ObjectID.thread(thread)) == thread && ObjectID.thread("M2-7") == nil)
    }

    @Test("RFC 8514: SAVEDATE is when the message came into this mailbox, whatever INTERNALDATE says")
    func saveDate() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let before = Int64(Date().timeIntervalSince1970)
            let date = "\"17-Jul-1996 02:44:25 -0700\""
            #expect(try await client.append("INBOX", Sample.message(1), arguments: date).isOK)
            func saved() async throws -> MailDate? {
                let item = try await client.command("FETCH 1 (SAVEDATE)").fetches.first?.items["SAVEDATE"]
                return item?.text.flatMap { MailDate(imapDateTime: $0) }
            }
            let first = try #require(try await saved())
            #expect((before...Int64(Date().timeIntervalSince1970)).contains(first.secondsSince1970))
            #expect(try await client.command("COPY 1 Sent").isOK)
            #expect(try await client.command("SELECT Sent").isOK)
            let second = try #require(try await saved())
            #expect(second.secondsSince1970 >= first.secondsSince1970)
        }
    }

    @Test("RFC 7889: the limit in CAPABILITY and STATUS is the one that APPEND keeps")
    func appendLimit() async throws {
        try await TestServer.with {
            $0.limits.message = 2_000
        } _: { server in
            let client = try await server.login()
            let capabilities = try await client.command("CAPABILITY").data("CAPABILITY").first?.values
            #expect(capabilities?.compactMap(\.text).contains("APPENDLIMIT=2000") == true)
            #expect(try await status(client, "INBOX", "APPENDLIMIT")?.number == 2_000)
            let list = try await client.command("LIST \"\" INBOX RETURN (STATUS (APPENDLIMIT))")
            #expect(list.data("STATUS").first?.values.last?.list?.last?.number == 2_000)
            #expect(try await client.append("INBOX", String(repeating: "x", count: 2_000)).isOK)
            #expect(try await client.append("INBOX", String(repeating: "x", count: 2_001)).code == "TOOBIG")
        }
    }

    @Test("RFC 8970: previews are kept since the append, or worked out when one asks without LAZY")
    func preview() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let far = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/x\r\n\r\n"
                + String(repeating: "x", count: 400_000)
                + "\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nF\u{e4}r\r\n--b--\r\n"
            for message in [Sample.message(7), "Content-Type: image/png\r\n\r\nx\r\n", far] {
                #expect(try await client.append("INBOX", message).isOK)
            }
            func previews(_ item: String) async throws -> [IMAPValue?] {
                try await client.command("FETCH 1:3 (\(item))").fetches.map { $0.items["PREVIEW"] }
            }
            let kept: [IMAPValue?] = [.string(Array("Body of 7.".utf8)), .string([])]
            #expect(try await previews("PREVIEW (LAZY)") == kept + [IMAPValue.none])
            #expect(try await previews("PREVIEW") == kept + [.string(Array("F\u{e4}r".utf8))])
            let flags = try await client.command("FETCH 1 FLAGS").fetches.first?.flags
            #expect(flags?.contains("\\Seen") == false)
        }
    }

    @Test("RFC 8474, RFC 8514: SEARCH by EMAILID, THREADID and save date")
    func search() async throws {
        try await TestServer.with { server in
            try await server.deliver([
                "Message-ID: <a@x>\r\nSubject: A\r\n\r\n1", "Message-ID: <b@x>\r\nSubject: B\r\n\r\n2",
                "Message-ID: <c@x>\r\nReferences: <a@x>\r\nSubject: Re: A\r\n\r\n3",
            ])
            try await server.alice.completeThreads()
            let client = try await server.select()
            let fetches = try await client.command("FETCH 1:3 (EMAILID THREADID)").fetches
            let emails = fetches.compactMap { $0.items["EMAILID"]?.list?.first?.text }
            let threads = fetches.compactMap { $0.items["THREADID"]?.list?.first?.text }
            #expect(threads.count == 3 && threads[0] == threads[2] && threads[0] != threads[1])
            #expect(Set(emails + threads).count == 5)
            for (key, found) in [
                ("EMAILID \(emails[1])", [2]), ("OR EMAILID \(emails[0]) EMAILID \(emails[2])", [1, 3]),
                ("THREADID \(threads[0])", [1, 3]), ("NOT THREADID \(threads[0])", [2]), ("EMAILID M99-1", []),
                ("THREADID \(emails[0])", []), ("EMAILID \(emails[0].lowercased())", []),
                ("SAVEDSINCE 1-Jan-2000", [1, 2, 3]), ("SAVEDBEFORE 1-Jan-2000", []), ("SAVEDATESUPPORTED", [1, 2, 3]),
            ] as [(String, [UInt64])] {
                #expect(try await client.command("SEARCH \(key)").found == found, "\(key)")
            }
        }
    }
}
