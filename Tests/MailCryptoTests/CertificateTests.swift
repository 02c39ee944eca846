// Certificates: the one that Martlet makes, what is read from one, and files that are wrong.

import Foundation
import MailCrypto
import TestSupport
import Testing

@Suite struct CertificateTests {
    @Test func aSelfSignedCertificateSaysWhatWasAsked() throws {
        let service = try TestService()
        let info = try CertificateInfo.load(service.files)
        #expect(info.subject == "CN=localhost")
        #expect(info.isSelfSigned)
        #expect(info.names == ["localhost", "127.0.0.1", "::1"])
        #expect(info.notAfter - info.notBefore == 365 * 86400 + 3600)
        #expect(abs(Double(info.notBefore + 3600) - Date().timeIntervalSince1970) < 60)
        #expect(info.fingerprint.count == 64)
        #expect(try CertificateInfo.parse(pem: service.certificatePEM, file: "x") == info)
    }

    @Test(
        arguments: [
            ("localhost", true), ("LOCALHOST", true), ("127.0.0.1", true), ("::1", true), ("0:0:0:0:0:0:0:1", true),
            ("a.wild.example", true), ("wild.example", false), ("a.b.wild.example", false), ("127.0.0.2", false),
            ("", false), ("*", false),
        ])
    func names(hostname: String, matches: Bool) throws {
        let made = try SelfSignedCertificate.make(
            hostname: "localhost", alternativeNames: ["127.0.0.1", "::1", "*.wild.example", "localhost"])
        let info = try CertificateInfo.parse(pem: made.certificatePEM, file: "x")
        #expect(info.names.count == 4)
        #expect(info.isFor(hostname: hostname) == matches)
    }

    @Test(
        "names that would break out of the extension's syntax are refused",
        arguments: [
            "", " ", "a b", "a,DNS:b", "a\nb", "DNS:x", "-a", "a-", "a..b", ".", "ä.example", "a\u{0}",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a", "127.0.0.1,IP:127.0.0.2",
            "fe80::1%eth0", "critical,CA:TRUE", "@section",
        ])
    func badNames(name: String) {
        #expect(throws: CryptoError.self) { try SelfSignedCertificate.make(hostname: name) }
        #expect(throws: CryptoError.self) {
            try SelfSignedCertificate.make(hostname: "good.example", alternativeNames: [name])
        }
    }

    @Test(arguments: [0, -1, 3651, Int.max]) func badDurations(days: Int) {
        #expect(throws: CryptoError.self) { try SelfSignedCertificate.make(hostname: "x", validDays: days) }
    }

    @Test func longNames() throws {
        let name = [String](repeating: String(repeating: "a", count: 60), count: 4).joined(separator: ".")
        let made = try SelfSignedCertificate.make(hostname: name)
        let info = try CertificateInfo.parse(pem: made.certificatePEM, file: "x")
        #expect(info.subject == "CN=Martlet")
        #expect(info.names == [name])
    }

    @Test func errorsNameTheFileAndTheFault() throws {
        let service = try TestService()
        let other = try TestService()
        let folder = service.folder
        let cert = service.files.certificateChain
        let key = service.files.privateKey
        let empty = try folder.write("empty.pem", "")
        let torn = try folder.write("torn.pem", String(service.certificatePEM.prefix(200)))
        let half = try folder.write(
            "half.pem", service.certificatePEM + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        let large = try folder.write("large.pem", String(repeating: "x", count: 2 << 20))
        let cases: [(String, String, String)] = [
            ("/nowhere.pem", key, "cannot read /nowhere.pem: No such file or directory"),
            (cert, "/nowhere.pem", "cannot read /nowhere.pem: No such file or directory"),
            (folder.path, key, "cannot read \(folder.path): Is a directory"),
            (large, key, "cannot read \(large): it is over 1048576 bytes long"),
            (empty, key, "\(empty) holds no usable certificate chain (no start line)"),
            (key, key, "\(key) holds no usable certificate chain (no start line)"),
            (torn, key, "\(torn) holds no usable certificate chain"),
            (half, key, "\(half) holds no usable certificate chain"),
            (cert, empty, "\(empty) holds no usable private key (no PEM block of a private key)"),
            (cert, cert, "\(cert) holds no usable private key (no PEM block of a private key)"),
            (
                cert, other.files.privateKey,
                "the private key in \(other.files.privateKey) does not belong to the first certificate in \(cert)"
            ),
        ]
        for (certificate, key, text) in cases {
            let files = CertificateFiles(certificateChain: certificate, privateKey: key)
            let error = #expect(throws: CertificateError.self) { try CertificateInfo.load(files) }
            #expect(error?.description.hasPrefix(text) == true, "\(error?.description ?? "none")")
            #expect(throws: CertificateError.self) {
                try TLSContext.server(files: files, settings: TLSServerSettings(service: "x"))
            }
        }
    }

    @Test("an encrypted key is refused without asking for its passphrase", .enabled(if: hasOpenSSL))
    func encryptedKey() async throws {
        let service = try TestService()
        let encrypted = "\(service.folder.path)/encrypted.pem"
        let arguments = ["ec", "-in", service.files.privateKey, "-aes256", "-passout", "pass:x", "-out", encrypted]
        #expect(try await runChild("/usr/bin/openssl", arguments).status == 0)
        let files = CertificateFiles(certificateChain: service.files.certificateChain, privateKey: encrypted)
        let error = #expect(throws: CertificateError.self) { try CertificateInfo.load(files) }
        #expect(error?.description.hasPrefix("\(encrypted) holds no usable private key") == true)
    }

    @Test func oneFileMayHoldBoth() throws {
        let service = try TestService()
        let key = try String(contentsOfFile: service.files.privateKey, encoding: .utf8)
        for text in [key + service.certificatePEM, service.certificatePEM + key] {
            let both = try service.folder.write("both.pem", text)
            let files = CertificateFiles(certificateChain: both, privateKey: both)
            #expect(try CertificateInfo.load(files).subject == "CN=localhost")
        }
    }

    @Test("openssl finds the certificate sound", .enabled(if: hasOpenSSL))
    func openSSLAgrees() async throws {
        let service = try TestService()
        let cert = service.files.certificateChain
        let verified = try await runChild(
            "/usr/bin/openssl",
            ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile", cert, cert])
        #expect(verified.status == 0, "\(verified.output)")
        let wrong = try await runChild(
            "/usr/bin/openssl", ["verify", "-verify_hostname", "example.org", "-CAfile", cert, cert])
        #expect(wrong.status != 0)
        let text = try await runChild("/usr/bin/openssl", ["x509", "-in", cert, "-noout", "-text"]).output
        for part in ["CA:TRUE", "TLS Web Server Authentication", "prime256v1", "IP Address:127.0.0.1"] {
            #expect(text.contains(part), "\(part)")
        }
    }
}

/// Whether the openssl program is here; the tests that need it say that they were skipped when it is not.
let hasOpenSSL = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
