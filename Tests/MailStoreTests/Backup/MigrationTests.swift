// Files of every released schema, with mail in them: tried on a copy first, then brought up to date, then checked.

import Foundation
import GRDB
import Mail
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct MigrationTests {
    @Test(
        "a file of every released schema opens, after a dry run that says so",
        arguments: 1...SchemaScripts.account.count)
    func everySchema(scripts: Int) async throws {
        let root = FileManager.default.temporaryDirectory.path + "/martlet-schemas-\(UUID().uuidString)"
        let layout = DataDirectory(root)
        try layout.create()
        defer { try? FileManager.default.removeItem(atPath: root) }
        try OldDirectory.make(layout.directoryDatabase, scripts: min(scripts, SchemaScripts.directory.count))
        try OldAccount.make(layout.accountDatabase(AccountID(rawValue: 1)), scripts: scripts)

        let states = try layout.schemas()
        #expect(states.map(\.path) == ["directory.db", "accounts/1.db"])
        #expect(states[1].schema == SchemaScripts.account[scripts - 1].name)
        #expect(states[1].pending == SchemaScripts.account.dropFirst(scripts).map(\.name))
        for state in states { #expect(try await layout.tryMigration(of: state, in: layout.temporary) == []) }
        #expect(try layout.schemas().map(\.pending) == states.map(\.pending), "a trial changes nothing")
        #expect(try FileManager.default.contentsOfDirectory(atPath: layout.temporary) == [])

        let store = try await Store.open(at: root, exclusive: true, logger: .quiet)
        let account = try await store.account(AccountID(rawValue: 1))
        try await account.updateSearchIndex()
        #expect(try await store.checkIntegrity().problems == [])
        let inbox = try #require(try await account.mailbox(.inbox))
        #expect(inbox.messages == 1 && inbox.uidNext == 8 && inbox.uidValidity == UIDValidity(1_700_000_000))
        let bytes = try await account.read { try $0.message(BodyID(rawValue: 3)) }
        #expect(bytes == Array(OldAccount.text.utf8))
        await store.close()
        #expect(try layout.schemas().allSatisfy { $0.pending.isEmpty })
    }

    @Test("case 167: a newer file is refused before anything is tried")
    func newerFile() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            try account.file.syncOnWriter {
                try $0.execute(sql: "CREATE TABLE news (x); INSERT INTO grdb_migrations VALUES ('V999_news')")
            }
            let error = #expect(throws: StoreError.self) { try temporary.store.layout.schemas() }
            #expect(error?.explanation.contains("newer version") == true)
        }
    }
}
