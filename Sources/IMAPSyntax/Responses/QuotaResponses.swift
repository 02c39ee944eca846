// QUOTA and QUOTAROOT.

package import Mail
import NIOCore

extension ResponseWriter {
    // RFC 9208 §7: quota-response = "QUOTA" SP quota-root-name SP quota-list
    /// - Parameter resources: those that have a limit. An empty list, for an account without one, is what §4.2.1 says
    ///   of it, whatever the grammar does.
    package mutating func quota(
        _ root: String, _ resources: [(resource: QuotaResource, usage: UInt64, limit: UInt64)]
    ) {
        buffer.writeStaticString("* QUOTA ")
        write(astring: root)
        buffer.writeStaticString(" (")
        for (index, entry) in resources.enumerated() {
            if index > 0 { space() }
            buffer.writeString(entry.resource.rawValue)
            space()
            write(number: entry.usage)
            space()
            write(number: entry.limit)
        }
        buffer.writeStaticString(")")
        crlf()
    }

    // RFC 9208 §7: quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
    package mutating func quotaRoot(_ mailbox: MailboxName, _ roots: [String]) {
        buffer.writeStaticString("* QUOTAROOT ")
        write(mailbox: mailbox)
        for root in roots {
            space()
            write(astring: root)
        }
        crlf()
    }
}
