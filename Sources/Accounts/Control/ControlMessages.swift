// What the command line asks of the running server over its control socket, and what it is told: one line of JSON each.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A question or an order. Only what cannot be done through the store is here.
package enum ControlRequest: Hashable, Sendable {
    /// Which sessions there are; of one account, by its address, or all.
    case sessions(account: String?)
    /// End this session.
    case kickSession(String)
    /// End all sessions of the account with this address.
    case kickAccount(String)

    /// The longest line that is taken, in bytes.
    package static let longest = 4_096
}

/// An answer.
package enum ControlReply: Hashable, Sendable {
    case sessions([ControlSession])
    /// How many sessions were told to end.
    case kicked(Int)
    /// Why not, in words for a person.
    case error(String)

    /// The longest line that is taken, in bytes: some hundred thousand sessions.
    package static let longest = 64 << 20
}

/// A session as it is shown.
package struct ControlSession: Codable, Hashable, Sendable {
    package var id: String
    /// The account's id, and its address.
    package var account: Int64
    package var address: String
    /// `imap` …
    package var protocolName: String
    package var remoteAddress: String
    /// The TLS version; nil without TLS.
    package var tls: String?
    /// What the client called itself.
    package var client: String?
    /// The credential that it logged in with.
    package var credential: Int64
    package var credentialLabel: String
    /// Of the login, in seconds since 1970.
    package var since: Int64

    package init(
        id: String, account: Int64, address: String, protocolName: String, remoteAddress: String, tls: String?,
        client: String?, credential: Int64, credentialLabel: String, since: Int64
    ) {
        self.id = id
        self.account = account
        self.address = address
        self.protocolName = protocolName
        self.remoteAddress = remoteAddress
        self.tls = tls
        self.client = client
        self.credential = credential
        self.credentialLabel = credentialLabel
        self.since = since
    }
}

extension ControlRequest: Codable {
    private enum Key: String, CodingKey { case command, account, session }
    private enum Command: String, Codable { case sessions, kick }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let account = try values.decodeIfPresent(String.self, forKey: .account)
        let session = try values.decodeIfPresent(String.self, forKey: .session)
        switch (try values.decode(Command.self, forKey: .command), account, session) {
        case (.sessions, let account, nil): self = .sessions(account: account)
        case (.kick, let account?, nil): self = .kickAccount(account)
        case (.kick, nil, let session?): self = .kickSession(session)
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .command, in: values, debugDescription: "kick needs either a session or an account")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .sessions(let account):
            try values.encode(Command.sessions, forKey: .command)
            try values.encodeIfPresent(account, forKey: .account)
        case .kickSession(let session):
            try values.encode(Command.kick, forKey: .command)
            try values.encode(session, forKey: .session)
        case .kickAccount(let account):
            try values.encode(Command.kick, forKey: .command)
            try values.encode(account, forKey: .account)
        }
    }
}

extension ControlReply: Codable {
    private enum Key: String, CodingKey { case sessions, kicked, error }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        if let reason = try values.decodeIfPresent(String.self, forKey: .error) {
            self = .error(reason)
        } else if let count = try values.decodeIfPresent(Int.self, forKey: .kicked) {
            self = .kicked(count)
        } else {
            self = .sessions(try values.decode([ControlSession].self, forKey: .sessions))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .sessions(let sessions): try values.encode(sessions, forKey: .sessions)
        case .kicked(let count): try values.encode(count, forKey: .kicked)
        case .error(let reason): try values.encode(reason, forKey: .error)
        }
    }
}

/// The form of both: an object in one line. A line feed inside a string is escaped by JSON itself.
package enum ControlLine {
    /// With its line feed.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [0x0a]
    }

    /// - Parameter line: without its line feed.
    package static func decode<T: Decodable>(_ type: T.Type, from line: some Sequence<UInt8>) throws -> T {
        try JSONDecoder().decode(type, from: Data(line))
    }
}
