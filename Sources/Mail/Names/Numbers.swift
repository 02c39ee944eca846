// The numbers by which IMAP names messages and their history: UID, sequence number, UIDVALIDITY, MODSEQ.

/// A number that can be a member of a message set: a `UID` or a `SequenceNumber`. Never 0.
package protocol MessageNumber: Hashable, Comparable, Sendable {
    /// 1 ... 4,294,967,295.
    var rawValue: UInt32 { get }
    /// nil for 0, which is no message's number (RFC 3501 §9, nz-number).
    init?(_ rawValue: UInt32)
}

extension MessageNumber {
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A message's unique identifier in its mailbox (RFC 3501 §2.3.1.1): assigned in ascending order, never reused.
package struct UID: MessageNumber, CustomStringConvertible {
    package let rawValue: UInt32
    package init?(_ rawValue: UInt32) {
        guard rawValue > 0 else { return nil }
        self.rawValue = rawValue
    }
    package var description: String { String(rawValue) }
}

/// A message's place in a session's view of its mailbox, from 1 (RFC 3501 §2.3.1.2).
package struct SequenceNumber: MessageNumber, CustomStringConvertible {
    package let rawValue: UInt32
    package init?(_ rawValue: UInt32) {
        guard rawValue > 0 else { return nil }
        self.rawValue = rawValue
    }
    package var description: String { String(rawValue) }
}

/// The number that changes when a mailbox's UIDs lose their meaning (RFC 3501 §2.3.1.1). Never 0.
package struct UIDValidity: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32
    package init?(_ rawValue: UInt32) {
        guard rawValue > 0 else { return nil }
        self.rawValue = rawValue
    }
    package var description: String { String(rawValue) }
}

/// A modification sequence: grows with every change in an account (RFC 7162 §3.1). 63 bits; 0 comes before every
/// change.
package struct ModSeq: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let zero = ModSeq(unchecked: 0)
    package let rawValue: UInt64

    /// nil above 2^63-1 (RFC 7162 §7, mod-sequence-value).
    package init?(_ rawValue: UInt64) {
        guard rawValue <= UInt64(Int64.max) else { return nil }
        self.rawValue = rawValue
    }
    private init(unchecked rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: ModSeq, right: ModSeq) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue) }
}
