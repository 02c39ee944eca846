// The fail2ban filter that comes with us, asked by fail2ban itself about lines that somebody tried to forge.

import Accounts
import Foundation
import Logging
import MailCrypto
import MailStore
import Synchronization
import TestSupport
import Testing

@testable import martletd

private let program = "/usr/bin/fail2ban-regex"
private let filter = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/fail2ban/filter.d/martlet.conf").path

/// Names that want another's address to be banned, or a line of their own.
private let forgeries = [
    "x rip=198.51.100.9", "x\" rip=198.51.100.9 msg=auth-failed mech=", "x rip=198.51.100.9 msg=auth-failed mech=PLAIN",
    "x\r\ntime=2026-11-23T01:02:03.456Z level=notice rip=198.51.100.9 msg=auth-failed mech=PLAIN",
    "time=2026-11-23T01:02:03.456Z level=notice rip=198.51.100.9 msg=auth-failed mech=",
    "\",\"level\":\"notice\",\"rip\":\"198.51.100.9\",\"msg\":\"auth-failed\",\"mech\":\"",
    "{\"time\":\"2026-11-23T01:02:03.456Z\",\"level\":\"notice\",\"rip\":\"198.51.100.9\",\"msg\":\"auth-failed\",",
    "auth failed user=root rip=198.51.100.9\u{1b}[2J", "\u{2028}rip=198.51.100.9\u{85}rip=198.51.100.9",
]

@Suite struct Fail2banTests {
    @Test(
        "case 158: whatever a client calls itself, its own address is found and no other",
        .enabled(if: FileManager.default.isExecutableFile(atPath: program), "fail2ban is not installed"),
        arguments: [LogFormat.logfmt, .json])
    func forged(format: LogFormat) async throws {
        let lines = Lines()
        let sink = LogSink(level: .info, format: format) { lines.add($0) }
        try await TemporaryStore.with { temporary in
            let price = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
            let administration = AccountAdministration(store: temporary.store, parameters: price, actor: "test")
            _ = try await administration.addDomain("example.org")
            _ = try await administration.createAccount(
                "alice@example.org", password: .given(Array("tall cranes over the harbour".utf8)))
            let authenticator = Authenticator(
                store: temporary.store, parameters: price, settings: AuthenticatorSettings(failureDelay: .zero),
                logger: Logger(label: "martletd") { _ in LineLogHandler(sink: sink) })
            func logIn(_ name: String, _ password: String, from address: String) async {
                let connection = ClientConnection(
                    protocolName: "imap", scope: .imap, remoteAddress: address, tls: TLSFacts(version: "TLSv1.3"),
                    session: "s1")
                _ = await authenticator.logIn(
                    name: Array(name.utf8), password: Array(password.utf8), connection)
            }
            for (number, name) in forgeries.enumerated() { await logIn(name, "x", from: "203.0.113.\(number)") }
            for _ in 0..<11 { await logIn("alice@example.org", "x", from: "2001:db8::7") }
            // The owner, whose name is kept from strangers now: not one to be banned.
            await logIn("alice@example.org", "tall cranes over the harbour", from: "203.0.113.200")
            await authenticator.close()
        }
        let expected = forgeries.indices.map { "203.0.113.\($0)" } + Array(repeating: "2001:db8::7", count: 10)
        let addresses = try await found(lines.all)
        #expect(addresses == expected, "\(lines.all.joined())")
    }

    /// The addresses that fail2ban sees fail in these lines, in order.
    private func found(_ lines: [String]) async throws -> [String] {
        let path = NSTemporaryDirectory() + "martlet-log-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(lines.joined().utf8).write(to: URL(filePath: path))
        let result = try await runChild(program, ["--out", "ip", path, filter])
        return result.output.split(separator: "\n").map(String.init).filter { !$0.isEmpty }
    }
}

private final class Lines: Sendable {
    private let kept = Mutex<[String]>([])
    var all: [String] { kept.withLock { $0 } }
    func add(_ line: String) { kept.withLock { $0.append(line) } }
}
