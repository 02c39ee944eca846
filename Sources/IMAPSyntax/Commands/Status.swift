// STATUS, and the items that it and LIST's RETURN (STATUS …) ask for.

import Mail

/// RFC 3501 §6.3.10.
package struct Status: Hashable, Sendable {
    package var mailbox: MailboxArgument
    /// At least one, none twice.
    package var items: [StatusItem]

    package init(mailbox: MailboxArgument, items: [StatusItem]) {
        self.mailbox = mailbox
        self.items = items
    }
}

/// RFC 3501 §6.3.10, RFC 8438 §2. The raw value is the name on the wire.
package enum StatusItem: String, CaseIterable, Hashable, Sendable {
    case messages = "MESSAGES"
    case recent = "RECENT"
    case uidNext = "UIDNEXT"
    case uidValidity = "UIDVALIDITY"
    case unseen = "UNSEEN"
    case size = "SIZE"
    /// RFC 7162 §3.1.7.
    case highestModSeq = "HIGHESTMODSEQ"
    /// RFC 9051 §6.3.11, RFC 9208 §4.1.4.
    case deleted = "DELETED"
    case deletedStorage = "DELETED-STORAGE"
    /// RFC 7889 §3.1.
    case appendLimit = "APPENDLIMIT"
    /// RFC 8474 §4.3.
    case mailboxID = "MAILBOXID"
}

/// What STATUS says of an item.
package enum StatusValue: Hashable, Sendable, ExpressibleByIntegerLiteral {
    case number(UInt64)
    /// In parentheses (RFC 8474 §4.3).
    case objectID(String)

    package init(integerLiteral value: UInt64) { self = .number(value) }
}

extension Lexer {
    // RFC 3501 §9: status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
    mutating func status() throws(SyntaxError) -> Status {
        try space()
        let mailbox = try mailbox()
        try space()
        return Status(mailbox: mailbox, items: try statusItems())
    }

    // "(" status-att *(SP status-att) ")"
    mutating func statusItems() throws(SyntaxError) -> [StatusItem] {
        try expect("(")
        var items: [StatusItem] = []
        repeat {
            let name = try atom("a STATUS item").asciiUppercased
            guard let item = StatusItem(rawValue: name) else { throw SyntaxError("unknown STATUS item \"\(name)\"") }
            if !items.contains(item) { items.append(item) }
        } while takeSpace()
        try closeList()
        return items
    }
}
