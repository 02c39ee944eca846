// `martlet app-password`: a password of its own for each mail program.

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import MailStore

struct AppPasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app-password", abstract: "App passwords: one for each mail program, made here and shown once.",
        subcommands: [AppPasswordCreate.self, AppPasswordList.self, AppPasswordShow.self, AppPasswordRevoke.self])
}

/// What is known of an app password; never its text.
struct AppPasswordFacts: Codable {
    struct Login: Codable {
        let time: Date
        let protocolName: String
        let ip: String
        let client: String?
        let tls: String?

        init(_ use: LoginUse) {
            time = Moment.date(use.last)
            protocolName = use.protocolName
            ip = use.address
            client = use.client
            tls = use.tls
        }

        private enum CodingKeys: String, CodingKey {
            case time, ip, client, tls
            case protocolName = "protocol"
        }
    }

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
    /// The newest login of the history.
    let lastLogin: Login?

    init(_ info: AppPasswordInfo) {
        id = info.id
        label = info.label
        scopes = CredentialWords.names(info.scopes)
        networks = info.networks
        created = Moment.date(info.created)
        expires = info.expires.map(Moment.date)
        isExpired = info.isExpired
        useCount = info.useCount
        lastUsed = info.lastUsed.map(Moment.date)
        lastLogin = info.lastLogin.map(Login.init)
    }

    var expiryWords: String { CredentialWords.expiry(expires, isExpired: isExpired) }
}
