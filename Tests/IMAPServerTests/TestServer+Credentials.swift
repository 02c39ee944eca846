// What tests of logins need besides a server: TLS, credentials of every kind, and a SCRAM client of their own.

import Accounts
import Foundation
import Mail
import MailCrypto
import MailStore
import NIOPosix
import TestSupport
import Testing

@testable import IMAPServer

extension TestServer {
    static let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)

    /// Changes credentials as the command line does.
    var administration: AccountAdministration {
        AccountAdministration(store: store, parameters: Self.cheap, actor: "test")
    }

    /// An app password of Alice's.
    func appPassword(
        _ scopes: Set<CredentialScope> = [.imap], expires: Int64? = nil
    ) async throws -> CreatedAppPassword {
        try await administration.createAppPassword(
            "alice@example.org", label: "phone", scopes: scopes, expires: expires)
    }

    /// A key and its certificate in two files.
    func certificate(_ name: String) throws -> CertificateFiles {
        let made = try SelfSignedCertificate.make(hostname: "\(name).example.org")
        let files = CertificateFiles(
            certificateChain: temporary.path + "/\(name)-cert.pem", privateKey: temporary.path + "/\(name)-key.pem")
        try made.certificatePEM.write(toFile: files.certificateChain, atomically: true, encoding: .utf8)
        try made.privateKeyPEM.write(toFile: files.privateKey, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: files.privateKey)
        return files
    }

    /// A service with a certificate of its own besides; gives the ports of a STARTTLS and a TLS listener.
    static func withTLS(
        timeBeforeLogin: Duration = .seconds(60), proxies: [String] = [], live: LiveSessions = LiveSessions(),
        _ test: @Sendable (TestServer, (startTLS: Int, implicit: Int), TLSContext) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let tls = try ReloadableTLSContext(
                files: server.certificate("mail"),
                settings: TLSServerSettings(service: "imap", applicationProtocols: ["imap"]))
            var settings = IMAPSettings(hostname: "mail.example.org")
            settings.limits.timeBeforeAuthentication = timeBeforeLogin
            settings.proxyNetworks = try proxies.map { try Network($0) }
            let service = IMAPService(
                store: server.store, authenticator: server.authenticator, liveSessions: live, tls: tls,
                settings: settings, logger: .quiet)
            let group = MultiThreadedEventLoopGroup.singleton
            let plain = try await service.bind(host: "127.0.0.1", port: 0, security: .startTLS, on: group)
            let implicit = try await service.bind(host: "127.0.0.1", port: 0, security: .implicitTLS, on: group)
            do {
                try await test(server, (plain, implicit), try clientTLS())
            } catch {
                await service.drain()
                throw error
            }
            await service.drain()
        }
    }

    /// A client's TLS, showing a certificate to who asks for one.
    static func clientTLS(_ certificate: CertificateFiles? = nil) throws -> TLSContext {
        try .client(
            TLSClientSettings(trust: .anyone, certificate: certificate, applicationProtocols: ["imap"]))
    }
}

func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

extension IMAPTestClient {
    /// What the server says it can do.
    func capabilities() async throws -> Set<String> {
        let values = try await command("CAPABILITY").data("CAPABILITY").first?.values ?? []
        return Set(
            values.compactMap { value in
                if case .atom(let name) = value { name } else { nil }
            })
    }

    /// AUTHENTICATE PLAIN with an initial response.
    func plain(_ user: String, _ password: String, authorizationID: String = "") async throws -> IMAPReply {
        try await command("AUTHENTICATE PLAIN \(base64("\(authorizationID)\0\(user)\0\(password)"))")
    }
}

/// The client's side of SCRAM-SHA-256 (RFC 5802 §3, §5), written for the tests.
struct SCRAMClient {
    let user: String
    let password: String
    /// `n,,` without a channel binding, `y,,` when the client believes that the server has none, `p=tls-exporter,,`.
    var header = "n,,"
    var binding: [UInt8] = []
    /// Changes the proof.
    var isLying = false

    private var clientFirst: String { "n=\(user),r=fyko+d2lbbFgONRv9qkxdawL" }

    /// The whole dialogue. Gives the tagged reply; a server signature that is wrong is a failure of the test.
    func logIn(_ client: IMAPTestClient, mechanism: String = "SCRAM-SHA-256") async throws -> IMAPResponse {
        try await client.send("S AUTHENTICATE \(mechanism) \(base64(header + clientFirst))\r\n")
        let first = try await client.response()
        guard first.tag == "+" else { return first }
        let serverFirst = try Self.text(of: first)
        let fields = Self.fields(serverFirst)
        let salt = [UInt8](Data(base64Encoded: fields["s"] ?? "") ?? Data())
        let nonce = fields["r"] ?? ""
        #expect(nonce.hasPrefix("fyko+d2lbbFgONRv9qkxdawL") && nonce.count > 30)
        let salted = try PBKDF2.sha256(
            password: Array(password.utf8), salt: salt, iterations: Int(fields["i"] ?? "") ?? 1)
        let without = "c=\(Data(Array(header.utf8) + binding).base64EncodedString()),r=\(nonce)"
        let authMessage = Array("\(clientFirst),\(serverFirst),\(without)".utf8)
        let clientKey = try HMAC.sha256(key: salted, message: Array("Client Key".utf8))
        let signature = try HMAC.sha256(key: SHA256.hash(clientKey), message: authMessage)
        var proof = zip(clientKey, signature).map { $0 ^ $1 }
        if isLying { proof[0] ^= 1 }
        try await client.send("\(base64("\(without),p=\(Data(proof).base64EncodedString())"))\r\n")
        let last = try await client.response()
        guard last.tag == "+" else { return last }
        let serverKey = try HMAC.sha256(key: salted, message: Array("Server Key".utf8))
        let expected = try HMAC.sha256(key: serverKey, message: authMessage)
        #expect(Self.fields(try Self.text(of: last))["v"] == Data(expected).base64EncodedString())
        try await client.send("\r\n")
        return try await client.response()
    }

    private static func text(of response: IMAPResponse) throws -> String {
        guard let data = Data(base64Encoded: response.text) else {
            throw TestFailure("no base64: \(response.text)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private static func fields(_ message: String) -> [String: String] {
        var fields: [String: String] = [:]
        for part in message.split(separator: ",") where part.count > 1 {
            fields[String(part.prefix(1))] = String(part.dropFirst(2))
        }
        return fields
    }
}
