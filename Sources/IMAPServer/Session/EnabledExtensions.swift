// What a session has switched on, with ENABLE or by making use of it, and what that changes.

import IMAPSyntax

/// Extensions that change what the server says once a client has asked for them (RFC 5161, RFC 7162 §3.1, RFC 9051
/// §6.3.1). Never switched off, but by UNAUTHENTICATE.
package struct EnabledExtensions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// FETCH responses that tell of changes carry MODSEQ (RFC 7162 §3.1).
    package static let condstore = EnabledExtensions(rawValue: 1)
    /// VANISHED in place of EXPUNGE (RFC 7162 §3.2); comes with `condstore`.
    package static let qresync = EnabledExtensions(rawValue: 2)
    /// IMAP4rev2 (RFC 9051 appendix A and E).
    package static let rev2 = EnabledExtensions(rawValue: 4)
    /// UTF8=ACCEPT (RFC 6855).
    package static let utf8 = EnabledExtensions(rawValue: 8)
    /// No sequence numbers (RFC 9586).
    package static let uidOnly = EnabledExtensions(rawValue: 16)

    /// METADATA responses tell of what others change (RFC 5464 §4.4).
    package static let metadata = EnabledExtensions(rawValue: 32)

    package var isRev2: Bool { contains(.rev2) }
    /// Names and quoted strings are in UTF-8, both ways.
    package var acceptsUTF8: Bool { !isDisjoint(with: [.rev2, .utf8]) }
    /// FETCH responses that tell of changes carry MODSEQ.
    package var tellsModSeq: Bool { contains(.condstore) }
    /// FETCH responses that tell of changes carry UID; those of UIDONLY begin with it.
    package var tellsUID: Bool { !isDisjoint(with: [.condstore, .rev2]) && !isUIDOnly }
    /// What is expunged is told by UID, in VANISHED.
    package var tellsVanished: Bool { !isDisjoint(with: [.qresync, .uidOnly]) }
    package var isUIDOnly: Bool { contains(.uidOnly) }

    /// What ENABLE of a capability switches on; nil for a capability that needs no ENABLE or is not known.
    package init?(capability: String) {
        switch capability {
        case "CONDSTORE": self = .condstore
        case "QRESYNC": self = [.qresync, .condstore]
        case "IMAP4REV2": self = .rev2
        case "UTF8=ACCEPT": self = .utf8
        case "UIDONLY": self = .uidOnly
        case "METADATA", "METADATA-SERVER": self = .metadata
        default: return nil
        }
    }
}
