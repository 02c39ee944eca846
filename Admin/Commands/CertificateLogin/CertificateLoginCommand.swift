// `martlet certificate-login`: client certificates in the place of a password (SASL EXTERNAL).

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import MailStore

struct CertificateLoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate-login", abstract: "Certificate logins: client certificates instead of a password.",
        subcommands: [CertificateLoginAdd.self, CertificateLoginList.self, CertificateLoginRemove.self])
}

struct CertificateLoginFacts: Codable {
    /// SHA-256 of the certificate, 64 hexadecimal letters.
    let id: String
    let label: String
    let scopes: [String]
    /// Empty for anywhere.
    let networks: [String]
    let created: Date
    let expires: Date?
    let isExpired: Bool
    let useCount: Int64
    let lastUsed: Date?

    init(_ login: CertificateLogin) {
        id = login.fingerprint
        label = login.label
        scopes = CredentialWords.names(login.scopes)
        networks = login.networks
        created = Moment.date(login.created)
        expires = login.expires.map(Moment.date)
        isExpired = login.isExpired
        useCount = login.useCount
        lastUsed = login.lastUsed.map(Moment.date)
    }

    var expiryWords: String { CredentialWords.expiry(expires, isExpired: isExpired) }
}
