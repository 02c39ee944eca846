// SASLprep (RFC 4013): how names that people write are spelt before they are compared.
//
// Left out is the rule on text in both directions (§2.4): it would refuse an address whose local part is written from
// right to left and whose domain is not, and such an address names an account like any other.

package enum SASLprep {
    /// The prepared string; nil where it would hold what is prohibited (§2.3) or be empty.
    package static func prepared(_ text: String) -> String? {
        let result = mapped(text)
        guard !result.isEmpty, result.unicodeScalars.allSatisfy({ !isProhibited($0) }) else { return nil }
        return result
    }

    /// §2.1 and §2.2: spaces become U+0020, what is commonly mapped to nothing goes, then normalisation form KC.
    private static func mapped(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isMappedToNothing(scalar.value) {
            // Stringprep's table C.1.2 has U+200B, which is mapped to nothing before.
            scalars.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
        }
        return String(scalars).normalizedToNFKC
    }

    /// Stringprep's table B.1.
    private static func isMappedToNothing(_ value: UInt32) -> Bool {
        switch value {
        case 0xad, 0x34f, 0x1806, 0x180b...0x180d, 0x200b...0x200d, 0x2060, 0xfe00...0xfe0f, 0xfeff: true
        default: false
        }
    }

    /// Stringprep's tables C.1.2 to C.9 and A.1: by their categories, and what these do not tell by its number.
    private static func isProhibited(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .privateUse, .surrogate, .unassigned, .format, .lineSeparator, .paragraphSeparator: return true
        case .spaceSeparator: return scalar != " "
        default: break
        }
        switch scalar.value {
        case 0x340, 0x341, 0xfffc, 0xfffd, 0x2ff0...0x2ffb: return true
        default: return scalar.properties.isNoncharacterCodePoint
        }
    }
}
