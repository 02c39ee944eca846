// The reasons for which a waiting session goes on.

/// Why a session woke up. `input`, `ended` and `writable` describe a state that lasts; the others are events, seen
/// once.
struct Wake: OptionSet, Hashable, Sendable {
    let rawValue: UInt16
    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Bytes have come.
    static let input = Wake(rawValue: 1 << 0)
    /// Nothing more will come: the peer closed, or the connection broke.
    static let ended = Wake(rawValue: 1 << 1)
    /// There is room for output.
    static let writable = Wake(rawValue: 1 << 2)
    /// A commit changed the selected mailbox.
    static let mailbox = Wake(rawValue: 1 << 3)
    /// The account was suspended or removed, or the credential of the login replaced or revoked.
    static let revoked = Wake(rawValue: 1 << 4)
    /// The server stops.
    static let drain = Wake(rawValue: 1 << 5)
    /// The deadline has passed.
    static let deadline = Wake(rawValue: 1 << 6)

    /// An administrator ended the session.
    static let kicked = Wake(rawValue: 1 << 7)
    /// The TLS handshake is done.
    static let secured = Wake(rawValue: 1 << 8)
    /// A commit changed something in the account, or in one that shares with it.
    static let account = Wake(rawValue: 1 << 9)

    /// An APPEND that was submitted is committed, or has failed.
    static let stored = Wake(rawValue: 1 << 10)

    static let lasting: Wake = [.input, .ended, .writable]
}
