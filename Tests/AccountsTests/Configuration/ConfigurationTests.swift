// The configuration: which source wins, what is refused, and where the refusal points.

import Accounts
import Foundation
import Logging
import MailCrypto
import Testing

/// Loads with `yaml` as the file.
private func load(
    _ yaml: String?, flags: [String: [String]] = [:], environment: [String: String] = [:]
) async throws -> LoadedConfiguration {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("martlet.yaml")
    if let yaml { try Data(yaml.utf8).write(to: file) }
    let loaded = try await ServerConfiguration.load(
        dataDirectory: "/var/lib/martlet", file: file.path, flags: flags, environment: environment)
    let early = ServerConfiguration.early(
        dataDirectory: "/var/lib/martlet", file: file.path, flags: flags, environment: environment)
    #expect(early == loaded.configuration, "what is read before the start is what the server is started with")
    return loaded
}

/// The faults' places and messages, without the file's path.
private func faults(_ yaml: String, environment: [String: String] = [:]) async throws -> [String] {
    do {
        _ = try await load(yaml, environment: environment)
        return []
    } catch let problems as ConfigurationProblems {
        return problems.problems.map { problem in
            guard case .file(_, let line) = problem.place else { return problem.description }
            return "\(line): \(problem.message)"
        }
    }
}

@Suite struct ConfigurationTests {
    @Test("blanks around an environment variable's value do not count, when it is read early neither")
    func blanksInTheEnvironment() async throws {
        let loaded = try await load(
            nil,
            environment: [
                "MARTLET_HOSTNAME": " mail.example.org\r\n", "MARTLET_TLS_KEY": "\t/etc/key.pem ",
                "MARTLET_IMAP": "127.0.0.1:1 ,\t127.0.0.1:2\r",
            ])
        #expect(loaded.configuration.hostname == "mail.example.org")
        #expect(loaded.configuration.tlsKey == "/etc/key.pem")
        #expect(loaded.configuration.imap.map(\.description) == ["127.0.0.1:1", "127.0.0.1:2"])
    }

    @Test(arguments: [nil, "", "# nothing\n", "---\n"])
    func defaults(yaml: String?) async throws {
        let loaded = try await load(yaml)
        #expect(loaded.configuration == ServerConfiguration(dataDirectory: "/var/lib/martlet"))
        #expect(loaded.configuration.imap.map(\.description) == ["0.0.0.0:143", "[::]:143"])
        #expect(loaded.configuration.lmtp.map(\.description) == ["unix:/var/lib/martlet/lmtp.sock"])
        #expect(loaded.entries.count == ConfigurationKey.all.count)
        #expect(loaded.entries.allSatisfy { $0.place == .defaults })
    }

    @Test func file() async throws {
        let loaded = try await load(
            """
            hostname: Mail.Example.org
            imap: ["127.0.0.1:1143", "[::1]:1143"]
            imaps: none
            lmtp: unix:/run/martlet/lmtp.sock
            plaintext-login: loopback
            proxy-networks: [192.0.2.10, "2001:db8::/48", 10.0.0.0/8]
            tls:
              certificate: /etc/ssl/mail.pem
              key: /etc/ssl/mail.key
            limits: {message-size: 128 MiB, recipients: 200}
            argon2:
              memory: 64 MiB
              iterations: 3
            retention-days: 30
            log:
              level: debug
              format: json
            """)
        let configuration = loaded.configuration
        #expect(configuration.hostname == "mail.example.org")
        #expect(configuration.imap == [.tcp(host: "127.0.0.1", port: 1143), .tcp(host: "::1", port: 1143)])
        #expect(configuration.imaps.isEmpty)
        #expect(configuration.lmtp == [.unix(path: "/run/martlet/lmtp.sock")])
        #expect(configuration.plaintextLogin == .loopback)
        #expect(configuration.proxyNetworks.map(\.description) == ["192.0.2.10", "2001:db8::/48", "10.0.0.0/8"])
        #expect(configuration.tlsCertificate == "/etc/ssl/mail.pem")
        #expect(configuration.messageSize == 134_217_728)
        #expect(configuration.recipients == 200)
        #expect(configuration.argon2.memoryKiB == 65_536)
        #expect(configuration.argon2.iterations == 3)
        #expect(configuration.retentionDays == 30)
        #expect(configuration.logLevel == .debug)
        #expect(configuration.logFormat == .json)
        let level = try #require(loaded.entries.first { $0.key.name == "log.level" })
        guard case .file(_, 16) = level.place else {
            Issue.record("\(level.place)")
            return
        }
    }

