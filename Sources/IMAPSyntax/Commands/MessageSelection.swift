// Which messages a command means: by sequence number, or by UID when `UID` stood before its name.

package import Mail

/// The set that FETCH, STORE, COPY, MOVE and SEARCH name; which kind of number it holds is in its type.
package enum MessageSelection: Hashable, Sendable {
    case sequence(MessageSet<SequenceNumber>)
    case uid(MessageSet<UID>)
    /// `$`: what the last SEARCH with SAVE found (RFC 5182 §2.1), in a command that speaks in these numbers.
    case saved(MessageNumbering)

    /// True for the `UID` form, whose replies speak in UIDs too (RFC 3501 §6.4.8).
    package var isUID: Bool {
        switch self {
        case .sequence: false
        case .uid: true
        case .saved(let numbering): numbering == .uid
        }
    }
}

/// Which kind of number a command without a set of its own speaks in: SEARCH and `UID SEARCH`.
package enum MessageNumbering: Hashable, Sendable {
    case sequence
    case uid
}
