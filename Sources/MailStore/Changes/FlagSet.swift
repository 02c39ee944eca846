// The combinations of flags that an account's messages have: each stored once, rendered once, named by a small number.

package import Mail

/// One combination of flags, with what is needed often already worked out.
package struct FlagSet: Sendable {
    package let id: FlagSetID
    package let flags: Flags
    /// The flags as the wire writes them, separated by spaces, without parentheses: `\Seen $Forwarded`.
    package let wireForm: [UInt8]

    package init(id: FlagSetID, flags: Flags) {
        self.id = id
        self.flags = flags
        self.wireForm = Array(flags.names.joined(separator: " ").utf8)
    }
}

/// The flag sets of one account by their id. A value: a snapshot keeps the table that it was made with.
///
/// Only grows; an id never changes its meaning.
package struct FlagSetTable: Sendable {
    private var sets: [UInt32: FlagSet] = [:]
    /// The keywords of all sets together, each as often as it is in one.
    private(set) var keywordCount = 0

    package init(_ sets: some Sequence<FlagSet> = []) {
        for set in sets { insert(set) }
    }

    package mutating func insert(_ set: FlagSet) {
        guard sets.updateValue(set, forKey: set.id.rawValue) == nil else { return }
        keywordCount += set.flags.keywords.count
    }

    /// The set of that id. An id that the table does not know stands for no flags; `Store.check` finds such a row.
    package subscript(id: FlagSetID) -> FlagSet {
        sets[id.rawValue] ?? FlagSet(id: id, flags: .none)
    }

    package var all: some Collection<FlagSet> { sets.values }

    /// The ids whose flags satisfy the condition: search by flag compares ids, not flags.
    package func ids(where condition: (Flags) -> Bool) -> Set<FlagSetID> {
        Set(sets.values.filter { condition($0.flags) }.map(\.id))
    }

    /// Every keyword that any message has or had.
    package var keywords: Set<Keyword> {
        sets.values.reduce(into: []) { $0.formUnion($1.flags.keywords) }
    }
}
