// What somebody may do with a mailbox: the rights of RFC 4314, one bit each, and their letters.

/// A set of rights (RFC 4314 §2.1). The obsolete `c` and `d` are not kept: they stand for those that replaced them.
package struct MailboxRights: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let lookup = MailboxRights(rawValue: 1 << 0)
    package static let read = MailboxRights(rawValue: 1 << 1)
    /// To set and clear \Seen.
    package static let seen = MailboxRights(rawValue: 1 << 2)
    /// To set and clear every flag but \Seen and \Deleted.
    package static let write = MailboxRights(rawValue: 1 << 3)
    package static let insert = MailboxRights(rawValue: 1 << 4)
    /// To send mail to the mailbox; nothing here looks at it.
    package static let post = MailboxRights(rawValue: 1 << 5)
    /// To make mailboxes below this one.
    package static let createMailboxes = MailboxRights(rawValue: 1 << 6)
    package static let deleteMailbox = MailboxRights(rawValue: 1 << 7)
    /// To set and clear \Deleted.
    package static let deleteMessages = MailboxRights(rawValue: 1 << 8)
    package static let expunge = MailboxRights(rawValue: 1 << 9)
    package static let administer = MailboxRights(rawValue: 1 << 10)

    package static let none: MailboxRights = []
    /// What an account has on its own mailboxes, always.
    package static let all = MailboxRights(rawValue: (1 << 11) - 1)
    /// Each of them lets a mailbox be changed: without one of them it is read-only (RFC 4314 §5.2; all flags are
    /// shared).
    package static let changing: MailboxRights = [.insert, .expunge, .seen, .write, .deleteMessages]
    /// What sets and clears flags.
    package static let flags: MailboxRights = [.seen, .write, .deleteMessages]
    /// What the obsolete `c` and `d` stand for (RFC 4314 §2.1.1).
    package static let create: MailboxRights = [.createMailboxes, .deleteMailbox]
    package static let delete: MailboxRights = [.deleteMessages, .expunge]

    /// The rights by their letters, in the order in which they are written.
    package static let letters: [(letter: Character, right: MailboxRights)] = [
        ("l", .lookup), ("r", .read), ("s", .seen), ("w", .write), ("i", .insert), ("p", .post),
        ("k", .createMailboxes), ("x", .deleteMailbox), ("t", .deleteMessages), ("e", .expunge), ("a", .administer),
    ]

    /// - Parameter letters: any number of rights, each as often as one likes, `c` and `d` among them.
    /// - Throws: the first that is no right.
    package init(letters: some Sequence<Character>) throws(UnknownRight) {
        var rights = MailboxRights.none
        for letter in letters {
            switch letter {
            case "c": rights.formUnion(.create)
            case "d": rights.formUnion(.delete)
            default:
                guard let known = MailboxRights.letters.first(where: { $0.letter == letter }) else {
                    throw UnknownRight(letter: letter)
                }
                rights.formUnion(known.right)
            }
        }
        self = rights
    }

    package struct UnknownRight: Error, Hashable, Sendable {
        package let letter: Character
    }

    /// The letters of the rights alone, as people write them: `lrs`.
    package var text: String {
        String(MailboxRights.letters.lazy.filter { contains($0.right) }.map(\.letter))
    }

    /// The letters as a server tells them: with `c` and `d` for clients of the standard before (RFC 4314 §2.1.1).
    package var wireText: String {
        text + (isDisjoint(with: .create) ? "" : "c") + (isDisjoint(with: .delete) ? "" : "d")
    }
}

/// What SETACL does to an identifier's rights (RFC 4314 §3.1).
package enum RightsChange: Hashable, Sendable {
    case replace(MailboxRights)
    case add(MailboxRights)
    case remove(MailboxRights)

    /// - Parameter text: letters, with `+` or `-` before them to add or remove.
    package init(_ text: String) throws(MailboxRights.UnknownRight) {
        switch text.first {
        case "+": self = .add(try MailboxRights(letters: text.dropFirst()))
        case "-": self = .remove(try MailboxRights(letters: text.dropFirst()))
        default: self = .replace(try MailboxRights(letters: text))
        }
    }

    package func applied(to rights: MailboxRights) -> MailboxRights {
        switch self {
        case .replace(let new): new
        case .add(let more): rights.union(more)
        case .remove(let less): rights.subtracting(less)
        }
    }
}
