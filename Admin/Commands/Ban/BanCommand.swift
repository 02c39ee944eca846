// `martlet ban`: networks that may not connect.

internal import ArgumentParser
internal import Foundation
internal import MailStore

struct BanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ban",
        abstract: "Bans: networks that may not connect. The server itself bans those that guess passwords.",
        subcommands: [BanList.self, BanAdd.self, BanLift.self])
}

struct BanFacts: Codable {
    let network: String
    let created: Date
    /// Left out for a ban that lasts until it is lifted.
    let expires: Date?
    let reason: String
    let by: String

    init(_ ban: BanRecord) {
        network = ban.network
        created = Moment.date(ban.created)
        expires = ban.expires.map(Moment.date)
        reason = ban.reason
        by = ban.actor
    }
}
