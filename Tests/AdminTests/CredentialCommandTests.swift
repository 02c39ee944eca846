// The commands about second factors, app passwords, certificates, policies and bans, run as people run them.

import Accounts
import Foundation
import MailCrypto
import Testing

@testable import martlet

private let alice = "alice@example.org"

/// RFC 4648 §6, as an authenticator app reads a secret.
private func base32(_ text: String) -> [UInt8] {
    var (bits, count): (UInt32, UInt32) = (0, 0)
    var bytes: [UInt8] = []
    for letter in text.utf8 {
        bits = bits << 5 | UInt32(letter >= 0x41 ? letter - 0x41 : letter - 0x32 + 26)
        count += 5
        guard count >= 8 else { continue }
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        bits &= (1 << count) - 1
    }
    return bytes
}

@Test("TOTP: enrolled, confirmed with the app's code once, recovery codes, reset")
func totp() async throws {
    try await CommandPlace.with { place in
        let enrolled = try await place.done("totp", "enroll", alice, "--json").facts(TOTPEnroll.Facts.self)
        #expect(enrolled.uri.hasPrefix("otpauth://totp/mail.example.org:alice@example.org?secret=\(enrolled.secret)&"))
        #expect(try await place.run(["recovery-codes", "renew", alice]).status == 1)
        #expect(try await place.run(["totp", "confirm", alice, "12345"]).status == 1)
        let code = try TOTP.code(secret: base32(enrolled.secret), step: TOTP.step(at: TimeArgument.now))
        try await place.done("totp", "confirm", alice, code)
        #expect(try await place.run(["totp", "confirm", alice, code]).status == 1)
        #expect(try await place.run(["totp", "enroll", alice]).status == 1)
        let codes = try await place.done("recovery-codes", "renew", alice, "--json")
            .facts(RecoveryCodesRenew.Facts.self).codes
        #expect(Set(codes).count == 10)
        let status = try await place.done("totp", "status", alice, "--json").facts(TOTPStatusCommand.Facts.self)
        #expect(status.state == "on")
        #expect(status.recoveryCodes == 10)
        let policy = try await place.done("policy", "show", alice, "--json").facts(PolicyFacts.self)
        #expect(policy.mainPassword == "never")
        #expect(policy.source == "totp")
        try await place.done("totp", "reset", alice)
        #expect(try await place.run(["totp", "reset", alice]).status == 2)
    }
}

@Test("an app password is shown once, listed without its text, and revoked")
func appPasswords() async throws {
    try await CommandPlace.with { place in
        let made = try await place.done(
            "app-password", "create", alice, "--label", "Laptop <1>", "--scope", "imap,smtp", "--scope", "read-only",
            "--from", "192.0.2.9/24", "--from", "2001:db8::1", "--expires", "30d", "--json"
        ).facts(AppPasswordCreate.Facts.self)
        #expect(made.secret.filter { $0 != "-" }.hasPrefix(made.id))
        #expect(made.scopes == ["imap", "smtp", "read-only"])
        #expect(made.networks == ["192.0.2.0/24", "2001:db8::1"])
        let left = try #require(made.expires).timeIntervalSinceNow
        #expect((2_591_000...2_592_001).contains(left))
        let list = try await place.done("app-password", "list", alice, "--json")
        #expect(try list.facts([AppPasswordFacts].self).map(\.id) == [made.id])
        let shown = try await place.done("app-password", "show", alice, made.id.uppercased(), "--json")
        #expect(try shown.facts(AppPasswordFacts.self).label == "Laptop <1>")
        let text = try await place.done("app-password", "create", alice, "--label", "Telephone")
        #expect(text.output.contains("shown only now"))
        let audit = try await place.done("audit", alice)
        for outcome in [list, shown, audit] {
            for hidden in [made.secret, made.secret.filter { $0 != "-" }] { #expect(!outcome.output.contains(hidden)) }
        }
        try await place.done("app-password", "revoke", alice, made.id)
        #expect(try await place.run(["app-password", "revoke", alice, made.id]).status == 2)
        #expect(try await place.run(["app-password", "show", alice, made.id]).status == 2)
        #expect(try await place.done("app-password", "list", alice, "--json").facts([AppPasswordFacts].self).count == 1)
    }
}

@Test("a profile for Apple's devices holds the password, is its owner's alone, and overwrites nothing")
func profile() async throws {
    try await CommandPlace.with { place in
        let create = [
            "app-password", "create", alice, "--label", "iPhone", "--mobileconfig", "a.mobileconfig", "--json",
        ]
        let made = try await place.run(create).facts(AppPasswordCreate.Facts.self)
        let path = "\(place.directory)/a.mobileconfig"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("<string>\(made.secret)</string>"))
        #expect(text.contains("<string>mail.example.org</string>"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let changes = try await place.changes()
        #expect(try await place.run(create).status == 1)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(try await place.run(create.map { $0 == alice ? "bob@example.org" : $0 == "a.mobileconfig" ? "b" : $0 })
            .status == 2)
        #expect(!FileManager.default.fileExists(atPath: "\(place.directory)/b"))
        #expect(try await place.changes() == changes)
    }
}

