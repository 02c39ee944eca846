// Mail comes in once, with its flags and dates, and goes out as it is.

import Foundation
import Mail
import MailStore
import NIOCore
import TestSupport
import Testing

@testable import martlet

private let mbox = """
    From a@example.net Sun Sep  9 01:46:40 2001
    Subject: one
    Status: RO
    X-Status: F

    Hello
    >From here

    From b@example.net Mon Sep 10 01:46:40 2001
    Subject: two
    Date: Tue, 11 Sep 2001 01:46:40 +0200

    From b@example.net Mon Sep 10 01:46:40 2001
    Subject: two
    Date: Tue, 11 Sep 2001 01:46:40 +0200


    """

/// A place for files, removed at the end.
private func withPlace<T>(_ work: (String) async throws -> T) async throws -> T {
    let place = FileManager.default.temporaryDirectory.path + "/martlet-place-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    return try await work(place)
}

private func put(_ text: String, at path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
}

/// Imports all of `path`; gives the reports and the problems.
private func run(
    _ path: String, into account: AccountStore, of temporary: TemporaryStore
) async throws -> (reports: [FolderReport], problems: [ImportProblem]) {
    let map = FolderMap(rules: [], root: .inbox)
    var importer = Importer(store: temporary.store, account: account)
    var bar = ProgressBar(total: 0, isShown: false)
    for folder in try SourceScanner.scan(path, format: nil).folders {
        try await importer.run(folder, to: map.mailbox(for: folder.levels), bar: &bar)
    }
    return (importer.reports, importer.problems)
}

/// Every message of a mailbox: flags, seconds of its date, text.
private func messages(_ name: String, of account: AccountStore) async throws -> [(
    flags: [String], date: Int64, text: String
)] {
    let snapshot = try await account.view(of: try MailboxName(name)).current
    var result: [(flags: [String], date: Int64, text: String)] = []
    for index in 0..<snapshot.count {
        let entry = snapshot[index]
        let text = try await account.read { try String(decoding: $0.message(entry.bodyID), as: UTF8.self) }
        result.append(
            (snapshot.flagSets[entry.flagSet].flags.names, entry.internalDate.secondsSince1970, text))
    }
    return result
}

@Test("an mbox comes in once, duplicates and all")
func importsMbox() async throws {
    try await TemporaryStore.with { temporary in
        try await withPlace { place in
            let account = try await temporary.account()
            try put(mbox, at: "\(place)/in.mbox")
            let first = try await run("\(place)/in.mbox", into: account, of: temporary)
            #expect(first.reports.map(\.imported) == [3])
            let found = try await messages("INBOX", of: account)
            #expect(found.map(\.flags) == [["\\Flagged", "\\Seen"], [], []])
            #expect(found.map(\.date) == [1_000_000_000, 1_000_086_400, 1_000_086_400])
            #expect(found[0].text == "Subject: one\r\n\r\nHello\r\nFrom here\r\n")
            let second = try await run("\(place)/in.mbox", into: account, of: temporary)
            #expect(second.reports.map(\.imported) == [0])
            #expect(second.reports.map(\.alreadyThere) == [3])
            // A message that was read since is the same message.
            try put(mbox.replacing("Status: RO\nX-Status: F\n", with: "Status: O\n"), at: "\(place)/in.mbox")
            #expect(try await run("\(place)/in.mbox", into: account, of: temporary).reports.map(\.imported) == [0])
        }
    }
}

@Test("a Maildir comes in with flags, keywords, times and folders, and unreadable messages are told")
func importsMaildir() async throws {
    try await TemporaryStore.with { temporary in
        try await withPlace { place in
            let account = try await temporary.account()
            try put("Subject: b\n\nb", at: "\(place)/cur/200.b:2,FSa")
            try put("Subject: a\r\n\r\na\r\n", at: "\(place)/new/100.a")
            try put("", at: "\(place)/new/300.empty")
            try put("0 Work\n", at: "\(place)/dovecot-keywords")
            try put("Subject: c\n\nc\n", at: "\(place)/.Lists.Swift/cur/1.c:2,RT")
            for (name, time) in [("new/100.a", 1_100_000_000.0), ("cur/200.b:2,FSa", 1_200_000_000)] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: time)], ofItemAtPath: "\(place)/\(name)")
            }
            let (reports, problems) = try await run(place, into: account, of: temporary)
            #expect(reports.map(\.mailbox) == ["INBOX", "Lists/Swift"])
            #expect(problems.map(\.message) == ["\(place)/new/300.empty"])
            let inbox = try await messages("INBOX", of: account)
            #expect(inbox.map(\.flags) == [[], ["\\Flagged", "\\Seen", "Work"]])
            #expect(inbox.map(\.date) == [1_100_000_000, 1_200_000_000])
            #expect(inbox.map(\.text) == ["Subject: a\r\n\r\na\r\n", "Subject: b\r\n\r\nb"])
            #expect(try await messages("Lists/Swift", of: account).map(\.flags) == [["\\Answered", "\\Deleted"]])
            let lists = try await account.mailboxes().filter { $0.name.text == "Lists/Swift" }
            #expect(lists.map(\.isSubscribed) == [true])
        }
    }
}

