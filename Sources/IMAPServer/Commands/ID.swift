// ID: who the server is, and who the client says it is.

import Accounts
import IMAPSyntax
import Logging

extension Session {
    /// RFC 2971 §3.1. What the client says goes to the log, and its name to the login's history for people to read;
    /// nothing may depend on it.
    func id(_ id: IMAPSyntax.ID) -> Completion {
        if !id.fields.isEmpty {
            let said = id.fields.map { "\($0.name)=\($0.value ?? "NIL")" }.joined(separator: " ")
            logger.debug("imap client", metadata: ["client": "\(said.prefix(1_024))"])
        }
        if let client = id.client { note(client) }
        connection.writer.id([.init(name: "name", value: "Martlet")])
        return .ok("ID completed.")
    }

    private func note(_ client: String) {
        guard client != self.client else { return }
        self.client = client
        guard let identity else { return }
        environment.authenticator.noteClient(identity.login, client: client)
        environment.liveSessions.setClient(client, of: environment.sessionID)
    }
}

extension IMAPSyntax.ID {
    /// The most that is kept of a client's name, in characters.
    static let longestClient = 100

    /// Name and version in one line, such as `Thunderbird 128.2`; nil when the client does not say its name. Control
    /// characters become spaces: it is shown in terminals.
    package var client: String? {
        func value(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name }?.value
        }
        guard let name = value("name"), !name.isEmpty else { return nil }
        let text = value("version").map { "\(name) \($0)" } ?? name
        let shown = text.unicodeScalars.prefix(IMAPSyntax.ID.longestClient).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: " " as Unicode.Scalar
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(shown))
    }
}
