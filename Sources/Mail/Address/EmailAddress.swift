// An address that mail can be sent to, strictly checked and in its one spelling: for SMTP, accounts and the CLI.

/// `local@domain` (RFC 5321 §4.1.2, with UTF-8 as RFC 6531 §3.3 allows). Two addresses reach the same place when their
/// `lookupKey`s are equal.
package struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of a local part and of a domain (RFC 5321 §4.5.3.1).
    package static let longestLocalPart = 64
    package static let longestDomain = 255

    /// Without quotes or backslashes, in NFC, in the letter case that was given.
    package let localPart: String
    /// In lower case and NFC, without a final dot; `[192.0.2.1]` for an address literal.
    package let domain: String

    /// Why a text is no address, for the person who typed it.
    package enum Problem: Error, Hashable, Sendable {
        case empty, noAt, emptyLocalPart, emptyDomain, localPartTooLong, domainTooLong
        case brokenQuotes, dotInLocalPart
        case localPartCharacter(String)
        case domainLabel(String)
        case addressLiteral(String)

        package var explanation: String {
            switch self {
            case .empty: "an address must not be empty; write it as name@example.org"
            case .noAt: "an address needs an \"@\"; write it as name@example.org"
            case .emptyLocalPart: "there is nothing before the \"@\"; write the address as name@example.org"
            case .emptyDomain: "there is nothing after the \"@\"; write the address as name@example.org"
            case .localPartTooLong:
                "the part before the \"@\" is longer than \(EmailAddress.longestLocalPart) bytes"
            case .domainTooLong: "the part after the \"@\" is longer than \(EmailAddress.longestDomain) bytes"
            case .brokenQuotes: "the quotation marks before the \"@\" do not match"
            case .dotInLocalPart: "the part before the \"@\" begins or ends with a dot or holds two in a row"
            case .localPartCharacter(let what): "the part before the \"@\" must not hold \(what)"
            case .domainLabel(let label):
                "\"\(label)\" is no part of a domain name: letters, digits and inner hyphens, 1 to 63 bytes"
            case .addressLiteral(let text):
                "\"\(text)\" is no address literal such as [192.0.2.1] or [IPv6:2001:db8::1]"
            }
        }
    }

    /// - Parameter text: `name@example.org`, also in angle brackets and with white space around it; quoted local parts
    ///   lose their quotes.
    package init(_ text: String) throws(Problem) {
        var bare = text.unicodeScalars[...]
        func trim() {
            while let first = bare.first, first == " " || first == "\t" { bare.removeFirst() }
            while let last = bare.last, last == " " || last == "\t" { bare.removeLast() }
        }
        trim()
        if bare.first == "<", bare.last == ">", bare.count >= 2 {
            bare = bare.dropFirst().dropLast()
            trim()
        }
        guard !bare.isEmpty else { throw .empty }
        guard let at = bare.lastIndex(of: "@") else { throw .noAt }
        try self.init(localPart: Substring(bare[..<at]), domain: Substring(bare[bare.index(after: at)...]))
    }

    private init(localPart: Substring, domain: Substring) throws(Problem) {
        self.localPart = try EmailAddress.checkedLocalPart(localPart)
        self.domain = try EmailAddress.checkedDomain(domain)
    }

    private init(unchecked localPart: String, domain: String) {
        self.localPart = localPart
        self.domain = domain
    }

    private static func checkedLocalPart(_ text: Substring) throws(Problem) -> String {
        guard !text.isEmpty else { throw .emptyLocalPart }
        // Twice the bound for quotes and backslashes, so that nothing long is ever looked at.
        guard text.utf8.count <= 2 * longestLocalPart + 2 else { throw .localPartTooLong }
        let isQuoted = text.unicodeScalars.first == "\""
        let bare = isQuoted ? try unquoted(text) : String(text)
        guard !bare.isEmpty else { throw .emptyLocalPart }
        let local = bare.normalizedToNFC
        guard local.utf8.count <= longestLocalPart else { throw .localPartTooLong }
        for scalar in local.unicodeScalars {
            if let problem = problem(scalar, isQuoted: isQuoted) { throw problem }
        }
        if !isQuoted, !hasSoundDots(local) { throw .dotInLocalPart }
        return local
    }

    private static func problem(_ scalar: Unicode.Scalar, isQuoted: Bool) -> Problem? {
        switch scalar {
        case "\0"..<" ", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}": .localPartCharacter("control characters")
        case "\u{fffd}": .localPartCharacter("U+FFFD, the mark of broken text")
        case "\u{200b}", "\u{200e}", "\u{200f}", "\u{202a}"..."\u{202e}", "\u{2060}"..."\u{2069}", "\u{feff}":
            .localPartCharacter("invisible or direction-changing characters")
        case " " where !isQuoted: .localPartCharacter("a space")
        case "(", ")", "<", ">", "[", "]", ":", ";", "@", "\\", ",", "\"":
            isQuoted ? nil : .localPartCharacter("\"\(scalar)\" outside quotation marks")
        default: nil
        }
    }

    private static func unquoted(_ text: Substring) throws(Problem) -> String {
        var result = String.UnicodeScalarView()
        var isEscaped = false
        var isClosed = false
        for scalar in text.unicodeScalars.dropFirst() {
            guard !isClosed else { throw .brokenQuotes }
            if isEscaped {
                result.append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isClosed = true
            } else {
                result.append(scalar)
            }
        }
        guard isClosed else { throw .brokenQuotes }
        return String(result)
    }

    private static func hasSoundDots(_ text: String) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }

    /// As the wire writes it: the local part in quotes where it needs them.
    package var description: String {
        let isAtom =
            EmailAddress.hasSoundDots(localPart)
            && localPart.unicodeScalars.allSatisfy {
                EmailAddress.problem($0, isQuoted: false) == nil
            }
        guard !isAtom else { return "\(localPart)@\(domain)" }
        let escaped = localPart.unicodeScalars.reduce(into: "") { text, scalar in
            if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return "\"\(escaped)\"@\(domain)"
    }

    /// What addresses are looked up by: `description` with the ASCII letters of the local part in lower case.
    package var lookupKey: String { canonical.description }

    /// With the ASCII letters of the local part in lower case.
    package var canonical: EmailAddress {
        EmailAddress(unchecked: localPart.asciiLowercased, domain: domain)
    }

    /// `alice+lists@…` as `alice@…` and `lists`. An empty detail, or one without a base, is no detail.
    package func splitDetail(separator: String = "+") -> (base: EmailAddress, detail: String?) {
        guard let separator = separator.unicodeScalars.first,
            let place = localPart.unicodeScalars.firstIndex(of: separator),
            place != localPart.unicodeScalars.startIndex
        else { return (self, nil) }
        let base = EmailAddress(unchecked: String(localPart.unicodeScalars[..<place]), domain: domain)
        let detail = localPart.unicodeScalars[localPart.unicodeScalars.index(after: place)...]
        return (base, detail.isEmpty ? nil : String(detail))
    }
}
