// A mailbox's full name: path elements joined by `/`, in UTF-8, INBOX in its one spelling.

/// The name of a mailbox, checked and in its one canonical form: two names are the same mailbox exactly when they are
/// equal.
///
/// `INBOX` is case-insensitive, also as the first element of `inbox/x` (RFC 3501 §5.1). The text is in Unicode's
/// normalisation form C (RFC 5198 §3), so that a name typed on two systems is one mailbox.
package struct MailboxName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let delimiter: Character = "/"
    package static let inbox = MailboxName(unchecked: "INBOX")
    /// In bytes of UTF-8.
    package static let longest = 1_000
    package static let deepest = 50

    package let text: String

    private init(unchecked text: String) { self.text = text }

    /// What is wrong with a name that was refused, in words for the person who typed it.
    package enum Problem: Error, Hashable, Sendable {
        case empty, tooLong, tooDeep, emptyElement, dotElement
        case forbiddenCharacter(String)

        package var explanation: String {
            switch self {
            case .empty: "a mailbox name must not be empty"
            case .tooLong: "a mailbox name is at most \(MailboxName.longest) bytes long"
            case .tooDeep: "a mailbox name has at most \(MailboxName.deepest) levels"
            case .emptyElement: "a mailbox name must not begin or end with \"/\" nor hold \"//\""
            case .dotElement: "\".\" and \"..\" are not allowed as a level of a mailbox name"
            case .forbiddenCharacter(let what): "a mailbox name must not hold \(what)"
            }
        }
    }

    /// - Parameter text: the name in UTF-8, levels separated by `/`.
    package init(_ text: String) throws(Problem) {
        if MailboxName.isCanonical(text) {
            self.text = text
            return
        }
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= MailboxName.longest else { throw .tooLong }
        if let problem = MailboxName.forbidden(in: text) { throw problem }
        var elements = MailboxName.levels(of: text.normalizedToNFC)
        guard elements.count <= MailboxName.deepest else { throw .tooDeep }
        guard elements.allSatisfy({ !$0.isEmpty }) else { throw .emptyElement }
        guard !elements.contains(where: { $0 == "." || $0 == ".." }) else { throw .dotElement }
        if elements[0].equalsIgnoringASCIICase("INBOX") { elements[0] = "INBOX" }
        self.text = elements.joined(separator: "/")
    }

    /// True for most names: printable ASCII that is allowed and stays as it is. False for what is to be looked at more
    /// closely. A list has many names, and each is looked at whenever it is read.
    private static func isCanonical(_ text: String) -> Bool {
        var length = 0
        var levels = 1
        var previous = slash
        for byte in text.utf8 {
            switch byte {
            case slash:
                if previous == slash { return false }
                levels += 1
            case UInt8(ascii: "*"), UInt8(ascii: "%"): return false
            // "." and "..", and INBOX in any case, as the first of a level.
            case UInt8(ascii: "."), UInt8(ascii: "I"), UInt8(ascii: "i"): if previous == slash { return false }
            case 0x20...0x7e: break
            default: return false
            }
            previous = byte
            length += 1
        }
        return previous != slash && length <= longest && levels <= deepest
    }

    /// Control characters, the wildcards of LIST, and what no client could type or tell apart.
    private static func forbidden(in text: String) -> Problem? {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\0"..<" ", "\u{7f}"..."\u{9f}": return .forbiddenCharacter("control characters")
            case "*", "%": return .forbiddenCharacter("\"\(scalar)\", which LIST uses as a wildcard")
            case "\u{2028}", "\u{2029}": return .forbiddenCharacter("line or paragraph separators")
            case "\u{fffd}": return .forbiddenCharacter("U+FFFD, the mark of broken text")
            // Not U+200C and U+200D, which Persian and many an emoji need.
            case "\u{200b}", "\u{200e}", "\u{200f}", "\u{202a}"..."\u{202e}", "\u{2060}"..."\u{2069}", "\u{feff}":
                return .forbiddenCharacter("invisible or direction-changing characters")
            default: continue
            }
        }
        return nil
    }

    package var isInbox: Bool { self == .inbox }
    package var elements: [Substring] { MailboxName.levels(of: text) }

    /// A delimiter is one also where a mark behind it, or a letter that joins what follows, makes a Character of both.
    package static func levels(of text: String, atMost count: Int = .max) -> [Substring] {
        text.utf8.split(separator: slash, maxSplits: count - 1, omittingEmptySubsequences: false).map { Substring($0) }
    }

    /// The name one level up; nil at the top.
    package var parent: MailboxName? {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return MailboxName(unchecked: String(text[..<slash]))
    }

    /// Every name above this one, from the top.
    package var ancestors: [MailboxName] {
        var result: [MailboxName] = []
        var next = parent
        while let name = next {
            result.append(name)
            next = name.parent
        }
        return result.reversed()
    }

    /// True for `a/b` and `a/b/c` when self is `a`; false for `a` itself.
    package func isAncestor(of other: MailboxName) -> Bool {
        other.text.utf8.count > text.utf8.count && other.isAtOrBelow(text)
    }

    /// Whether this is the mailbox of that name or lies below it.
    package func isAtOrBelow(_ name: String) -> Bool {
        let (own, above) = (text.utf8, name.utf8)
        guard own.starts(with: above) else { return false }
        let rest = own.dropFirst(above.count)
        return rest.isEmpty || rest.first == MailboxName.slash
    }

    /// This name with the ancestor (or itself) `old` replaced by `new`; self when `old` is neither.
    package func replacing(_ old: MailboxName, by new: MailboxName) throws(Problem) -> MailboxName {
        if self == old { return new }
        guard old.isAncestor(of: self) else { return self }
        return try MailboxName(new.text + Substring(text.utf8.dropFirst(old.text.utf8.count)))
    }

    /// INBOX and what is below it first, then level by level by Unicode scalar.
    package static func < (left: MailboxName, right: MailboxName) -> Bool {
        let (leftIsInbox, rightIsInbox) = (left.isInboxOrBelow, right.isInboxOrBelow)
        if leftIsInbox != rightIsInbox { return leftIsInbox }
        // Bytes of UTF-8 are in the order of their scalars. A level that ends comes before one that goes on: the
        // delimiter counts as less than every character.
        return left.text.utf8.lexicographicallyPrecedes(right.text.utf8) { one, other in
            (one == slash ? 0 : one) < (other == slash ? 0 : other)
        }
    }

    private static let slash = UInt8(ascii: "/")

    private var isInboxOrBelow: Bool { isAtOrBelow(MailboxName.inbox.text) }

    package var description: String { text }
}

/// What a mailbox is for (RFC 6154 §2).
package enum SpecialUse: String, CaseIterable, Sendable {
    case all, archive, drafts, flagged, junk, sent, trash, important

    /// As the wire writes it: `\Sent`.
    package var attribute: String { "\\" + rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

    /// A mailbox that stores messages can have it; the others are for views of all mailboxes (RFC 6154 §2).
    package var isOfMailbox: Bool { self != .all && self != .flagged }

    package init?(attribute: String) {
        let key = attribute.asciiLowercased
        guard let match = SpecialUse.allCases.first(where: { $0.attribute.asciiLowercased == key }) else { return nil }
        self = match
    }
}
