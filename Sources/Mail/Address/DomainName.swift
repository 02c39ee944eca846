// The domain of an address: its syntax, and its one spelling.

import Glibc

extension EmailAddress {
    /// A domain in lower case and NFC without a final dot, as addresses hold it; a bracketed address literal as it is.
    /// U-labels stay U-labels.
    package static func checkedDomain(_ text: some StringProtocol) throws(Problem) -> String {
        guard !text.isEmpty else { throw .emptyDomain }
        guard text.utf8.count <= longestDomain + 1 else { throw .domainTooLong }
        if text.utf8.first == UInt8(ascii: "[") { return try checkedLiteral(String(text)) }
        let scalars = String(text).unicodeScalars
        let bare = scalars.last == "." ? String(scalars.dropLast()) : String(text)
        guard !bare.isEmpty else { throw .emptyDomain }
        let domain = bare.lowercased().normalizedToNFC
        guard domain.utf8.count <= longestDomain else { throw .domainTooLong }
        for label in domain.split(separator: ".", omittingEmptySubsequences: false) where !isLabel(label) {
            throw .domainLabel(shown(label))
        }
        return domain
    }

    private static func isLabel(_ label: Substring) -> Bool {
        guard (1...63).contains(label.utf8.count), label.utf8.first != UInt8(ascii: "-"),
            label.utf8.last != UInt8(ascii: "-")
        else { return false }
        return label.unicodeScalars.allSatisfy { scalar in
            if scalar.isASCII {
                return scalar == "-" || scalar == "_" || scalar.properties.isAlphabetic
                    || scalar.properties.numericType != nil
            }
            let properties = scalar.properties
            return properties.isAlphabetic || properties.numericType == .decimal
                || properties.generalCategory == .nonspacingMark || properties.generalCategory == .spacingMark
                || scalar == "\u{00b7}" || scalar == "\u{30fb}" || scalar == "\u{200c}" || scalar == "\u{200d}"
        }
    }

    /// What of a wrong label may be shown: no control characters, not too much.
    private static func shown(_ label: Substring) -> String {
        let scalars = label.unicodeScalars.prefix(64).map { scalar -> Unicode.Scalar in
            scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? "\u{fffd}" : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// `[192.0.2.1]` or `[IPv6:…]` (RFC 5321 §4.1.3).
    private static func checkedLiteral(_ text: String) throws(Problem) -> String {
        guard text.utf8.last == UInt8(ascii: "]"), text.utf8.count <= 64 else {
            throw .addressLiteral(shown(text[...]))
        }
        let inner = String(text.dropFirst().dropLast()).asciiLowercased
        var address = in6_addr()
        let isSound =
            inner.hasPrefix("ipv6:")
            ? inet_pton(AF_INET6, String(inner.dropFirst(5)), &address) == 1
            : inet_pton(AF_INET, inner, &address) == 1
        guard isSound else { throw .addressLiteral(shown(text[...])) }
        return "[\(inner)]"
    }
}
