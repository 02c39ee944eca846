// The store's own keys. None is ever reused.

/// An account's key in `directory.db` and the name of its file.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: AccountID, right: AccountID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue) }
}

/// A mailbox's key within its account; a rename keeps it.
package struct MailboxID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
}

/// The key of a stored body within its account; copies of a message share it.
package struct BodyID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: BodyID, right: BodyID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue) }
}

/// A combination of flags within its account (`FlagSetTable`).
package struct FlagSetID: Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A credential's key in `directory.db`.
package struct CredentialID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
}

/// A set of related messages within its account, named after the body that began it; never given to another set.
package struct ThreadID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: ThreadID, right: ThreadID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue) }
}