@Test("the date of a message file is that of its Date field")
func importsMessageFile() async throws {
    try await TemporaryStore.with { temporary in
        try await withPlace { place in
            let account = try await temporary.account()
            try put("Date: Sun, 09 Sep 2001 03:46:40 +0200\nSubject: x\n\nx\n", at: "\(place)/x.eml")
            _ = try await run("\(place)/x.eml", into: account, of: temporary)
            let snapshot = try await account.view(of: .inbox).current
            #expect(snapshot.count == 1)
            #expect(snapshot[0].internalDate == MailDate(secondsSince1970: 1_000_000_000, zoneMinutes: 120))
        }
    }
}

@Test("a large message and many small ones come in whole")
func importsMuch() async throws {
    try await TemporaryStore.with { temporary in
        try await withPlace { place in
            let account = try await temporary.account()
            let line = String(repeating: "0123456789abcdef", count: 4) + "\n"
            var text =
                "From a@b Sun Sep  9 01:46:40 2001\nSubject: large\n\n" + String(repeating: line, count: 80_000) + "\n"
            for number in 0..<300 { text += "From a@b Sun Sep  9 01:46:40 2001\nSubject: \(number)\n\n\(line)\n" }
            try put(text, at: "\(place)/in.mbox")
            let (reports, _) = try await run("\(place)/in.mbox", into: account, of: temporary)
            #expect(reports.map(\.imported) == [301])
            let snapshot = try await account.view(of: .inbox).current
            #expect(snapshot.count == 301)
            #expect(snapshot[0].size == 18 + 80_000 * 66)
            let small = try await messages("INBOX", of: account).dropFirst().map(\.text)
            #expect(small == (0..<300).map { "Subject: \($0)\r\n\r\n\(line.dropLast())\r\n" })
        }
    }
}

@Test("what goes out comes back as it was", arguments: ExportFormat.allCases)
func exportsAndImports(format: ExportFormat) async throws {
    try await TemporaryStore.with { temporary in
        try await withPlace { place in
            let account = try await temporary.account()
            let texts = [
                "Subject: one\r\n\r\nFrom here\r\n>From there\r\n", "Subject: no body\r\n\r\n",
                "Subject: ü\r\n\r\n.\r\n\r\n\r\n",
            ]
            let all = Flags(
                [.seen, .answered, .draft], keywords: Set(["Work", "$Forwarded"].compactMap { Keyword($0) }))
            for (name, flags) in [("INBOX", Flags.none), ("Lists/v1.2", all), ("Entwürfe", Flags(.flagged))] {
                let mailbox = try MailboxName(name)
                if !mailbox.isInbox { _ = try await account.createMailbox(mailbox) }
                for text in texts {
                    _ = try await account.append([temporary.message(text, flags: flags)], to: mailbox)
                }
            }
            let layout = ExportLayout(root: "\(place)/out", format: format, isSingle: false)
            try layout.prepare()
            var exporter = Exporter(account: account)
            var bar = ProgressBar(total: 0, isShown: false)
            for info in try await account.mailboxes() {
                var writer = try layout.writer(at: layout.path(of: info.name))
                _ = try await exporter.run(info.name, to: &writer, bar: &bar)
            }
            let bob = try await temporary.account("bob@example.org")
            let (reports, problems) = try await run("\(place)/out", into: bob, of: temporary)
            #expect(problems.isEmpty)
            #expect(reports.reduce(0) { $0 + $1.imported } == 9)
            for name in ["INBOX", "Lists/v1.2", "Entwürfe"] {
                let sent = try await messages(name, of: account)
                let received = try await messages(name, of: bob)
                #expect(received.map(\.text).sorted() == sent.map(\.text).sorted())
                #expect(received.map(\.flags) == sent.map(\.flags))
                #expect(received.map(\.date) == sent.map(\.date))
            }
        }
    }
}
