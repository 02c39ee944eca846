// Which mailboxes a command means that is not about one: ESEARCH and NOTIFY.

import Mail

/// RFC 5465 §6, filter-mailboxes; RFC 7377 §2.2 adds subtree-one.
package enum MailboxFilter: Hashable, Sendable {
    case selected
    case selectedDelayed
    case inboxes
    case personal
    case subscribed
    /// These mailboxes and all below them.
    case subtree([MailboxArgument])
    /// These mailboxes and those one level below.
    case subtreeOne([MailboxArgument])
    case mailboxes([MailboxArgument])

    var isSelected: Bool { self == .selected || self == .selectedDelayed }
}

extension Lexer {
    // RFC 5465 §8: filter-mailboxes = filter-mailboxes-selected / filter-mailboxes-other
    mutating func mailboxFilter() throws(SyntaxError) -> MailboxFilter {
        let name = try atom("a mailbox specifier").asciiUppercased
        switch name {
        case "SELECTED": return .selected
        case "SELECTED-DELAYED": return .selectedDelayed
        case "INBOXES": return .inboxes
        case "PERSONAL": return .personal
        case "SUBSCRIBED": return .subscribed
        case "SUBTREE": return .subtree(try oneOrMoreMailboxes())
        case "SUBTREE-ONE": return .subtreeOne(try oneOrMoreMailboxes())
        case "MAILBOXES": return .mailboxes(try oneOrMoreMailboxes())
        default: throw SyntaxError("unknown mailbox specifier \"\(name)\"")
        }
    }

    // RFC 5465 §8: one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"
    private mutating func oneOrMoreMailboxes() throws(SyntaxError) -> [MailboxArgument] {
        try space()
        guard take("(") else { return [try mailbox()] }
        var mailboxes: [MailboxArgument] = []
        repeat {
            guard mailboxes.count < limits.arguments else { throw SyntaxError("too many mailboxes") }
            mailboxes.append(try mailbox())
        } while takeSpace()
        try closeList()
        return mailboxes
    }
}