@Test("policies of the server and of an account")
func policies() async throws {
    try await CommandPlace.with { place in
        func show(_ arguments: String...) async throws -> PolicyFacts {
            try await place.run(["policy"] + arguments + ["--json"]).facts(PolicyFacts.self)
        }
        #expect(try await show("show").mainPassword == "everywhere")
        #expect(try await show("set", alice, "--main-password", "never").source == "account")
        let server = try await show(
            "set", "--trusted-networks", "10.1.2.3/8", "2001:db8::/32", "--main-password", "trusted-networks")
        #expect(server.trustedNetworks == ["10.0.0.0/8", "2001:db8::/32"])
        #expect(try await show("show", alice).mainPassword == "never")
        #expect(try await show("set", alice, "--main-password", "default").mainPassword == "trusted-networks")
        #expect(try await show("set", "--trusted-networks", "none").trustedNetworks == [])
        let standard = try await show("set", "--trusted-networks", "default", "--main-password", "default")
        #expect(standard.trustedNetworks.contains("192.168.0.0/16"))
        #expect(standard.mainPassword == "everywhere")
    }
}

@Test("bans are added, listed and lifted while no server runs")
func bans() async throws {
    try await CommandPlace.with { place in
        try await place.done("ban", "add", "203.0.113.7", "--expires", "7d", "--reason", "guesses")
        try await place.done("ban", "add", "2001:db8:1::5/48")
        let bans = try await place.done("ban", "list", "--json").facts([BanFacts].self)
        #expect(Set(bans.map(\.network)) == ["203.0.113.7", "2001:db8:1::/48"])
        #expect(bans.count { $0.expires == nil } == 1)
        try await place.done("ban", "lift", "2001:db8:1::/48")
        #expect(try await place.run(["ban", "lift", "2001:db8:1::/48"]).status == 2)
        #expect(try await place.done("ban", "list", "--json").facts([BanFacts].self).map(\.reason) == ["guesses"])
        let audit = try await place.done("audit", "203.0.113.7", "--since", "1h", "--json")
            .facts([AuditCommand.Facts].self)
        #expect(audit.map(\.action) == ["ban.add"])
        #expect(audit.first?.by.hasPrefix("cli:") == true)
    }
}

