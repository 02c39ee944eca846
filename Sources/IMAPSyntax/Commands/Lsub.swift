// LSUB: the subscribed mailboxes.

/// RFC 3501 §6.3.9.
package struct Lsub: Hashable, Sendable {
    package var reference: MailboxArgument
    package var pattern: MailboxPatternArgument

    package init(reference: MailboxArgument, pattern: MailboxPatternArgument) {
        self.reference = reference
        self.pattern = pattern
    }

    /// Ready to match, the reference before it; nil when it is no valid name and so matches nothing.
    package func compiledPattern(utf8Accepted: Bool) -> MailboxPattern? {
        MailboxPattern(reference: reference, pattern: pattern, utf8Accepted: utf8Accepted)
    }
}

extension Lexer {
    // RFC 3501 §9: lsub = "LSUB" SP mailbox SP list-mailbox
    mutating func lsub() throws(SyntaxError) -> Lsub {
        try space()
        let reference = try mailbox()
        try space()
        return Lsub(reference: reference, pattern: try listMailbox())
    }
}
