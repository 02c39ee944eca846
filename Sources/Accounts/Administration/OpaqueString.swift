// The OpaqueString profile (RFC 8265 §4.2) of PRECIS's FreeformClass (RFC 8264 §4.3): how passwords are spelt.

import Mail

/// RFC 8265's passwords.
package enum OpaqueString {
    /// The mapping alone (§4.2.2, rules 2 and 4): every space is U+0020, then normalisation form C. For a password that
    /// is compared: one that could never have been set fits nothing anyway.
    package static func mapped(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var spaced = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            spaced.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
        }
        return String(spaced).normalizedToNFC
    }

    /// The first code point that the FreeformClass does not hold, where it stands; nil for a string that conforms.
    package static func disallowed(in text: String) -> Unicode.Scalar? {
        let scalars = Array(text.unicodeScalars)
        return scalars.indices.first { !isAllowed(at: $0, scalars) }.map { scalars[$0] }
    }

    /// RFC 8264 §8's algorithm, in its order.
    private static func isAllowed(at index: Int, _ scalars: [Unicode.Scalar]) -> Bool {
        let scalar = scalars[index]
        if (0x21...0x7e).contains(scalar.value) { return true }
        if let verdict = exception(at: index, scalars) { return verdict }
        let properties = scalar.properties
        if scalar.value == 0x200c || scalar.value == 0x200d { return isJoinerAllowed(at: index, scalars) }
        if isOldHangulJamo(scalar.value) || properties.isDefaultIgnorableCodePoint
            || properties.isNoncharacterCodePoint
        {
            return false
        }
        switch properties.generalCategory {
        case .control, .unassigned, .privateUse, .surrogate, .format, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// RFC 5892 §2.6, which RFC 8264 §9.6 takes over, with the rules of RFC 5892 appendix A; nil for the others.
    private static func exception(at index: Int, _ scalars: [Unicode.Scalar]) -> Bool? {
        let before = index > 0 ? scalars[index - 1].value : nil
        let after = index + 1 < scalars.count ? scalars[index + 1].value : nil
        switch scalars[index].value {
        case 0x0640, 0x07fa, 0x302e, 0x302f, 0x3031...0x3035, 0x303b: return false
        case 0x00b7: return before == 0x6c && after == 0x6c
        case 0x0375: return after.map(isGreek) ?? false
        case 0x05f3, 0x05f4: return before.map(isHebrew) ?? false
        case 0x30fb: return scalars.contains { isJapanese($0.value) }
        case 0x0660...0x0669: return !scalars.contains { (0x06f0...0x06f9).contains($0.value) }
        case 0x06f0...0x06f9: return !scalars.contains { (0x0660...0x0669).contains($0.value) }
        default: return nil
        }
    }

    /// RFC 5892 appendix A.1 and A.2: after a virama. Between letters that join, which Unicode's tables of joining
    /// types tell, the non-joiner is taken for allowed in the scripts of the Arabic kind.
    private static func isJoinerAllowed(at index: Int, _ scalars: [Unicode.Scalar]) -> Bool {
        guard index > 0 else { return false }
        if scalars[index - 1].properties.canonicalCombiningClass == .virama { return true }
        guard scalars[index].value == 0x200c, index + 1 < scalars.count else { return false }
        return isJoining(scalars[index - 1].value) && isJoining(scalars[index + 1].value)
    }

    private static func isOldHangulJamo(_ value: UInt32) -> Bool {
        (0x1100...0x11ff).contains(value) || (0xa960...0xa97c).contains(value) || (0xd7b0...0xd7fb).contains(value)
    }
    private static func isGreek(_ value: UInt32) -> Bool {
        (0x0370...0x03ff).contains(value) || (0x1f00...0x1fff).contains(value)
    }
    private static func isHebrew(_ value: UInt32) -> Bool {
        (0x0590...0x05ff).contains(value) || (0xfb1d...0xfb4f).contains(value)
    }
    private static func isJapanese(_ value: UInt32) -> Bool {
        (0x3041...0x309f).contains(value) || (0x30a1...0x30fa).contains(value) || (0x3400...0x9fff).contains(value)
            || (0x20000...0x3ffff).contains(value) || value == 0x3005 || value == 0x3007
    }
    private static func isJoining(_ value: UInt32) -> Bool {
        (0x0620...0x08ff).contains(value) || (0x1800...0x18af).contains(value) || (0xa840...0xa87f).contains(value)
    }
}