@Test("a client certificate is enrolled once, listed, and removed by the beginning of its fingerprint")
func certificates() async throws {
    try await CommandPlace.with { place in
        let made = try SelfSignedCertificate.make(hostname: "laptop", alternativeNames: [], validDays: 30)
        let files = ["cert.pem": made.certificatePEM, "key.pem": made.privateKeyPEM, "bytes": "\u{1}"]
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place.directory)/\(name)")) }
        let added = try await place.done("certificate-login", "add", alice, "cert.pem", "--label", "Laptop", "--json")
            .facts(CertificateLoginFacts.self)
        #expect(added.id.count == 64)
        #expect(try await place.run(["certificate-login", "add", alice, "cert.pem"]).status == 1)
        #expect(try await place.run(["certificate-login", "add", alice, "key.pem"]).status == 1)
        #expect(try await place.run(["certificate-login", "add", alice, "bytes"]).status == 1)
        #expect(try await place.run(["certificate-login", "add", alice, "missing"]).status == 2)
        let list = try await place.done("certificate-login", "list", alice)
        #expect(list.output.contains(CredentialWords.shortFingerprint(added.id)))
        let short = CredentialWords.shortFingerprint(added.id)
        #expect(try await place.run(["certificate-login", "remove", alice, String(short.prefix(4))]).status == 2)
        try await place.done("certificate-login", "remove", alice, short)
        #expect(try await place.run(["certificate-login", "remove", alice, short]).status == 2)
    }
}

@Test("wrong command lines end with 64, what is not there with 2, and nothing is changed")
func wrongLines() async throws {
    let create = ["app-password", "create", alice]
    let wrong: [(arguments: [String], status: Int32)] = [
        (create, 64), (create + ["--label", " "], 64), (create + ["--label", "x", "--scope", "all"], 64),
        (create + ["--label", "x", "--from", "10.0.0.0/33"], 64),
        (create + ["--label", "x", "--expires", "2001-01-01"], 64),
        (create + ["--label", "x", "--expires", "soon"], 64), (create + ["--label", "a\nb"], 64),
        (create + ["--label", "x", "--png", "missing/x.png"], 2),
        (["app-password", "create", "bob@example.org", "--label", "x"], 2),
        (["app-password", "list", "bob@example.org"], 2),
        (["totp", "enroll", "bob@example.org"], 2), (["totp", "enroll", "no address"], 64),
        (["totp", "confirm", alice, "123456"], 2), (["recovery-codes", "renew", alice], 2), (["policy", "set"], 64),
        (["policy", "set", "--main-password", "sometimes"], 64), (["policy", "set", "--trusted-networks", "x"], 64),
        (["policy", "set", alice, "--trusted-networks", "10.0.0.0/8"], 64),
        (["policy", "set", "bob@example.org", "--main-password", "never"], 2), (["ban", "add", "example.org"], 64),
        (["ban", "add", "127.0.0.0/8"], 64), (["ban", "lift", "203.0.113.9"], 2), (["audit", "--since", "never"], 64),
        (["login", "history", "--credential", "abcde"], 64), (["login", "history", "bob@example.org"], 2),
        (["login", "history", alice, "--limit", "0"], 64), (["session", "kick"], 64),
        (["session", "kick", "a", "--account", alice], 64), (["session", "list"], 1),
    ]
    try await CommandPlace.with { place in
        let changes = try await place.changes()
        for line in wrong {
            let outcome = try await place.run(line.arguments)
            #expect(outcome.status == line.status, "\(line.arguments): \(outcome.errors)")
            #expect(outcome.output.isEmpty, "\(line.arguments)")
            #expect(!outcome.errors.isEmpty, "\(line.arguments)")
        }
        #expect(try await place.changes() == changes)
    }
}

@Test(
    "scopes are given one by one or between commas",
    arguments: [("imap", "imap"), ("IMAP, read-only", "imap, read-only"), ("imap,pop,smtp,sieve,jmap", "all")])
func scopes(typed: String, words: String) throws {
    #expect(CredentialWords.scopes(CredentialWords.names(try Typed.scopes(typed))) == words)
}

@Test("what is no scope is refused", arguments: ["", "all", "imap,", "imap;smtp"])
func refusesScopes(typed: String) { #expect(throws: Typed.Mistake.self) { try Typed.scopes(typed) } }
