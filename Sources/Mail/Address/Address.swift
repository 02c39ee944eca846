// An address as a header field states it, and the groups it may stand in.

/// One element of an address field in the flat order of RFC 3501 §7.4.2. All texts are as written: quotes and
/// backslashes undone, encoded words not decoded.
package enum Address: Hashable, Sendable {
    case mailbox(Mailbox)
    /// Everything up to the next `groupEnd` is in this group.
    case groupStart(name: [UInt8])
    case groupEnd

    package struct Mailbox: Hashable, Sendable {
        /// The display name, or a comment in its place; nil when there is none.
        package var name: [UInt8]?
        /// The obsolete source route (RFC 5322 §4.4), `@a,@b`; nil when there is none.
        package var route: [UInt8]?
        /// Empty when missing.
        package var localPart: [UInt8]
        /// Empty when missing.
        package var domain: [UInt8]

        /// The display name decoded (RFC 2047).
        package var displayName: String? { name.map { EncodedWord.decode(WireString.collapsed($0)) } }
        /// `local@domain`; nil when either is missing.
        package var text: String? {
            guard !localPart.isEmpty, !domain.isEmpty else { return nil }
            return String(decoding: localPart + [UInt8(ascii: "@")] + domain, as: UTF8.self)
        }
    }
}
