// A data directory is made whole or not at all, and what a killed attempt left is no hindrance.

import Foundation
import Logging
import MailCrypto
import MailStore
import TestSupport
import Testing

@testable import martlet

private struct Broken: Error {}

/// A parent for data directories, removed at the end.
private func withParent<T>(_ work: (String) async throws -> T) async throws -> T {
    let parent = FileManager.default.temporaryDirectory.path + "/martlet-init-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: parent) }
    return try await work(parent)
}

private func make(_ path: String, failingAfterwards: Bool = false) async throws {
    let made = try SelfSignedCertificate.make(
        hostname: "mail.example.org", alternativeNames: ["localhost"], validDays: 30)
    let pair = (certificate: Array(made.certificatePEM.utf8), key: Array(made.privateKeyPEM.utf8))
    _ = try await InitCommand.place(path).make { staging in
        let fingerprint = try await InitCommand.fill(staging, for: path, hostname: "mail.example.org", pair)
        if failingAfterwards { throw Broken() }
        return fingerprint
    }
}

private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
}

private func checkWhole(_ path: String) async throws {
    let store = try await Store.open(at: path, exclusive: true, logger: .quiet)
    #expect(try await store.checkIntegrity().isClean)
    await store.close()
    let allowed = InitCommand.place(path).names.union(["martletd.lock"])
    #expect(try names(path).allSatisfy(allowed.contains))
    #expect(try String(contentsOfFile: "\(path)/martlet.yaml", encoding: .utf8).contains("on \(path)."))
}

@Test("a new data directory is made in one step", arguments: [false, true])
func makesWhole(isThere: Bool) async throws {
    try await withParent { parent in
        let path = "\(parent)/mail"
        if isThere { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
        try await make(path)
        try await checkWhole(path)
        #expect(try names(parent) == ["mail"])
    }
}

@Test("an attempt that fails leaves what was there before", arguments: [false, true])
func leavesNothing(isThere: Bool) async throws {
    try await withParent { parent in
        let path = "\(parent)/mail"
        if isThere { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
        await #expect(throws: Broken.self) { try await make(path, failingAfterwards: true) }
        #expect(try names(parent) == (isThere ? ["mail"] : []))
        if isThere { #expect(try names(path).isEmpty) }
    }
}

@Test("what a killed attempt left is cleared away by the next", arguments: [false, true])
func clearsLeavings(isThere: Bool) async throws {
    try await withParent { parent in
        let path = "\(parent)/mail"
        let staging = isThere ? "\(path)/.martlet-init" : "\(parent)/.mail.martlet-init"
        for folder in isThere ? [staging, "\(path)/accounts", "\(path)/tls"] : [staging, "\(staging)/tls"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try Data("half".utf8).write(to: URL(fileURLWithPath: "\(staging)/directory.db"))
        try await make(path)
        try await checkWhole(path)
        #expect(try names(parent) == ["mail"])
    }
}

@Test(
    "somebody else's files are neither leavings nor touched",
    arguments: [["notes.txt"], [".martlet-init", "notes.txt"]])
func sparesOthers(present: [String]) async throws {
    try await withParent { parent in
        let path = "\(parent)/mail"
        for name in present {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        }
        #expect(try !InitCommand.place(path).holdsOnlyLeavings())
        await #expect(throws: Failure.self) { try await make(path) }
        #expect(try names(path).contains("notes.txt"))
    }
}
