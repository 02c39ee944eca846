// Filters: searches that lie under a name among the server's annotations (RFC 5466).

import Mail
import NIOCore

/// What the annotation of a filter is called, and what may stand in it.
package enum Filter {
    /// The one that goes before the other first (RFC 5466 §3.1).
    private static let roots = ["/private/filters/values/", "/shared/filters/values/"]

    /// The keys of the annotations in which the filter may lie, the one that goes before the other first.
    package static func entries(of name: String) -> [String] { roots.map { $0 + name.asciiLowercased } }

    /// The name of the filter whose value is in this entry, whether or not a filter can have that name; nil for what is
    /// no filter's value.
    package static func name(of entry: MetadataEntry) -> String? {
        roots.first { entry.key.hasPrefix($0) }.map { String(entry.text.dropFirst($0.count)) }
    }

    // RFC 5466 §4: filter-name = 1*<any ATOM-CHAR except "/">
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= MetadataEntry.longest - roots[0].utf8.count
            && text.utf8.allSatisfy { CharacterSet.isAtom($0) && $0 != UInt8(ascii: "/") }
    }

    // RFC 5466 §4: search-criteria = search-key *(SP search-key)
    /// - Parameter value: an annotation's. It is a command's arguments as a client would send them, in UTF-8; literals
    ///   may be among them, CHARSET may not.
    /// - Returns: the keys, or why they are none.
    package static func parse(_ value: [UInt8], limits: SyntaxLimits) -> Result<SearchKey, BadCommand> {
        guard isUTF8(value) else { return .failure(BadCommand(tag: nil, reason: "the text is not in UTF-8")) }
        var lexer = Lexer(ByteBuffer(bytes: value), limits: limits)
        do throws(SyntaxError) {
            let key = try lexer.searchKeys()
            try lexer.end()
            return .success(key)
        } catch {
            return .failure(BadCommand(tag: nil, reason: error.reason))
        }
    }
}

extension Lexer {
    mutating func filterName() throws(SyntaxError) -> String {
        let name = try atom("a filter's name")
        guard Filter.isName(name) else { throw SyntaxError("a filter's name is too long or holds a /") }
        return name
    }
}
