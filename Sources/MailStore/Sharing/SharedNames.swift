// How the mailboxes of others are called: `Other Users/ADDRESS/…`, where ADDRESS is the owner's.

package import Mail

extension MailboxName {
    /// What every name of another's mailbox begins with; no own mailbox has such a name.
    package static let otherUsers = "Other Users"
    static let reservedReason = "\"\(otherUsers)\" is where the mailboxes of others are shown"

    /// Whether only a mailbox of another account can have the name.
    package var isReserved: Bool { isAtOrBelow(MailboxName.otherUsers) }

    /// Of a reserved name: what stands for the owner, and what the owner calls the mailbox; nil where one is missing.
    package var inOtherUsers: (owner: String, name: MailboxName)? {
        let parts = MailboxName.levels(of: text, atMost: 3)
        guard isReserved, parts.count == 3, let name = try? MailboxName(String(parts[2])) else { return nil }
        return (String(parts[1]), name)
    }

    /// What the owner's `name` is to others; nil where that would be too long or too deep.
    package init?(_ name: MailboxName, of owner: AccountRecord) {
        guard let full = try? MailboxName("\(MailboxName.otherUsers)/\(owner.sharedElement)/\(name.text)") else {
            return nil
        }
        self = full
    }
}

extension AccountRecord {
    /// The account's level in the names of its mailboxes: its address, or `#7` where no level can be that address.
    package var sharedElement: String {
        let text = address.description
        guard !text.utf8.contains(UInt8(ascii: "/")), (try? MailboxName(text))?.text == text else { return "#\(id)" }
        return text
    }
}
