// A configuration profile for iPhones, iPads and Macs: one mail account with its app password, ready to install.
//
// The payload is com.apple.mail.managed, IMAP over TLS. Apple's format demands a server for outgoing mail too; it names
// the same host, with the same password, on the port for submission over TLS (RFC 8314 §3.3).

internal import Foundation

struct AppleProfile {
    /// The registered port of submission over TLS.
    static let submissionsPort = 465

    let address: String
    /// What the device shows the person as the sender's name; the address when it is empty.
    let name: String
    let host: String
    let port: Int
    /// The app password; the file holds it in the clear.
    let password: String
    let label: String
    /// The app password's id: no secret, and what tells two profiles of one account apart.
    let id: String
    /// nil for one that does not expire.
    let expires: Date?

    /// The profile as an XML property list.
    func encoded() throws -> [UInt8] {
        let list: [String: Any] = shared(identifier: identifier, type: "Configuration").merging([
            "PayloadDisplayName": Output.visible("\(address) on \(host)"),
            "PayloadDescription": Output.visible("Mail of \(address) with the app password \"\(label)\"."),
            "PayloadOrganization": host, "PayloadRemovalDisallowed": false, "PayloadContent": [account],
        ]) { $1 }
        let ending = expires.map { ["RemovalDate": $0] as [String: Any] } ?? [:]
        return [UInt8](
            try PropertyListSerialization.data(fromPropertyList: list.merging(ending) { $1 }, format: .xml, options: 0))
    }

    private var account: [String: Any] {
        shared(identifier: "\(identifier).mail", type: "com.apple.mail.managed").merging([
            "PayloadDisplayName": Output.visible(address),
            "EmailAccountType": "EmailTypeIMAP", "EmailAccountDescription": Output.visible(address),
            "EmailAccountName": Output.visible(name.isEmpty ? address : name), "EmailAddress": Output.visible(address),
            "IncomingMailServerAuthentication": "EmailAuthPassword", "IncomingMailServerHostName": host,
            "IncomingMailServerPortNumber": port, "IncomingMailServerUseSSL": true,
            "IncomingMailServerUsername": Output.visible(address), "IncomingPassword": password,
            "OutgoingMailServerAuthentication": "EmailAuthPassword", "OutgoingMailServerHostName": host,
            "OutgoingMailServerPortNumber": Self.submissionsPort, "OutgoingMailServerUseSSL": true,
            "OutgoingMailServerUsername": Output.visible(address), "OutgoingPasswordSameAsIncomingPassword": true,
        ]) { $1 }
    }

    /// What every payload has.
    private func shared(identifier: String, type: String) -> [String: Any] {
        [
            "PayloadIdentifier": identifier, "PayloadType": type, "PayloadUUID": UUID().uuidString,
            "PayloadVersion": 1,
        ]
    }

    /// Another app password is another profile; letters, digits, dots and dashes are all that an identifier may hold.
    private var identifier: String {
        let plain = "\(address)".unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == ".")
                ? String(scalar) : "-"
        }.joined()
        return "martlet.\(plain).\(id)"
    }
}
