// `martlet backup` and `martlet restore everything`, run as people run them.

import Foundation
import Testing

@testable import martlet

private let alice = "alice@example.org"

extension CommandPlace {
    /// Where the tests keep their backups.
    var backups: String { "\(directory)/backups" }

    /// Imports messages numbered so into a mailbox.
    func fill(_ numbers: ClosedRange<Int>, mailbox: String = "INBOX") async throws {
        let messages = numbers.map { number in
            "From bob@example.org Mon Feb  7 21:52:25 1994\nMessage-ID: <\(number)@example.org>\n"
                + "Subject: Number \(number)\n\nText.\n\n"
        }
        let source = "\(directory)/mail.mbox"
        try Data(messages.joined().utf8).write(to: URL(fileURLWithPath: source))
        try await done("message", "import", alice, source, "--mailbox", mailbox)
    }

    func backup(_ arguments: String...) async throws -> BackupMake.Facts {
        let outcome = try await run(["backup", backups, "--json"] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.facts(BackupMake.Facts.self)
    }

    /// Changes a byte in the middle of a file.
    func damage(_ path: String) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 0x55
        try bytes.write(to: URL(fileURLWithPath: path))
    }
}

@Suite struct BackupCommandTests {
    @Test("what is backed up is restored, with its numbers")
    func roundTrip() async throws {
        try await CommandPlace.with { place in
            try await place.fill(1...5)
            let made = try await place.backup()
            #expect(made.accounts == 1 && made.messages == 5 && made.problems == [] && made.backups == 1)
            #expect(made.copiedFiles == ["directory.db", "accounts/1.db"] && made.files == 3)
            try await place.done("backup", "verify", place.backups)
            let before = try await place.done("mailbox", "status", alice, "INBOX", "--json")
                .facts(MailboxStatusFacts.self)
            let new = "\(place.directory)/new"
            let restored = try await place.done("restore", place.backups, "--data", new, "--json")
                .facts(RestoreEverything.Facts.self)
            #expect(restored.accounts == 1 && restored.messages == 5 && restored.problems == [])
            #expect(restored.isCertificateNew)
            try await place.done("check", "--data", new)
            let after = try await place.done("mailbox", "status", alice, "INBOX", "--data", new, "--json")
                .facts(MailboxStatusFacts.self)
            #expect(after.messages == 5 && after.uidValidity == before.uidValidity && after.uidNext > before.uidNext)
            // There is one now.
            #expect(try await place.run(["restore", place.backups, "--data", new]).status == 1)
        }
    }

    @Test("the keys are in no backup, which says so, and come back from a file of their own")
    func keys() async throws {
        try await CommandPlace.with { place in
            try await place.done("totp", "enroll", alice)
            let outcome = try await place.done("backup", place.backups)
            #expect(outcome.output.contains("NOT in it are keys/totp.key"))
            let names = try FileManager.default.subpathsOfDirectory(atPath: place.backups)
            #expect(!names.contains { $0.contains("key") || $0.contains("tls") })
            let file = "\(place.directory)/keys.json"
            try await place.done("backup", "keys", file)
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
            #expect(try await place.run(["backup", "keys", file]).status == 1, "a file that is there stays")
            let new = "\(place.directory)/new"
            let restored = try await place.done("restore", place.backups, "--keys", file, "--data", new, "--json")
                .facts(RestoreEverything.Facts.self)
            #expect(!restored.isCertificateNew && restored.keys == ["keys/totp.key", "tls/cert.pem", "tls/key.pem"])
            for key in restored.keys {
                #expect(FileManager.default.contentsEqual(atPath: "\(place.data)/\(key)", andPath: "\(new)/\(key)"))
            }
        }
    }

    @Test("the oldest go when there are more than are to be kept, and what is older stays whole")
    func keeping() async throws {
        try await CommandPlace.with { place in
            var made: [String] = []
            for number in 1...3 {
                try await place.fill(number...number)
                made.append(try await place.backup("--keep", "2").backup)
            }
            let listed = try await place.done("backup", "list", place.backups, "--json").facts([BackupList.Facts].self)
            #expect(listed.map(\.backup) == Array(made.suffix(2)) && listed.map(\.messages) == [2, 3])
            let all = try await place.done("backup", "verify", place.backups, "--all", "--json")
                .facts([BackupVerifier.Report].self)
            #expect(all.count == 2 && all.allSatisfy(\.isWhole))
        }
    }

    @Test("a backup that was damaged is told from one that was not, and not restored")
    func damage() async throws {
        try await CommandPlace.with { place in
            try await place.fill(1...5)
            let backup = try await place.backup().backup
            try place.damage("\(backup)/accounts/1.db")
            let verified = try await place.run(["backup", "verify", place.backups, "--json"])
            #expect(verified.status == 1)
            let problems = try verified.facts([BackupVerifier.Report].self).flatMap(\.problems)
            #expect(problems.count == 1 && problems[0].hasPrefix("accounts/1.db"))
            let new = "\(place.directory)/new"
            let restored = try await place.run(["restore", place.backups, "--data", new])
            #expect(restored.status == 1 && restored.errors.contains("accounts/1.db"))
            #expect(!FileManager.default.fileExists(atPath: new))
        }
    }

    @Test("what a killed backup left is cleared away, and hurts no other")
    func leavings() async throws {
        try await CommandPlace.with { place in
            let first = try await place.backup().backup
            let left = "\(place.backups)/.unfinished/accounts"
            try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
            try Data("half".utf8).write(to: URL(fileURLWithPath: "\(left)/1.db"))
            let listed = try await place.done("backup", "list", place.backups, "--json").facts([BackupList.Facts].self)
            #expect(listed.map(\.backup) == [first])
            #expect(try await place.backup().backups == 2)
            #expect(!FileManager.default.fileExists(atPath: "\(place.backups)/.unfinished"))
        }
    }

    @Test("a place that holds something else, or lies in the data directory, is refused")
    func places() async throws {
        try await CommandPlace.with { place in
            for path in [place.data, "\(place.data)/backups", "\(place.data)/tmp", place.directory] {
                let outcome = try await place.run(["backup", path])
                #expect(outcome.status == 1, "\(path): \(outcome.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(place.data)/backups"))
            #expect(try await place.run(["backup", "verify", place.directory]).status == 2)
            #expect(try await place.run(["restore", place.directory, "--data", "\(place.directory)/x"]).status == 2)
        }
    }

    @Test(
        "cases 167, 176: a manifest of another format, or that leads elsewhere, is refused",
        arguments: [
            ("\"format\" : 1", "\"format\" : 2"), ("accounts/1.db", "accounts/../1.db"),
            ("\"directory.db\"", "\"martlet.yml\""),
            ("\"format\"", "\"former\""), ("\"account\" : 1", "\"account\" : 2"),
        ])
    func manifests(part: String, other: String) async throws {
        try await CommandPlace.with { place in
            let path = "\(try await place.backup().backup)/manifest.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(part))
            try text.replacingOccurrences(of: part, with: other).write(toFile: path, atomically: true, encoding: .utf8)
            for command in [["backup", "verify"], ["restore", "--data", "\(place.directory)/new"]] {
                let outcome = try await place.run(command + [place.backups])
                #expect(outcome.status == 1, "\(outcome.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(place.directory)/new"))
        }
    }
}
