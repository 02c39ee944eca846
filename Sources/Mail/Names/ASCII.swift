// ASCII case, for the many names of mail that ignore it and must not ignore more (no locale, no Unicode folding).

extension UInt8 {
    /// `A`-`Z` become `a`-`z`, all else stays.
    package var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }
    package var asciiUppercased: UInt8 { self >= 0x61 && self <= 0x7a ? self & 0xdf : self }
    package var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }
    package var isASCIILetter: Bool { asciiLowercased >= 0x61 && asciiLowercased <= 0x7a }
}

extension StringProtocol {
    /// With `A`-`Z` as `a`-`z`, all else as it was.
    package var asciiLowercased: String { String(decoding: utf8.map(\.asciiLowercased), as: UTF8.self) }
    package var asciiUppercased: String { String(decoding: utf8.map(\.asciiUppercased), as: UTF8.self) }

    /// Equal but for ASCII case.
    package func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8) { $0.asciiLowercased == $1.asciiLowercased }
    }
}
