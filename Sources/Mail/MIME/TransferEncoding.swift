// How a part's bytes were made fit for transport: the Content-Transfer-Encoding.

/// RFC 2045 §6. 7bit, 8bit and binary need no decoding and are one case here.
package enum TransferEncoding: UInt8, Hashable, Sendable {
    case identity = 0
    case quotedPrintable = 1
    case base64 = 2
    /// One that nobody here can decode; the bytes are taken as they are.
    case unknown = 3

    /// The mechanism's name in any case.
    package init(name: some Collection<UInt8>) {
        switch String(decoding: name.prefix(32).map(\.asciiLowercased), as: UTF8.self) {
        case "", "7bit", "8bit", "binary": self = .identity
        case "quoted-printable": self = .quotedPrintable
        case "base64": self = .base64
        default: self = .unknown
        }
    }
}
