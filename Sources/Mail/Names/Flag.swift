// Flags: the five permanent system flags of RFC 3501 §2.3.2, and keywords.

/// The system flags that are stored. \Recent is a session's, not a message's, and is not among them.
package struct SystemFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let answered = SystemFlags(rawValue: 1 << 0)
    package static let flagged = SystemFlags(rawValue: 1 << 1)
    package static let deleted = SystemFlags(rawValue: 1 << 2)
    package static let seen = SystemFlags(rawValue: 1 << 3)
    package static let draft = SystemFlags(rawValue: 1 << 4)

    /// Each with its name on the wire, in the order in which Martlet lists them.
    package static let names: [(flag: SystemFlags, name: String)] = [
        (.answered, "\\Answered"), (.flagged, "\\Flagged"), (.deleted, "\\Deleted"), (.seen, "\\Seen"),
        (.draft, "\\Draft"),
    ]
}

/// A keyword: a flag that a client invented, an atom (RFC 3501 §9, flag-keyword). Compared without regard to ASCII
/// case.
package struct Keyword: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The longest keyword that is accepted, in bytes.
    package static let longest = 128

    /// As the client that made it wrote it.
    package let name: String
    /// `name` with ASCII letters in lower case: what is compared.
    package let key: String

    /// nil unless `name` is an atom of 1 to `longest` bytes without `]`, and does not begin with `\`.
    package init?(_ name: String) {
        guard !name.isEmpty, name.utf8.count <= Keyword.longest, name.utf8.allSatisfy(Keyword.isAtomByte) else {
            return nil
        }
        self.name = name
        self.key = name.asciiLowercased
    }

    private static func isAtomByte(_ byte: UInt8) -> Bool {
        guard byte > 0x20, byte < 0x7f else { return false }
        return switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "]"):
            false
        default: true
        }
    }

    package static func == (left: Keyword, right: Keyword) -> Bool { left.key == right.key }
    package func hash(into hasher: inout Hasher) { hasher.combine(key) }
    package static func < (left: Keyword, right: Keyword) -> Bool { left.key < right.key }
    package var description: String { name }
}

/// The flags of one message: system flags and keywords.
package struct Flags: Hashable, Sendable {
    package var system: SystemFlags
    package var keywords: Set<Keyword>

    package init(_ system: SystemFlags = [], keywords: Set<Keyword> = []) {
        self.system = system
        self.keywords = keywords
    }

    package static let none = Flags()

    package var isEmpty: Bool { system.isEmpty && keywords.isEmpty }
    package func contains(_ flag: SystemFlags) -> Bool { system.contains(flag) }

    package func union(_ other: Flags) -> Flags {
        Flags(system.union(other.system), keywords: keywords.union(other.keywords))
    }
    package func intersection(_ other: Flags) -> Flags {
        Flags(system.intersection(other.system), keywords: keywords.intersection(other.keywords))
    }
    package func subtracting(_ other: Flags) -> Flags {
        Flags(system.subtracting(other.system), keywords: keywords.subtracting(other.keywords))
    }

    /// Every flag's name: system flags in their fixed order, then keywords in order of their key.
    package var names: [String] {
        SystemFlags.names.filter { system.contains($0.flag) }.map(\.name) + keywords.sorted().map(\.name)
    }

    /// `\Seen`, `\seen`, `$Forwarded` … as one flag. nil for \Recent, an unknown `\Name`, or what is no atom.
    package init?(name: String) {
        if name.utf8.first == UInt8(ascii: "\\") {
            let key = name.asciiLowercased
            guard let match = SystemFlags.names.first(where: { $0.name.asciiLowercased == key }) else { return nil }
            self.init(match.flag)
        } else {
            guard let keyword = Keyword(name) else { return nil }
            self.init([], keywords: [keyword])
        }
    }
}
