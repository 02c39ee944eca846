// Deliveries into a real store: who gets a message, where it goes, what stands above it, what the sender is told.

import Logging
import Mail
import MailStore
import NIOCore
import TestSupport
import Testing

@testable import SMTP

/// A store with alice, bob (suspended) and carol, and aliases.
private func withDelivery(
    limits: SMTPLimits = SMTPLimits(), _ test: @Sendable (Delivery, TemporaryStore) async throws -> Void
) async throws {
    try await TemporaryStore.with { temporary in
        let directory = temporary.store.directory
        for name in ["alice", "bob", "carol"] { _ = try await temporary.account("\(name)@example.org") }
        try await directory.setStatus(id("bob", temporary), .suspended, by: "test")
        try await directory.addAlias(
            .address(EmailAddress("team@example.org")),
            targets: [id("alice", temporary), id("bob", temporary), id("carol", temporary)], by: "test")
        let delivery = Delivery(
            store: temporary.store, hostname: "mx.example.org", limits: limits, logger: .quiet)
        try await test(delivery, temporary)
    }
}

private func id(_ name: String, _ temporary: TemporaryStore) async throws -> AccountID {
    try #require(try await temporary.store.directory.account(address: EmailAddress("\(name)@example.org"))).id
}

private func deliver(
    _ text: String, to recipients: String..., from sender: String = "sender@elsewhere.example", by delivery: Delivery
) async throws -> [Int] {
    var spool = delivery.newSpool()
    var header = HeaderScan()
    header.consume(ByteBuffer(string: text))
    try await spool.write(ByteBuffer(string: text))
    let envelope = Envelope(
        sender: sender, client: "client.example", smtpUTF8: false,
        recipients: try recipients.map { try EmailAddress($0) })
    let transaction = Transaction(id: "t1", clientAddress: "192.0.2.7", transport: "LMTP")
    return await delivery.deliver(spool.message, header: header, envelope, transaction).map(\.code)
}

/// The messages of a mailbox, whole.
private func messages(
    _ name: String, _ mailbox: String, _ temporary: TemporaryStore
) async throws -> [String] {
    let account = try await temporary.store.account(id(name, temporary))
    let view = try await account.view(of: MailboxName(mailbox))
    let snapshot = view.current
    let bodies = (0..<snapshot.count).map { snapshot[$0].bodyID }
    return try await account.read { reader in
        try bodies.map { String(decoding: try reader.message($0), as: UTF8.self) }
    }
}

