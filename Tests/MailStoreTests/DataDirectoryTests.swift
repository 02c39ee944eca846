// A data directory that is not ours alone is not used: links, other owners, and places where others may write.

import Foundation
import Mail
import TestSupport
import Testing

@testable import MailStore

/// A data directory that nobody has open, in a folder of its own.
private struct Prepared: Sendable {
    let parent: String
    var path: String { parent + "/data" }

    static func with(_ test: @Sendable (Prepared) async throws -> Void) async throws {
        let parent = FileManager.default.temporaryDirectory.path + "/martlet-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let store = try await Store.create(at: parent + "/data", hostname: "mail.example.org", logger: .quiet)
        await store.close()
        try await test(Prepared(parent: parent))
    }

    /// - Returns: why it cannot be opened; nil when it can.
    func complaint(_ path: String? = nil) async throws -> String? {
        do throws(StoreError) {
            let store = try await Store.open(at: path ?? self.path, exclusive: true, logger: .quiet)
            await store.close()
            return nil
        } catch {
            return error.explanation
        }
    }

    func setMode(_ mode: mode_t, _ path: String) throws {
        guard chmod(path, mode) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Puts a link in the place of what is there, to where that is now.
    func makeLink(_ path: String) throws {
        try FileManager.default.moveItem(atPath: path, toPath: path + "-moved")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path + "-moved")
    }

    func unmakeLink(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + "-moved", toPath: path)
    }
}

@Suite struct DataDirectoryTests {
    static let folders = ["", "/accounts", "/keys", "/tls", "/tmp"]

    @Test("case 163: a directory that is a link, a file or missing", arguments: folders)
    func links(folder: String) async throws {
        try await Prepared.with { prepared in
            let path = prepared.path + folder
            try prepared.makeLink(path)
            for name in [prepared.path, prepared.path + "/"] {
                let hint = folder.isEmpty ? "; name the one that it leads to" : ""
                #expect(try await prepared.complaint(name) == "\(path) is a link, not a directory\(hint)")
            }
            try FileManager.default.removeItem(atPath: path)
            #expect(try await prepared.complaint()?.hasPrefix("\(path) cannot be used as ") == true)
            try Data("x".utf8).write(to: URL(fileURLWithPath: path))
            #expect(try await prepared.complaint() == "\(path) is not a directory")
            try prepared.unmakeLink(path)
            #expect(try await prepared.complaint() == nil)
        }
    }

    @Test("case 163: a directory that others may write to", arguments: folders)
    func writable(folder: String) async throws {
        try await Prepared.with { prepared in
            let path = prepared.path + folder
            for mode in [0o720, 0o702, 0o777, 0o1777] as [mode_t] {
                try prepared.setMode(mode, path)
                let complaint = try await prepared.complaint()
                #expect(complaint == "\(path) can be written by others; chmod go-w \(path)", "\(mode)")
            }
            try prepared.setMode(0o755, path)
            #expect(try await prepared.complaint() == nil)
        }
    }

