// SIGHUP: a configuration that is right is taken up, one that is not leaves everything as it was and is told once.

import Accounts
import Foundation
import IMAPServer
import Logging
import MailCrypto
import MailStore
import NIOPosix
import SMTP
import Synchronization
import TestSupport
import Testing

@testable import martletd

/// A server's parts that a reload touches, and what its log said.
private final class Reloading {
    let file: String
    let sink: LogSink
    let imap: IMAPService
    let port: Int
    var reload: Reload
    private let lines: Lines

    final class Lines: Sendable {
        let kept = Mutex<[String]>([])
    }

    private init(_ store: MailStore.Store, _ authenticator: Authenticator) async throws {
        let source = ConfigurationSource(dataDirectory: store.layout.root, flags: [:], environment: [:])
        file = store.layout.configuration
        try Data("log:\n  level: warning\nplaintext-login: loopback\n".utf8).write(to: URL(fileURLWithPath: file))
        let configuration = try await source.load().configuration
        let lines = Lines()
        self.lines = lines
        let sink = LogSink(level: configuration.logLevel, format: .logfmt) { line in
            lines.kept.withLock { $0.append(line) }
        }
        self.sink = sink
        imap = IMAPService(
            store: store, authenticator: authenticator, tls: nil,
            settings: ServiceSettings(configuration, hostname: "mail.example.org").imap, logger: .quiet)
        port = try await imap.bind(
            host: "127.0.0.1", port: 0, security: .startTLS, on: MultiThreadedEventLoopGroup.singleton)
        reload = Reload(
            source: source, sink: sink, logger: Logger(label: "reload") { _ in LineLogHandler(sink: sink) }, tls: [],
            imap: imap,
            lmtpLogins: LMTPLogins(authenticator: authenticator, tls: nil, plaintextOnLoopback: true),
            hostname: "mail.example.org", current: configuration)
    }

    static func with(_ test: (Reloading) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-test-\(UUID().uuidString)"
        let store = try await Store.create(at: path, hostname: "mail.example.org", logger: .quiet)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let authenticator = Authenticator(
            store: store, parameters: Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1), logger: .quiet)
        let reloading = try await Reloading(store, authenticator)
        do { try await test(reloading) } catch {
            Issue.record(error)
        }
        await reloading.imap.drain()
        await authenticator.close()
        await store.close()
    }

    /// Writes the file, reloads, and gives the lines that the log has got.
    func run(_ text: String) async throws -> [String] {
        try? FileManager.default.removeItem(atPath: file)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return await run()
    }

    func run() async -> [String] {
        lines.kept.withLock { $0 = [] }
        await reload.run()
        return lines.kept.withLock { $0 }
    }

    /// Whether a client that connects now may log in without TLS.
    func letsPlaintextIn() async throws -> Bool {
        let client = try await IMAPTestClient.connect(port: port)
        await client.close()
        return client.greeting.code?.contains("LOGINDISABLED") == false
    }
}

@Suite struct ReloadTests {
    @Test("what is right is taken up by the next connection")
    func right() async throws {
        try await Reloading.with { reloading in
            #expect(try await reloading.letsPlaintextIn())
            let lines = try await reloading.run("log:\n  level: info\nplaintext-login: never\nretention-days: 3\n")
            #expect(lines.contains { $0.contains("the configuration was reloaded") })
            #expect(lines.contains { $0.contains("a restart is needed") && $0.contains("retention-days") })
            #expect(reloading.sink.currentLevel == .info)
            #expect(try await !reloading.letsPlaintextIn())
        }
    }

    private func isRefused(_ reloading: Reloading, _ lines: [String], _ reason: String) async throws {
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains("level=error") == true && lines.first?.contains("the old one stays") == true)
        #expect(lines.first?.contains(reason) == true, "\(lines)")
        #expect(reloading.reload.current.plaintextLogin == .loopback && reloading.sink.currentLevel == .warning)
        #expect(try await reloading.letsPlaintextIn())
    }

    /// Each with something that is right beside it, which would be seen.
    @Test(
        "case 166: a faulty configuration changes nothing, not even by what of it is right",
        arguments: [
            ("plaintext-login: never\nlog:\n  level: loud\n", "martlet.yaml:3: log.level"),
            ("plaintext-login: never\nno-such-key: 1\n", "martlet.yaml:2: unknown key"),
            ("plaintext-login: never\nplaintext-login: never\n", "given more than once"),
            ("plaintext-login: never\nargon2: {memory: 256 MiB, iterations: 16}\n", "argon2: memory times iterations"),
            ("plaintext-login: never\nimap: [\n", "is not YAML"),
            ("plaintext-login: never\n---\nlog: {level: info}\n", "is not YAML"),
            ("never", "expected lines of the form"),
            ("plaintext-login: [" + String(repeating: "[", count: 100_000), "martlet.yaml"),
            ("plaintext-login: never\n#" + String(repeating: "x", count: 1 << 20), "at most 1 MiB"),
            ("plaintext-login: never\nimaps: &x [*x]\n", "martlet.yaml"),
        ])
    func faulty(text: String, reason: String) async throws {
        try await Reloading.with { reloading in
            try await isRefused(reloading, try await reloading.run(text), reason)
            // The next one is looked at as if nothing had been.
            _ = try await reloading.run("plaintext-login: never\n")
            #expect(try await !reloading.letsPlaintextIn())
        }
    }

    enum Place: CaseIterable { case missing, folder, linkToNowhere, pipe, endless, bytes }

    @Test("case 166: a configuration that cannot be read, or is gone, changes nothing", arguments: Place.allCases)
    func unreadable(place: Place) async throws {
        try await Reloading.with { reloading in
            let file = reloading.file
            try FileManager.default.removeItem(atPath: file)
            switch place {
            case .missing: break
            case .folder: try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
            case .linkToNowhere:
                try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: file + ".gone")
            case .pipe: #expect(mkfifo(file, 0o600) == 0)
            case .endless: try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "/dev/zero")
            case .bytes: try Data([0x6c, 0xff, 0xfe]).write(to: URL(fileURLWithPath: file))
            }
            let reasons: [Place: String] = [
                .missing: "is gone", .linkToNowhere: "is gone", .bytes: "is not UTF-8",
            ]
            try await isRefused(reloading, await reloading.run(), reasons[place] ?? "cannot be read")
            _ = try await reloading.run("plaintext-login: never\n")
            #expect(try await !reloading.letsPlaintextIn())
        }
    }
}
