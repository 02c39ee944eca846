// What is said of mailboxes: LIST, LSUB, STATUS, FLAGS, EXISTS and their like.

package import Mail
import NIOCore

/// A mailbox's attributes in LIST (RFC 3501 §7.2.2, RFC 5258 §3, RFC 6154 §2), the raw value as on the wire.
package enum MailboxAttribute: String, Hashable, Sendable {
    case noInferiors = "\\Noinferiors"
    case noSelect = "\\Noselect"
    case nonExistent = "\\NonExistent"
    case hasChildren = "\\HasChildren"
    case hasNoChildren = "\\HasNoChildren"
    case marked = "\\Marked"
    case unmarked = "\\Unmarked"
    case subscribed = "\\Subscribed"
    case remote = "\\Remote"
    /// RFC 5465 §8.
    case noAccess = "\\NoAccess"
    case all = "\\All"
    case archive = "\\Archive"
    case drafts = "\\Drafts"
    case flagged = "\\Flagged"
    case junk = "\\Junk"
    case sent = "\\Sent"
    case trash = "\\Trash"
    case important = "\\Important"

    package init(_ use: SpecialUse) {
        self =
            switch use {
            case .all: .all
            case .archive: .archive
            case .drafts: .drafts
            case .flagged: .flagged
            case .junk: .junk
            case .sent: .sent
            case .trash: .trash
            case .important: .important
            }
    }
}

extension ResponseWriter {
    // RFC 3501 §9: "LIST" SP mailbox-list; RFC 5258 §6: mailbox-list [SP mbox-list-extended]
    /// - Parameters:
    ///   - childInfoSubscribed: a subscribed mailbox below this one matches (RFC 5258 §3.5).
    ///   - oldName: the name that the client used for it, or that it had (RFC 9051 §6.3.9.7).
    package mutating func list(
        _ name: MailboxName, attributes: [MailboxAttribute], childInfoSubscribed: Bool = false,
        oldName: String? = nil
    ) {
        buffer.writeStaticString("* LIST ")
        mailboxList(name, attributes)
        if childInfoSubscribed || oldName != nil {
            buffer.writeStaticString(" (")
            if childInfoSubscribed { buffer.writeStaticString("\"CHILDINFO\" (\"SUBSCRIBED\")") }
            if let oldName {
                if childInfoSubscribed { space() }
                buffer.writeStaticString("\"OLDNAME\" (")
                write(mailboxText: oldName)
                buffer.writeStaticString(")")
            }
            buffer.writeStaticString(")")
        }
        crlf()
    }

    package mutating func lsub(_ name: MailboxName, attributes: [MailboxAttribute]) {
        buffer.writeStaticString("* LSUB ")
        mailboxList(name, attributes)
        crlf()
    }

    /// The reply to `LIST "" ""`: the delimiter, and the root's name, which is empty (RFC 3501 §6.3.8).
    package mutating func listDelimiter() { buffer.writeStaticString("* LIST (\\Noselect) \"/\" \"\"\r\n") }
    package mutating func lsubDelimiter() { buffer.writeStaticString("* LSUB (\\Noselect) \"/\" \"\"\r\n") }

    private mutating func mailboxList(_ name: MailboxName, _ attributes: [MailboxAttribute]) {
        list(attributes.map(\.rawValue))
        buffer.writeStaticString(" \"/\" ")
        write(mailbox: name)
    }

    // RFC 3501 §9: "STATUS" SP mailbox SP "(" [status-att-list] ")"
    package mutating func status(_ name: MailboxName, _ values: [(item: StatusItem, value: StatusValue)]) {
        buffer.writeStaticString("* STATUS ")
        write(mailbox: name)
        buffer.writeStaticString(" (")
        for (index, entry) in values.enumerated() {
            if index > 0 { space() }
            buffer.writeString(entry.item.rawValue)
            space()
            switch entry.value {
            case .number(let number): write(number: number)
            case .objectID(let id): write(objectID: id)
            }
        }
        buffer.writeStaticString(")\r\n")
    }

    // RFC 3501 §9: "FLAGS" SP flag-list
    package mutating func flags(_ flags: Flags) {
        buffer.writeStaticString("* FLAGS ")
        list(flags.names)
        crlf()
    }

    package mutating func exists(_ count: UInt32) { counted(count, "EXISTS") }
    package mutating func recent(_ count: UInt32) { counted(count, "RECENT") }
    /// - Parameter number: the sequence number at the moment of this response.
    package mutating func expunge(_ number: UInt32) { counted(number, "EXPUNGE") }

    /// What is gone, by UID, in responses of a bounded length each (RFC 7162 §3.2.10). Nothing for an empty set.
    /// - Parameter earlier: since the client last looked, and not in the view of this session.
    package mutating func vanished(_ uids: UIDSet, earlier: Bool) {
        var rest = uids.ranges[...]
        while !rest.isEmpty {
            buffer.writeStaticString(earlier ? "* VANISHED (EARLIER) " : "* VANISHED ")
            write(ranges: rest.prefix(400))
            crlf()
            rest = rest.dropFirst(400)
        }
    }

    private mutating func counted(_ number: UInt32, _ what: StaticString) {
        buffer.writeStaticString("* ")
        write(number: UInt64(number))
        space()
        buffer.writeStaticString(what)
        crlf()
    }

    // RFC 3501 §9: capability-data
    package mutating func capability(_ capabilities: [String]) {
        buffer.writeStaticString("* CAPABILITY")
        words(capabilities)
        crlf()
    }

    // RFC 5161 §4: enable-data = "ENABLED" *(SP capability)
    package mutating func enabled(_ capabilities: [String]) {
        buffer.writeStaticString("* ENABLED")
        words(capabilities)
        crlf()
    }

    private mutating func words(_ words: [String]) {
        for word in words {
            space()
            write(atom: word)
        }
    }

    /// One personal namespace without a prefix, that of other users, and none that is shared; `/` between the
    /// levels (RFC 2342 §5).
    package mutating func namespace() {
        buffer.writeStaticString("* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n")
    }

    // RFC 2971 §4: id_response = "ID" SP id_params_list
    package mutating func id(_ fields: [ID.Field]) {
        buffer.writeStaticString("* ID ")
        guard !fields.isEmpty else {
            buffer.writeStaticString("NIL\r\n")
            return
        }
        buffer.writeStaticString("(")
        for (index, field) in fields.enumerated() {
            if index > 0 { space() }
            write(string: field.name)
            space()
            if let value = field.value { write(string: value) } else { buffer.writeStaticString("NIL") }
        }
        buffer.writeStaticString(")\r\n")
    }

    /// "(" [word *(SP word)] ")"
    mutating func list(_ words: [String]) {
        buffer.writeStaticString("(")
        for (index, word) in words.enumerated() {
            if index > 0 { space() }
            buffer.writeString(word)
        }
        buffer.writeStaticString(")")
    }
}
