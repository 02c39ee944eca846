// A crash before each statement of each migration: what lies there then becomes what it was to be.

import Foundation
import GRDB
import Mail
import Schema
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct MigrationCrashTests {
    /// Copies of a file and its log, made while they change.
    private final class Images: Sendable {
        let source: String
        let folder: String
        private let count = Mutex(0)

        init(of source: String, in folder: String) {
            self.source = source
            self.folder = folder
        }

        func take() {
            let number = count.withLock { count in
                count += 1
                return count
            }
            for part in ["", "-wal"] {
                try? FileManager.default.copyItem(atPath: source + part, toPath: "\(folder)/\(number).db\(part)")
            }
        }

        var all: [String] { count.withLock { (0..<$0).map { "\(folder)/\($0 + 1).db" } } }
    }

    /// Brings the file up to date, by the server's own migrator, and gives what a crash before each statement leaves.
    private func images(of path: String, _ steps: [SchemaStep], in folder: String) throws -> [String] {
        let images = Images(of: path, in: folder)
        var configuration = DatabaseFile.configuration()
        configuration.prepareDatabase { db in
            // So that the log gets pages of transactions that have not ended.
            try db.execute(sql: "PRAGMA cache_size = 1; PRAGMA cache_spill = 1")
            db.trace(options: .statement) { _ in images.take() }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try DatabaseFile.migrator(steps).migrate(pool)
        images.take()
        try pool.close()
        return images.all
    }

    private func withFolder(_ test: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-migrations-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await test(folder)
    }

    @Test("case 178: a crash at each statement of each migration of an account's file loses and halves nothing")
    func account() async throws {
        try await withFolder { folder in
            let path = folder + "/account.db"
            let steps = SchemaScripts.account
            try OldAccount.make(path, scripts: 1)
            let images = try images(of: path, steps, in: folder)
            #expect(images.count > 2 * steps.count)
            for image in images {
                let account = try AccountStore(
                    id: AccountID(rawValue: 1), path: image, readers: 1, compression: Compression())
                #expect(try await account.checkIntegrity().problems == [], "\(image)")
                let inbox = try #require(try await account.mailbox(.inbox))
                #expect(inbox.messages == 1 && inbox.uidNext == 8, "\(image)")
                let bytes = try await account.read { try $0.message(BodyID(rawValue: 3)) }
                #expect(bytes == Array(OldAccount.text.utf8), "\(image)")
                account.close()
                try expectCurrent(image, .account(AccountID(rawValue: 1)))
            }
        }
    }

    @Test("case 178: a crash at each statement of each migration of the directory loses and halves nothing")
    func directory() async throws {
        try await withFolder { folder in
            let path = folder + "/directory.db"
            let steps = SchemaScripts.directory
            try OldDirectory.make(path, scripts: 1)
            let images = try images(of: path, steps, in: folder)
            #expect(images.count > 2 * steps.count)
            for image in images {
                let directory = try Directory(path: image)
                #expect(try await directory.file.read { try $0.directoryProblems() } == [], "\(image)")
                #expect(try await directory.accounts().map(\.address.description) == ["alice@example.org"])
                directory.closeCopy()
                try expectCurrent(image, .directory)
            }
        }
    }

    /// Every script has run, once, and nothing else is there.
    private func expectCurrent(_ path: String, _ kind: DatabaseKind) throws {
        let queue = try DatabaseQueue(path: path)
        let applied = try queue.unsafeRead { try KnownSchemas.steps(of: $0, kind, file: path) }
        #expect(applied == kind.steps.map(\.name), "\(path)")
        try queue.close()
    }
}