@Suite struct DeliveryTests {
    @Test func traceLinesStandOnTop() async throws {
        try await withDelivery { delivery, temporary in
            let text = "Subject: hello\r\n\r\nbody\r\n"
            let codes = try await deliver(text, to: "Alice@example.org", by: delivery)
            #expect(codes == [250])
            let stored = try #require(try await messages("alice", "INBOX", temporary).first)
            #expect(
                stored.hasPrefix(
                    "Return-Path: <sender@elsewhere.example>\r\nDelivered-To: Alice@example.org\r\n"
                        + "Received: from client.example ([192.0.2.7])\r\n\tby mx.example.org with LMTP id t1\r\n"))
            #expect(stored.hasSuffix("\r\n" + text))
        }
    }

    static let shared: [String] = [
        "Subject: hello\r\n\r\nbody\r\n", "\r\nbody\r\n", "Subject: only a header", " folded\r\nSubject: x\r\n\r\nbody",
        "Subject: long\r\n\r\n" + (0..<60_000).map { "line \($0)\r\n" }.joined(),
        "X: " + String(repeating: "long header ", count: 30_000) + "\r\n\r\nbody",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
    ]

    @Test("Several get the same bytes, each under lines of its own", arguments: shared)
    func sharedMessages(text: String) async throws {
        try await withDelivery { delivery, temporary in
            let names = ["alice", "carol"]
            let codes = try await deliver(
                text, to: "alice@example.org", "nobody@example.org", "carol@example.org", by: delivery)
            #expect(codes == [250, 550, 250])
            for name in names {
                let stored = try #require(try await messages(name, "INBOX", temporary).first)
                let lines = stored.dropLast(text.count)
                #expect(stored.hasSuffix(text) && lines.contains("Delivered-To: \(name)@example.org\r\n"))
                #expect(lines.contains("for <\(name)@example.org>"))
                let account = try await temporary.store.account(id(name, temporary))
                let body = try await account.view(of: .inbox).current[0].bodyID
                let parsed = MessageParser.parse(Array(stored.utf8))
                #expect(try await account.read { try $0.parts(of: body) } == parsed.parts)
            }
        }
    }

    @Test("What is changed between RCPT and the message's end counts")
    func changedMeanwhile() async throws {
        try await withDelivery { delivery, temporary in
            let address = try EmailAddress("alice@example.org")
            guard case .success = await delivery.verdict(on: .address(address)) else {
                Issue.record("alice is refused")
                return
            }
            try await temporary.store.directory.setStatus(id("alice", temporary), .suspended, by: "test")
            #expect(try await deliver("\r\n", to: "alice@example.org", by: delivery) != [250])
            #expect(try await messages("alice", "INBOX", temporary).isEmpty)
        }
    }

    @Test func nullSenderHasAnEmptyReturnPath() async throws {
        try await withDelivery { delivery, temporary in
            _ = try await deliver("Subject: bounce\r\n\r\n", to: "alice@example.org", from: "", by: delivery)
            let stored = try await messages("alice", "INBOX", temporary)
            #expect(stored.first?.hasPrefix("Return-Path: <>\r\n") == true)
        }
    }

    @Test(
        "what is behind + names a mailbox, if it is there",
        arguments: [
            ("alice+lists@example.org", "Lists"), ("alice+LISTS@example.org", "Lists"),
            ("alice+lists/swift@example.org", "Lists/swift"), ("alice+other@example.org", "INBOX"),
            ("alice+inbox@example.org", "INBOX"), ("alice+%*@example.org", "INBOX"),
            ("team+lists@example.org", "Lists"),
        ])
    func plusAddressing(address: String, mailbox: String) async throws {
        try await withDelivery { delivery, temporary in
            let alice = try await temporary.store.account(id("alice", temporary))
            _ = try await alice.createMailbox(MailboxName("Lists"))
            _ = try await alice.createMailbox(MailboxName("Lists/swift"))
            let codes = try await deliver("Subject: x\r\n\r\n", to: address, by: delivery)
            #expect(codes == [250])
            #expect(try await messages("alice", mailbox, temporary).count == 1)
        }
    }

    @Test("one message, three recipients, three replies")
    func manyRecipients() async throws {
        try await withDelivery { delivery, temporary in
            let codes = try await deliver(
                "Subject: x\r\n\r\n", to: "alice@example.org", "gone@example.org", "carol@example.org",
                "bob@example.org", by: delivery)
            #expect(codes == [250, 550, 250, 450])
            #expect(try await messages("carol", "INBOX", temporary).first?.contains("Delivered-To: carol@") == true)
        }
    }

    @Test("an alias reaches every active account; a suspended one holds up nobody")
    func alias() async throws {
        try await withDelivery { delivery, temporary in
            let codes = try await deliver("Subject: x\r\n\r\n", to: "team@example.org", by: delivery)
            #expect(codes == [250])
            #expect(try await messages("alice", "INBOX", temporary).count == 1)
            #expect(try await messages("carol", "INBOX", temporary).count == 1)
            #expect(try await messages("bob", "INBOX", temporary).isEmpty)
        }
    }

    @Test("case 47: half an alias failed: the retry gives it to the other half only")
    func partialDelivery() async throws {
        try await withDelivery { delivery, temporary in
            let carol = try await temporary.store.account(id("carol", temporary))
            try await carol.setQuota(10)
            let text = "Message-ID: <1@x>\r\n\r\nbody\r\n"
            #expect(try await deliver(text, to: "team@example.org", by: delivery) == [452])
            #expect(try await deliver(text, to: "team@example.org", by: delivery) == [452])
            #expect(try await messages("alice", "INBOX", temporary).count == 1)
            try await carol.setQuota(nil)
            #expect(try await deliver(text, to: "team@example.org", by: delivery) == [250])
            #expect(try await messages("alice", "INBOX", temporary).count == 1)
            #expect(try await messages("carol", "INBOX", temporary).count == 1)
            #expect(try await deliver(text, to: "team@example.org", by: delivery) == [250])
            #expect(try await messages("alice", "INBOX", temporary).count == 2, "a new message is a new message")
        }
    }

    @Test("case 44: a hundred Received lines pass, one more is a loop; so is our own Delivered-To")
    func loops() async throws {
        try await withDelivery { delivery, _ in
            let received = "Received: from a by b; Sun, 22 Nov 2026 21:00:00 +0000\r\n"
            let hundred = String(repeating: received, count: 100)
            #expect(try await deliver(hundred + "\r\n", to: "alice@example.org", by: delivery) == [250])
            #expect(try await deliver(hundred + received + "\r\n", to: "alice@example.org", by: delivery) == [554])
            let own = "delivered-to: <ALICE@example.org>\r\nSubject: x\r\n\r\n"
            let codes = try await deliver(own, to: "alice@example.org", "carol@example.org", by: delivery)
            #expect(codes == [554, 250])
            let inBody = "Subject: x\r\n\r\nDelivered-To: alice@example.org\r\n"
            #expect(try await deliver(inBody, to: "alice@example.org", by: delivery) == [250])
        }
    }

    @Test("case 200: over quota, and nothing stored")
    func overQuota() async throws {
        try await withDelivery { delivery, temporary in
            let alice = try await temporary.store.account(id("alice", temporary))
            try await alice.setQuota(500)
            let big = "Subject: x\r\n\r\n" + String(repeating: "y", count: 1_000) + "\r\n"
            #expect(try await deliver(big, to: "alice@example.org", by: delivery) == [452])
            #expect(try await messages("alice", "INBOX", temporary).isEmpty)
            #expect(try await alice.usage().used == 0)
        }
    }

    @Test("case 199: a mailbox that goes away under a delivery: INBOX gets the message")
    func deletedMailbox() async throws {
        try await withDelivery { delivery, temporary in
            let alice = try await temporary.store.account(id("alice", temporary))
            let lists = try MailboxName("lists")
            for _ in 0..<20 {
                _ = try await alice.createMailbox(lists)
                async let codes = deliver("Subject: x\r\n\r\n", to: "alice+lists@example.org", by: delivery)
                async let deletion: Void = alice.deleteMailbox(lists)
                #expect(try await codes == [250])
                try await deletion
            }
        }
    }

    @Test("case 45, case 42: unknown, foreign and relayed addresses are refused at RCPT")
    func verdicts() async throws {
        try await withDelivery { delivery, _ in
            for address in [
                "nobody@example.org", "alice@elsewhere.example", "user%evil@example.org", "\"user@evil\"@example.org",
                "a!b@example.org", "alice@[192.0.2.1]",
            ] {
                let verdict = await delivery.verdict(on: .address(try EmailAddress(address)))
                #expect(verdict == .failure(Refusal(.unknownRecipient)), "\(address)")
            }
            let suspended = await delivery.verdict(on: .address(try EmailAddress("bob@example.org")))
            #expect(suspended == .failure(Refusal(.suspendedRecipient)))
            #expect(await delivery.verdict(on: .postmaster) == .failure(Refusal(.unknownRecipient)))
        }
    }

    @Test("a message past the spool's memory is stored whole")
    func largeMessage() async throws {
        var limits = SMTPLimits()
        limits.spoolMemory = 1_000
        try await withDelivery(limits: limits) { delivery, temporary in
            var spool = delivery.newSpool()
            var expected = "Subject: large\r\n\r\n"
            try await spool.write(ByteBuffer(string: expected))
            for line in 0..<20_000 {
                let text = "line \(line) of a message that does not fit into memory\r\n"
                expected += text
                try await spool.write(ByteBuffer(string: text))
            }
            let envelope = Envelope(
                sender: "", client: "c", smtpUTF8: false,
                recipients: [try EmailAddress("alice@example.org"), try EmailAddress("carol@example.org")])
            let replies = await delivery.deliver(
                spool.message, header: HeaderScan(), envelope,
                Transaction(id: "t", clientAddress: nil, transport: "LMTP"))
            #expect(replies.map(\.code) == [250, 250])
            for name in ["alice", "carol"] {
                let stored = try await messages(name, "INBOX", temporary)
                #expect(stored.first?.hasSuffix(expected) == true)
            }
        }
    }
}

@Suite struct PartialDeliveriesTests {
    @Test func forgetsTheOldest() {
        let partial = PartialDeliveries(limit: 2)
        for key in 1...3 { partial.remember([AccountID(rawValue: Int64(key))], for: [UInt8(key)]) }
        #expect(partial.accounts(for: [1]).isEmpty)
        #expect(partial.accounts(for: [3]) == [AccountID(rawValue: 3)])
        partial.forget([2])
        partial.forget([3])
        #expect(partial.isEmpty)
    }
}
