// The locks that SQLite has on a database in use: POSIX takes them all away when the process closes the file anywhere.

import Foundation
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct FileLocksTests {
    /// How many locks this process has on the file.
    private func locks(on path: String) throws -> Int {
        let files = FileManager.default
        return try files.contentsOfDirectory(atPath: "/proc/self/fd").reduce(0) { count, number in
            // Others open and close files meanwhile.
            guard (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")) == path,
                let facts = try? String(contentsOfFile: "/proc/self/fdinfo/\(number)", encoding: .utf8)
            else { return count }
            return count + facts.split(separator: "\n").count { $0.hasPrefix("lock:") && $0.contains("POSIX") }
        }
    }

    @Test("case 169: whatever this process does with a database beside, the locks on it stay")
    func locksStay() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let message = try await temporary.message("Subject: x\r\n\r\ny")
            _ = try await account.append([message], to: .inbox)
            let (path, target) = (account.file.path, temporary.path + "/copy.db")
            let layout = temporary.store.layout
            let steps: [(String, () async throws -> Void)] = [
                ("reading", { _ = try await account.mailboxes(counting: []) }),
                ("writing", { for _ in 1...30 { _ = try await account.append([message], to: .inbox) } }),
                ("checking", { _ = try await temporary.store.checkIntegrity() }),
                ("looking at its state", { _ = FileState(of: path) }),
                ("copying", { _ = try OnlineCopy.make(of: path, at: target, unless: nil) { _ in } }),
                ("inspecting", { _ = try FileInspection.inspect(target, as: .account(account.id)) }),
                ("asking for its schema", { _ = try layout.schemas() }),
                (
                    "trying a migration",
                    { _ = try await layout.tryMigration(of: layout.schemas()[1], in: layout.temporary) }
                ),
                (
                    "using it twice",
                    {
                        let beside = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
                        _ = try await beside.account(account.id).append([message], to: .inbox)
                        await beside.close()
                    }
                ),
                ("making what is there", { try DatabaseFile.makePrivate(path) }),
            ]
            for (what, step) in steps {
                try await step()
                let held = try [locks(on: path), locks(on: path + "-shm")]
                #expect(held.allSatisfy { $0 > 0 }, "lost by \(what)")
            }
            // What is asked for can be answered with no.
            try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).close()
            #expect(try locks(on: path) == 0)
            try FileManager.default.removeItem(atPath: target)
        }
    }
}
