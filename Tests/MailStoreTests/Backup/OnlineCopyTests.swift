// Copies of files that are in use: one state, whole, plain, and none where nothing has changed.

import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct OnlineCopyTests {
    @Test func copyIsAPlainFileThatHoldsWhatTheFileHeld() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let messages = try await [temporary.message("Subject: 1\r\n\r\none"), temporary.message("\r\ntwo")]
            _ = try await account.append(messages, to: .inbox)
            let target = temporary.path + "/copy.db"
            var told: Int64 = 0
            let outcome = try OnlineCopy.make(of: account.file.path, at: target, unless: nil) { told += $0 }
            guard case .copied = outcome else { throw StoreError.messageGone }
            let facts = try FileManager.default.attributesOfItem(atPath: target)
            #expect(facts[.posixPermissions] as? Int == 0o600 && facts[.size] as? Int64 == told)
            #expect(try FileInspection.inspect(target, as: .account(account.id)).report.problems == [])
            #expect(try FileInspection.inspect(target, as: .account(account.id)).report.messages == 2)
            let names = try FileManager.default.contentsOfDirectory(atPath: temporary.path)
            #expect(names.filter { $0.hasPrefix("copy.db") } == ["copy.db"])
            // The same state is the same bytes: a tool that keeps equal files once can.
            _ = try OnlineCopy.make(of: account.file.path, at: target + "2", unless: nil) { _ in }
            #expect(FileManager.default.contentsEqual(atPath: target, andPath: target + "2"))
            for path in [target, target + "2"] { try FileManager.default.removeItem(atPath: path) }
        }
    }

    @Test("case 165: a copy made during writes is whole and has all that was acknowledged before it began")
    func copyDuringWrites() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let text = "Subject: x\r\n\r\n" + String(repeating: "line of text\r\n", count: 5_000)
            let message = try await temporary.message(text)
            for _ in 1...20 { _ = try await account.append([message], to: .inbox) }
            let writing = Task {
                var count = 20
                // So many at most: each copy is looked at whole.
                while !Task.isCancelled, count < 1_000 {
                    _ = try await account.append([message], to: .inbox)
                    count += 1
                }
                return count
            }
            for number in 1...4 {
                let before = try #require(try await account.mailbox(.inbox)?.messages)
                let target = temporary.path + "/copy-\(number).db"
                _ = try OnlineCopy.make(of: account.file.path, at: target, unless: nil) { _ in }
                let report = try FileInspection.inspect(target, as: .account(account.id)).report
                #expect(report.problems == [] && report.messages >= before)
                try FileManager.default.removeItem(atPath: target)
            }
            writing.cancel()
            let written = try await writing.value
            #expect(try await account.mailbox(.inbox)?.messages == written)
        }
    }

    @Test func whatHasNotChangedIsNotCopied() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let path = account.file.path
            _ = try await account.append([try await temporary.message("\r\n1")], to: .inbox)
            #expect(FileState(of: path) == nil, "what was written just now may be written again unseen")
            try await waitUntil("the file's time to be past") { FileState(of: path) != nil }
            let target = temporary.path + "/copy.db"
            func copied(unless known: FileState?) throws -> (isCopied: Bool, state: FileState?) {
                defer { try? FileManager.default.removeItem(atPath: target) }
                switch try OnlineCopy.make(of: path, at: target, unless: known, progress: { _ in }) {
                case .unchanged:
                    #expect(!FileManager.default.fileExists(atPath: target))
                    return (false, nil)
                case .copied(let state): return (true, state)
                }
            }
            let first = try copied(unless: nil)
            let state = try #require(first.state)
            #expect(try copied(unless: state).isCopied == false)
            // What changes no MODSEQ is a change too.
            try await account.subscribe(try MailboxName("Elsewhere"))
            let changed = try copied(unless: state)
            #expect(changed.isCopied && changed.state != state)
        }
    }

    /// The most that the log grew by while a copy was made, on a disk that is so slow that writers are always ahead.
    private func growth(allowed: Int64) async throws -> Int64 {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            var random = SeededRandom(seed: 7)
            let lines = (1...8_000).map { _ in String(random.next(), radix: 36) }
            let message = try await temporary.message("Subject: x\r\n\r\n" + lines.joined(separator: "\r\n"))
            for _ in 1...60 { _ = try await account.append([message], to: .inbox) }
            try account.file.syncOnWriter { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            let writing = Task {
                while !Task.isCancelled { _ = try await account.append([message], to: .inbox) }
            }
            let (path, target) = (account.file.path, temporary.path + "/copy.db")
            func length() -> Int64 {
                var facts = stat()
                return stat(path + "-wal", &facts) == 0 ? Int64(facts.st_size) : 0
            }
            let before = length()
            // Nobody waits for the copy where nothing is bounded.
            let patience: Duration = allowed > 1 << 30 ? .seconds(60) : .milliseconds(300)
            let grown = try await Task.detached {
                var most: Int64 = 0
                _ = try OnlineCopy.make(of: path, at: target, unless: nil, growth: allowed) { _ in
                    // Each step takes as long as writers need for two megabytes, or as they may be made to wait.
                    let (begun, end) = (length(), ContinuousClock.now + patience)
                    while length() < begun + 2 << 20, ContinuousClock.now < end { usleep(1_000) }
                    most = max(most, length() - before)
                }
                return most
            }.value
            writing.cancel()
            _ = try? await writing.value
            try FileManager.default.removeItem(atPath: target)
            return grown
        }
    }

    @Test("case 172: however much is written during a copy, the log keeps within its bound")
    func logIsBounded() async throws {
        let allowed: Int64 = 2 << 20
        // A group of writes that had begun, and what is kept ready behind the log's end.
        #expect(try await growth(allowed: allowed) < allowed + 3 << 20)
        // Without the bound it would not have.
        #expect(try await growth(allowed: 1 << 40) > allowed + 3 << 20)
    }

    @Test("case 172: writers that are ahead of the copy have spent the log's ration, and others have not")
    func logRation() throws {
        let log = FileManager.default.temporaryDirectory.path + "/martlet-log-\(UUID().uuidString)"
        try Data(count: 1_000).write(to: URL(fileURLWithPath: log))
        defer { try? FileManager.default.removeItem(atPath: log) }
        let ration = LogRation(log: log)
        #expect(!ration.isSpent(copied: 0, of: 100))
        truncate(log, off_t(1_000 + LogRation.most / 2 + 1))
        #expect(ration.isSpent(copied: 0, of: 100) && ration.isSpent(copied: 49, of: 100))
        #expect(!ration.isSpent(copied: 51, of: 100))
        truncate(log, off_t(1_001 + LogRation.most))
        #expect(ration.isSpent(copied: 99, of: 100))
    }
}
