// Unicode normalisation, from Foundation; the one place that asks for it.

private import Foundation

extension String {
    /// In normalisation form C.
    package var normalizedToNFC: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }
    /// In normalisation form D.
    package var normalizedToNFD: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : decomposedStringWithCanonicalMapping
    }
    /// In normalisation form KC.
    package var normalizedToNFKC: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCompatibilityMapping
    }
    /// In normalisation form KD.
    package var normalizedToNFKD: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : decomposedStringWithCompatibilityMapping
    }
}
