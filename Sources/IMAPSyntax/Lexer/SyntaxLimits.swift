// How much a command may hold.

/// Bounds on a command's shape. Its bytes are bounded by the frame decoder.
package struct SyntaxLimits: Hashable, Sendable {
    /// Parentheses, NOT and OR within each other in SEARCH.
    package var nesting = 50
    package var searchKeys = 1_000
    package var sortCriteria = 20
    /// Elements of one message set.
    package var setElements = 20_000
    /// FETCH items, LIST patterns, ENABLE's capabilities.
    package var arguments = 200
    /// Names in one HEADER.FIELDS.
    package var headerFields = 200
    /// Numbers in one section's path.
    package var sectionDepth = 100
    /// Keywords in one flag list.
    package var keywords = 100
    package var tagLength = 128

    package init() {}

    /// Once authenticated.
    package static let standard = SyntaxLimits()

    /// Before authentication.
    package static let beforeAuthentication: SyntaxLimits = {
        var limits = SyntaxLimits()
        limits.nesting = 1
        limits.setElements = 100
        limits.arguments = 30
        return limits
    }()
}
