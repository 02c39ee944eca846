// What is said of rights: ACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3.6 to §3.8).

package import Mail
import NIOCore

extension ResponseWriter {
    // RFC 4314 §7: acl-data = "ACL" SP mailbox *(SP identifier SP rights)
    package mutating func acl(
        _ name: MailboxName, _ entries: [(identifier: String, rights: MailboxRights)]
    ) {
        buffer.writeStaticString("* ACL ")
        write(mailbox: name)
        for entry in entries {
            space()
            write(astring: entry.identifier)
            space()
            write(rights: entry.rights)
        }
        crlf()
    }

    // RFC 4314 §7: listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
    /// - Parameters:
    ///   - identifier: as the client wrote it (§3.4).
    ///   - required: what it always has.
    ///   - optional: what it can be given, each right alone.
    package mutating func listRights(
        _ name: MailboxName, _ identifier: String, required: MailboxRights, optional: MailboxRights
    ) {
        buffer.writeStaticString("* LISTRIGHTS ")
        write(mailbox: name)
        space()
        write(astring: identifier)
        space()
        write(rights: required)
        for letter in optional.wireText {
            space()
            write(astring: String(letter))
        }
        crlf()
    }

    // RFC 4314 §7: myrights-data = "MYRIGHTS" SP mailbox SP rights
    package mutating func myRights(_ name: MailboxName, _ rights: MailboxRights) {
        buffer.writeStaticString("* MYRIGHTS ")
        write(mailbox: name)
        space()
        write(rights: rights)
        crlf()
    }

    private mutating func write(rights: MailboxRights) { write(astring: rights.wireText) }
}
