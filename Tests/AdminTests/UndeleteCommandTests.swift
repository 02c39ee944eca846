// `mailbox undelete`, `message undelete` and `message purge`, run as people run them.

import Foundation
import Testing

@testable import martlet

private let alice = "alice@example.org"

/// A mailbox with two messages, removed.
private func removed(_ place: CommandPlace) async throws {
    let source = "\(place.directory)/mail.mbox"
    let messages = [1, 2].map { number in
        "From bob@example.org Mon Feb  7 21:52:25 1994\nMessage-ID: <\(number)@example.org>\n"
            + "Subject: Number \(number)\n\nText.\n\n"
    }
    try Data(messages.joined().utf8).write(to: URL(fileURLWithPath: source))
    try await place.done("mailbox", "create", alice, "Lists/Swift")
    try await place.done("message", "import", alice, source, "--mailbox", "Lists/Swift")
    try await place.done("mailbox", "remove", alice, "Lists/Swift", "--yes")
}

@Test("a mailbox comes back")
func mailboxUndelete() async throws {
    try await CommandPlace.with { place in
        try await removed(place)
        let deleted = try await place.done("mailbox", "list", alice, "--deleted", "--json")
            .facts([DeletedMailboxFacts].self)
        #expect(deleted.map(\.mailbox) == ["Lists/Swift"] && deleted.map(\.messages) == [2])
        let back = try await place.done("mailbox", "undelete", alice, "Lists/Swift", "--as", "Old", "--json")
            .facts(MailboxUndelete.Facts.self)
        #expect(back.mailbox == "Old" && back.messages == 2)
        #expect(try await place.run(["mailbox", "undelete", alice, "Lists/Swift"]).status == 2)
        try await place.done("check")
    }
}

@Test("messages come back, chosen by Message-ID; a second time there is nothing")
func messageUndelete() async throws {
    try await CommandPlace.with { place in
        try await removed(place)
        let shown = try await place.done("message", "undelete", alice, "--dry-run", "--since", "1h", "--json")
            .facts([MessageUndelete.Candidate].self)
        #expect(Set(shown.compactMap(\.messageID)) == ["<1@example.org>", "<2@example.org>"])
        #expect(shown.allSatisfy { $0.isMailboxDeleted })
        let arguments = ["message", "undelete", alice, "--message-id", "2@example.org", "--json"]
        let back = try await place.run(arguments).facts(ReturnedMessages.self)
        #expect(back.mailboxes.map(\.mailbox) == ["Lists/Swift"] && back.messages == 1)
        #expect(try await place.run(arguments).facts(ReturnedMessages.self).messages == 0)
        try await place.done("check")
    }
}

@Test("a mailbox that never was is not found, rather than empty")
func unknownMailbox() async throws {
    try await CommandPlace.with { place in
        try await removed(place)
        for command in [["undelete"], ["undelete", "--dry-run"], ["purge"]] {
            for (mailbox, status) in [("Lists/Swift", 0), ("INBOX", 0), ("Lists/Swfit", 2)] {
                let outcome = try await place.run(
                    ["message", command[0], alice, "--mailbox", mailbox] + command.dropFirst())
                #expect(outcome.status == Int32(status), "\(command) \(mailbox): \(outcome.errors)")
            }
        }
    }
}

@Test("a purge asks before it takes what could come back")
func messagePurge() async throws {
    try await CommandPlace.with { place in
        try await removed(place)
        // Nothing is old enough.
        let none = try await place.done("message", "purge", alice, "--json").facts(MessagePurge.Facts.self)
        #expect(none.messages == 0)
        let unasked = try await place.run(["message", "purge", alice, "--all"])
        #expect(unasked.status != 0 && unasked.errors.contains("--yes"))
        let purged = try await place.done("message", "purge", alice, "--all", "--yes", "--json")
            .facts(MessagePurge.Facts.self)
        #expect(purged.messages == 2 && purged.mailboxes == 1)
        #expect(try await place.run(["message", "purge", alice, "--all", "--older-than", "1d"]).status != 0)
        try await place.done("check")
    }
}