    @Test("case 163: a directory that others own; root may use everybody's")
    func otherOwners() async throws {
        try await Prepared.with { prepared in
            let directory = DataDirectory(prepared.path)
            try directory.check()
            try directory.check(as: 0)
            let error = #expect(throws: StoreError.self) { try directory.check(as: getuid() &+ 4_242) }
            #expect(error?.explanation.contains("belongs to another user (uid \(getuid()))") == true)
            let database = #expect(throws: StoreError.self) {
                try requireOwnFile(directory.directoryDatabase, as: getuid() &+ 4_242)
            }
            #expect(database?.explanation.contains("belongs to another user") == true)
        }
    }

    @Test("case 163: a directory above in which everybody can put another in its place; a sticky one is none")
    func above() async throws {
        try await Prepared.with { prepared in
            let (outer, inner) = (prepared.parent + "/outer", prepared.parent + "/outer/inner")
            try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: prepared.path, toPath: inner + "/data")
            let path = inner + "/data"
            for folder in [outer, inner] {
                try prepared.setMode(0o777, folder)
                let complaint = try await prepared.complaint(path)
                #expect(complaint?.hasPrefix("everybody can write to \(folder), ") == true, "\(complaint ?? "")")
                try prepared.setMode(0o1777, folder)
                #expect(try await prepared.complaint(path) == nil)
                try prepared.setMode(0o755, folder)
            }
            // By another way: a link in a good place that leads through a bad one.
            let way = prepared.parent + "/way"
            try FileManager.default.createSymbolicLink(atPath: way, withDestinationPath: inner)
            #expect(try await prepared.complaint(way + "/data") == nil)
            try prepared.setMode(0o777, outer)
            #expect(try await prepared.complaint(way + "/data")?.hasPrefix("everybody can write to ") == true)
            try prepared.setMode(0o755, outer)
            // The link is its owner's to turn elsewhere; the directory it leads to would be checked as his.
            guard getuid() == 0 else { return }
            #expect(lchown(way, 4_242, 4_242) == 0)
            #expect(try await prepared.complaint(way + "/data")?.contains("is a link of another user") == true)
        }
    }

    @Test("case 163: a database that is a link, or that others may write to", arguments: ["", "-wal", "-shm", ".lock"])
    func databases(suffix: String) async throws {
        try await Prepared.with { prepared in
            let directory = DataDirectory(prepared.path)
            let path = directory.directoryDatabase + suffix
            let elsewhere = prepared.parent + "/elsewhere"
            if !FileManager.default.fileExists(atPath: path) {
                #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: nil))
                try prepared.setMode(0o600, path)
            }
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
            // To what is there, and to what is not and would be made.
            for target in [elsewhere, elsewhere + "-new"] {
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
                #expect(try await prepared.complaint()?.contains(prepared.path) == true, "\(target)")
                try FileManager.default.removeItem(atPath: path)
            }
            #expect(!FileManager.default.fileExists(atPath: elsewhere + "-new"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: elsewhere)) == before, "written through a link")
            try FileManager.default.moveItem(atPath: elsewhere, toPath: path)
            if suffix.isEmpty {
                try prepared.setMode(0o606, path)
                #expect(try await prepared.complaint() == "\(path) can be written by others; chmod go-w \(path)")
                try prepared.setMode(0o600, path)
            }
            let left = try await prepared.complaint()
            #expect(left == nil)
        }
    }

    @Test("case 163: an account's database that is a link to another's: that account has trouble, the others have none")
    func accounts() async throws {
        try await TemporaryStore.with { temporary in
            let alice = try await temporary.account()
            let layout = temporary.store.layout
            let record = try await temporary.store.directory.addAccount(
                address: EmailAddress("bob@example.org"), displayName: "", passwordHash: nil, quota: nil, by: "test")
            let place = layout.accountDatabase(record.id)
            try FileManager.default.createSymbolicLink(
                atPath: place, withDestinationPath: layout.accountDatabase(alice.id))
            await #expect(throws: StoreError.self) { try await temporary.store.account(record.id) }
            _ = try await temporary.append(["Subject: one\r\n\r\nx\r\n"], to: alice)
            try FileManager.default.removeItem(atPath: place)
            #expect(try await temporary.store.account(record.id).mailbox(.inbox)?.messages == 0)
            #expect(try await alice.mailbox(.inbox)?.messages == 1)
        }
    }

    @Test("case 163: the server's lock is no link, and none is followed to make one")
    func serverLock() async throws {
        try await Prepared.with { prepared in
            let lock = DataDirectory(prepared.path).serverLock
            try? FileManager.default.removeItem(atPath: lock)
            try FileManager.default.createSymbolicLink(atPath: lock, withDestinationPath: prepared.parent + "/new")
            #expect(try await prepared.complaint()?.contains("lock file") == true)
            #expect(!FileManager.default.fileExists(atPath: prepared.parent + "/new"))
        }
    }
}
