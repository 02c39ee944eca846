// The table of configuration keys: name, kind, default, explanation. Loading, checking and showing all read it.

import Logging
import MailCrypto

/// One key of `martlet.yaml`, of the environment (`MARTLET_TLS_KEY` for `tls.key`), and for some, of the command line.
package struct ConfigurationKey: Sendable {
    /// With dots between levels: `tls.certificate`.
    package let name: String
    /// Whether it takes a list of values; `none` stands for an empty one.
    package let isList: Bool
    /// What a value must be: "a number from 1 to 10".
    package let expects: String
    package let explanation: String
    /// Whether a change is taken up by a restart only, not by SIGHUP.
    package let needsRestart: Bool
    /// Takes the values up; gives back the one that is wrong.
    let apply: @Sendable (_ values: [String], inout ServerConfiguration) -> String?
    /// The values in a configuration, as they would be written.
    package let show: @Sendable (ServerConfiguration) -> [String]

    /// `MARTLET_LIMITS_MESSAGE_SIZE` for `limits.message-size`.
    package var environmentName: String {
        "MARTLET_" + name.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    /// The value of a server on `dataDirectory` that is not told anything.
    package func defaultValues(dataDirectory: String) -> [String] {
        show(ServerConfiguration(dataDirectory: dataDirectory))
    }

    private static func one<T: Sendable>(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, T> & Sendable, _ kind: ValueKind<T>,
        restart: Bool = true, _ explanation: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name, isList: false, expects: kind.expects, explanation: explanation, needsRestart: restart,
            apply: { values, configuration in
                guard let text = values.first, values.count == 1, let value = kind.parse(text) else {
                    return values.joined(separator: ", ")
                }
                configuration[keyPath: path] = value
                return nil
            },
            show: { [kind.show($0[keyPath: path])] })
    }

    private static func list<T: Sendable>(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, [T]> & Sendable, _ kind: ValueKind<T>,
        _ explanation: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name, isList: true, expects: kind.expects, explanation: explanation, needsRestart: true,
            apply: { texts, configuration in
                var values: [T] = []
                for text in texts where texts != ["none"] {
                    guard let value = kind.parse(text) else { return text }
                    values.append(value)
                }
                configuration[keyPath: path] = values
                return nil
            },
            show: { $0[keyPath: path].map(kind.show) })
    }

    /// Every key, in the order in which `martlet config show` lists them.
    package static let all: [ConfigurationKey] = [
        one("hostname", \.hostname, .hostname, "the name that the server greets with"),
        list("imap", \.imap, .tcp, "where IMAP listens; clients switch to TLS with STARTTLS"),
        list("imaps", \.imaps, .tcp, "where IMAP listens with TLS from the first byte"),
        list("lmtp", \.lmtp, .tcpOrUnix, "where the mail transfer agent hands over mail (no login: keep it local)"),
        one(
            "plaintext-login", \.plaintextLogin, .choice, restart: false,
            "whether clients may log in without TLS: never, or over loopback addresses"),
        one(
            "imap-literals", \.imapLiterals, .choice, restart: false,
            "what IMAP clients may send without asking: any literal (LITERAL+), or small ones (LITERAL-, 4096 bytes)"),
        list(
            "proxy-networks", \.proxyNetworks, .network,
            "proxies whose connections must begin with a PROXY protocol header (version 2), such as 10.0.0.5"),
        one("tls.certificate", \.tlsCertificate, .path, "the certificate with its chain, in PEM"),
        one("tls.key", \.tlsKey, .path, "the certificate's private key, in PEM"),
        one(
            "limits.message-size", \.messageSize, .size(65_536...1_073_741_824),
            "the largest message that is taken, over LMTP and IMAP"),
        one(
            "limits.imap-connections", \.imapConnections, .number(1...1_000_000), restart: false,
            "IMAP connections in all"),
        one(
            "limits.imap-connections-per-address", \.imapConnectionsPerAddress, .number(1...1_000_000),
            restart: false, "IMAP connections from one address (of IPv6: one /64; loopback excepted)"),
        one(
            "limits.imap-connections-per-account", \.imapConnectionsPerAccount, .number(1...1_000_000),
            restart: false, "IMAP connections on which one account is logged in"),
        one("limits.lmtp-connections", \.lmtpConnections, .number(1...10_000), "LMTP connections in all"),
        one("limits.recipients", \.recipients, .number(100...100_000), "recipients of one LMTP transaction"),
        one(
            "argon2.memory", \.argon2.memoryKiB, .kibibytes(8_192...262_144),
            "memory that hashing a password takes; weaker hashes are renewed at the next login"),
        one("argon2.iterations", \.argon2.iterations, .number32(1...16), "passes over that memory"),
        one("argon2.parallelism", \.argon2.parallelism, .number32(1...16), "lanes of hashing a password"),
        one(
            "retention-days", \.retentionDays, .number(0...3_650),
            "days that an expunged message stays restorable"),
        one("log.level", \.logLevel, .choice, restart: false, "the least important lines that are logged"),
        one("log.format", \.logFormat, .choice, "how log lines are written"),
    ]

    package static func named(_ name: String) -> ConfigurationKey? { all.first { $0.name == name } }
}

extension ValueKind where Value == UInt32 {
    static func number32(_ range: ClosedRange<Int>) -> ValueKind { narrowed(.number(range), scale: 1) }

    /// A size in bytes as text, in KiB as a value.
    static func kibibytes(_ range: ClosedRange<Int>) -> ValueKind {
        narrowed(.size((range.lowerBound * 1_024)...(range.upperBound * 1_024)), scale: 1_024)
    }

    private static func narrowed(_ kind: ValueKind<Int>, scale: Int) -> ValueKind {
        ValueKind(
            expects: kind.expects,
            parse: { text in kind.parse(text).flatMap { $0 % scale == 0 ? UInt32(exactly: $0 / scale) : nil } },
            show: { kind.show(Int($0) * scale) })
    }
}
