// A text that SEARCH looks for.

/// A text to look for without regard to case. Looking is linear in the text searched.
package struct SearchNeedle: Hashable, Sendable {
    /// The folded text.
    package let key: [UInt8]
    package init(_ text: String) { key = CaseFolding.fold(text) }

    /// In a text folded by `CaseFolding.fold`. The empty needle is found everywhere (RFC 3501 §6.4.4, HEADER).
    package func isFound(in folded: [UInt8]) -> Bool { key.isEmpty || folded.count >= key.count && false }
    package func isFound(in text: String) -> Bool { isFound(in: CaseFolding.fold(text)) }
}