    @Test("flags over environment over file over defaults")
    func precedence() async throws {
        let yaml = "log:\n  level: error\n  format: json\nretention-days: 1\nimap: [\"127.0.0.1:1\"]\n"
        let environment = [
            "MARTLET_LOG_LEVEL": "debug", "MARTLET_RETENTION_DAYS": "2", "MARTLET_IMAP": "127.0.0.1:2, [::1]:3",
            "MARTLET_IMAPS": "", "MARTLET_LOG_FORMAT": "",
        ]
        let loaded = try await load(yaml, flags: ["log.level": ["trace"], "imaps": []], environment: environment)
        let configuration = loaded.configuration
        #expect(configuration.logLevel == .trace)
        #expect(configuration.retentionDays == 2)
        #expect(configuration.logFormat == .json, "an empty variable is no value")
        #expect(configuration.imap == [.tcp(host: "127.0.0.1", port: 2), .tcp(host: "::1", port: 3)])
        #expect(configuration.imaps.count == 2)
    }

    @Test("unknown keys name their line and the key that was meant")
    func unknownKeys() async throws {
        #expect(try await faults("hostname: a.b\nimapp: x\n") == ["2: unknown key \"imapp\"; did you mean \"imap\"?"])
        #expect(
            try await faults("tls:\n  certificat: /x\n  key: /y\n")
                == ["2: unknown key \"tls.certificat\"; did you mean \"tls.certificate\"?"])
        #expect(
            try await faults("\n\nsomething-else: 1\n")
                == ["3: unknown key \"something-else\"; martlet config show lists all of them"])
    }

    @Test(
        "wrong values name their line and what would be right",
        arguments: [
            ("imap: [\"127.0.0.1\"]", "1: imap: \"127.0.0.1\" is not right; expected an address and a port"),
            ("imap: [\"unix:/x\"]", "1: imap: \"unix:/x\" is not right"), ("imap: {}", "1: imap: expected a list"),
            ("\nlmtp: [\"unix:relative\"]", "2: lmtp: \"unix:relative\" is not right"),
            ("retention-days: soon", "1: retention-days: \"soon\" is not right; expected a number from 0 to 3650"),
            ("retention-days: -1", "1: retention-days: \"-1\" is not right"),
            ("retention-days: [1]", "1: retention-days: expected a number"),
            ("log: [a]", "1: expected lines of the form"),
            ("log:\n  level: loud", "2: log.level: \"loud\" is not right; expected trace or debug or"),
            ("limits:\n  message-size: 1 KiB", "2: limits.message-size: \"1 KiB\" is not right"),
            ("limits:\n  message-size: 99999999999999999999 GiB", "2: limits.message-size:"),
            ("limits:\n  message-size: 9223372036854775807 KiB", "2: limits.message-size:"),
            (
                "proxy-networks: [10.0.0.0/33]",
                "1: proxy-networks: \"10.0.0.0/33\" is not right; expected an address or a network, such as "
                    + "192.0.2.10 or 10.0.0.0/8"
            ),
            ("plaintext-login: always", "1: plaintext-login: \"always\" is not right; expected never or loopback"),
            ("tls:\n  key: relative.pem", "2: tls.key: \"relative.pem\" is not right; expected an absolute path"),
            ("argon2:\n  memory: 256 MiB\n  iterations: 16", "2: argon2: memory times iterations must not pass"),
            ("hostname: a\nhostname: b", ": \"hostname\" is given more than once"), ("a: b: c", "1: is not YAML"),
            ("just text", "1: expected lines of the form"), ("hostname:", "1: hostname: expected a host name"),
        ])
    func wrongValues(yaml: String, expected: String) async throws {
        let found = try await faults(yaml)
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test func wrongEnvironment() async throws {
        let found = try await faults("", environment: ["MARTLET_LOG_LEVEL": "loud"])
        #expect(found.first?.hasPrefix("environment variable MARTLET_LOG_LEVEL: log.level: \"loud\"") == true)
    }

    @Test func everyKeyShowsWhatItTakes() async throws {
        for key in ConfigurationKey.all where key.name != "hostname" {
            let values = key.defaultValues(dataDirectory: "/d")
            let loaded = try await load(nil, environment: [key.environmentName: values.joined(separator: ",")])
            #expect(key.show(loaded.configuration) == values, "\(key.name)")
        }
    }
}

@Suite struct ListenAddressTests {
    @Test(arguments: ["127.0.0.1:143", "0.0.0.0:0", "[::]:993", "[2001:db8::1]:65535", "unix:/run/x.sock"])
    func right(text: String) { #expect(ListenAddress(text)?.description == text) }

    @Test(
        arguments: [
            "", ":143", "143", "localhost:143", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
            "127.0.0.1:+1", "::1:143", "[::1]", "[127.0.0.1]:1", "256.0.0.1:1", "unix:", "unix:x",
            "unix:/" + String(repeating: "x", count: 107), "127.0.0.1:14 3",
            "127.0.0.1\0:143", "127.0.0.1\0 [::1]:143", "[::1\0]:143", "[fe80::1%lo]:143",
        ])
    func wrong(text: String) { #expect(ListenAddress(text) == nil) }
}
