// The codes in brackets that tell a client's program what the text tells its person.

package import Mail

/// A response code (RFC 3501 §7.1, RFC 5530 §3, and the RFC named at each).
package enum ResponseCode: Hashable, Sendable {
    // RFC 3501 §7.1
    case alert
    case badCharset([String])
    case capability([String])
    case parse
    case permanentFlags(Flags, mayCreateKeywords: Bool)
    case readOnly
    case readWrite
    case tryCreate
    case uidNext(UInt32)
    case uidValidity(UIDValidity)
    /// A sequence number.
    case unseen(UInt32)
    // RFC 4315 §3
    case appendUID(UIDValidity, UIDSet)
    case copyUID(UIDValidity, source: UIDSet, destination: UIDSet)
    case uidNotSticky
    // RFC 5530 §3
    case unavailable
    case authenticationFailed
    case authorizationFailed
    case expired
    case privacyRequired
    case contactAdmin
    case noPerm
    case inUse
    case expungeIssued
    case corruption
    case serverBug
    case clientBug
    case cannot
    case limit
    case overQuota
    case alreadyExists
    case nonexistent
    // RFC 7162 §3.2.11
    case closed
    // RFC 4469 §4.2, and for literals RFC 7888 §4
    case tooBig
    // RFC 5464 §4.2.1, §4.3
    case metadataLongEntries(UInt64)
    case metadataMaxSize(UInt64)
    case metadataTooMany
    // RFC 6154 §3
    case useAttr
    // RFC 8474 §4.1
    case mailboxID(String)
    // RFC 3516 §4.3
    case unknownCTE
    /// As the client wrote it (RFC 4469 §4.1).
    case badURL([UInt8])
    // RFC 4978 §3
    case compressionActive
    // RFC 5465 §8
    case notificationOverflow
    /// The events that can be had.
    case badEvent([String])
    // RFC 7162 §3.1.2
    case noModSeq
    case highestModSeq(ModSeq)
    // RFC 5182 §2.5
    case notSaved
    /// How far the command with this tag has come, in messages (RFC 9585 §4); `goal` is greater than `done`.
    case inProgress(tag: String, done: UInt32, goal: UInt32)
    /// The search with this tag is not kept up to date (RFC 5267 §4.3.1).
    case noUpdate(tag: String)
    /// RFC 5466 §3.1.
    case undefinedFilter(String)
    // RFC 9051 §7.1
    case hasChildren
    // RFC 9586 §3
    case uidRequired
    // RFC 7162 §3.1.3
    /// The messages that a conditional STORE left as they were: sequence numbers or, after UID STORE, UIDs.
    case modified([ClosedRange<UInt32>])
}
