// Files as earlier versions left them, with something in them.

import GRDB
import Foundation
import Mail
import Schema

@testable import MailStore

/// An account with one message, UID 7, as the first version stored it; what later scripts added is what they make of
/// it.
enum OldAccount {
    static let text = "Subject: Old\r\nMessage-ID: <old@example.org>\r\n\r\nFrom the first version.\r\n"

    static func make(_ path: String, scripts: Int) throws {
        var parser = MessageParser()
        parser.consume(Array(text.utf8))
        let parsed = parser.finish()
        let first = try DatabaseFile(path: path, steps: Array(SchemaScripts.account.prefix(1)), readers: 1)
        try first.syncOnWriter { db in
            try db.execute(
                sql: """
                    INSERT INTO mailbox (id, name, uid_validity, uid_next, first_recent, modseq, messages, unseen, size,
                    created) VALUES (1, 'INBOX', 1700000000, 8, 8, 5, 1, 1, \(parsed.size), 10);
                    UPDATE account_state SET modseq = 5, last_uid_validity = 1700000000, used_bytes = \(parsed.size);
                    INSERT INTO flag_set VALUES (1, 0, '')
                    """)
            try db.execute(
                sql: """
                    INSERT INTO body (id, size, header_size, message_id, envelope, body_structure, parts)
                    VALUES (3, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    parsed.size, parsed.headerSize, parsed.messageID.map { Data($0) }, Data(parsed.envelope),
                    Data(parsed.bodyStructure), Data(parsed.parts.encoded),
                ])
            try db.execute(
                sql: "INSERT INTO body_chunk VALUES (3 << 16, 0, ?, ?)", arguments: [parsed.size, Data(text.utf8)])
            try db.execute(sql: "INSERT INTO message VALUES (1, 7, 5, 1, 0, 10, ?, 3)", arguments: [parsed.size])
        }
        first.close()
        // Each version opened the file of the one before.
        for count in 1...scripts {
            try DatabaseFile(path: path, steps: Array(SchemaScripts.account.prefix(count)), readers: 1).close()
        }
    }
}

/// A directory with Alice.
enum OldDirectory {
    static func make(_ path: String, scripts: Int) throws {
        let file = try DatabaseFile(path: path, steps: Array(SchemaScripts.directory.prefix(scripts)), readers: 1)
        try file.syncOnWriter { db in
            try db.execute(
                sql: """
                    INSERT INTO domain (id, name, created) VALUES (1, 'example.org', 10);
                    INSERT INTO account (id, status, display_name, created) VALUES (1, 'active', 'Alice', 11);
                    INSERT INTO address (id, domain_id, text, key, kind, created)
                    VALUES (1, 1, 'alice@example.org', 'alice@example.org', 'account', 11);
                    INSERT INTO address_target VALUES (1, 1)
                    """)
        }
        file.close()
    }
}
