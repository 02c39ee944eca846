// A SEARCH made ready to run: what the snapshot can decide it decides, and only what is left reads messages.
//
// Theory. Each key becomes a node with a cost: 0 for what the snapshot holds (flags, sizes, INTERNALDATE, numbers), 1
// for the Date field, which the store keeps decoded, 2 for header text, 3 for body text. Children of AND and OR are
// sorted by cost, so a message is read only when all that is cheaper left the answer open, and no further than needed.
// Flags are looked up by flag set: each combination is judged once, not each message.

package import IMAPSyntax
package import Mail
import MailStore

/// A pure value; may cross to a reader's thread.
package struct SearchProgram: Sendable {
    indirect enum Node: Sendable {
        case constant(Bool)
        /// Sequence numbers, as indices.
        case indices([Range<Int>])
        case uids(UIDSet)
        case flagSets(Set<FlagSetID>)
        case recent(UIDSet)
        case internalDate(SearchComparison, day: Int)
        /// INTERNALDATE in seconds since 1970.
        case internalTime(ClosedRange<Int64>)
        case modSeq(atLeast: UInt64)
        case larger(UInt64)
        case smaller(UInt64)
        case sentDate(SearchComparison, day: Int)
        case saveDate(SearchComparison, day: Int)
        case header(name: String, SearchNeedle)
        case text(SearchNeedle)
        case body(SearchNeedle)
        case not(Node)
        case any([Node])
        case all([Node])
    }

    let root: Node
    /// The search is by mod-sequence, somewhere.
    let usesModSeq: Bool
    /// Whose messages these are.
    let mailboxID: MailboxID

    /// Why a search cannot be made ready.
    package enum Problem: Error, Hashable, Sendable {
        case unknownCharset
        /// The text is not what the charset says.
        case badText
        /// No search knows this key yet.
        case unsupported(String)
    }

    /// - Parameters:
    ///   - mailbox: the view that the numbers and flags speak of.
    ///   - now: what OLDER and YOUNGER count from.
    package init(_ search: Search, in mailbox: SelectedMailbox, now: MailDate = .now()) throws(Problem) {
        if search.results?.options.contains(.update) == true { throw .unsupported("UPDATE") }
        if search.results?.options.contains(.relevancy) == true { throw .unsupported("RELEVANCY without FUZZY") }
        if let charset = search.charset, !Charset.isKnown(charset) { throw .unknownCharset }
        let making = Making(charset: search.charset, mailbox: mailbox, now: now)
        root = try SearchProgram.node(search.key, making)
        usesModSeq = search.key.contains { if case .modSeq = $0 { true } else { false } }
        mailboxID = mailbox.view.mailboxID
    }

    /// What the nodes are made with.
    private struct Making {
        let charset: String?
        let mailbox: SelectedMailbox
        let now: MailDate
    }

    /// Whether some message may have to be read.
    package var readsStore: Bool { root.cost > 0 }

    // MARK: From keys to nodes

    /// Recursion is bounded by the parser's `SyntaxLimits.nesting`.
    private static func node(_ key: SearchKey, _ making: Making) throws(Problem) -> Node {
        switch key {
        case .text(let field, let bytes): return try text(field, bytes, charset: making.charset)
        case .not(let inner): return .not(try node(inner, making))
        case .or(let first, let second): return .any(try sorted([first, second], making))
        case .and(let keys): return .all(try sorted(keys, making))
        case .emailID: throw .unsupported("EMAILID")
        case .threadID: throw .unsupported("THREADID")
        case .fuzzy: throw .unsupported("FUZZY")
        case .filter: throw .unsupported("FILTER")
        default: return leaf(key, making)
        }
    }

    /// The keys that nothing can be wrong with.
    private static func leaf(_ key: SearchKey, _ making: Making) -> Node {
        let flagSets = making.mailbox.view.flagSets
        return switch key {
        case .messages(let selection): numbers(selection, making.mailbox)
        case .flag(let flag): .flagSets(flagSets.ids { $0.contains(flag) })
        case .keyword(let keyword): .flagSets(flagSets.ids { $0.keywords.contains(keyword) })
        case .recent: .recent(making.mailbox.recent)
        case .date(.internal, let comparison, let day): .internalDate(comparison, day: day)
        case .date(.sent, let comparison, let day): .sentDate(comparison, day: day)
        case .date(.saved, let comparison, let day): .saveDate(comparison, day: day)
        case .older(let seconds): .internalTime(.min...making.now.secondsSince1970 - Int64(seconds))
        case .younger(let seconds): .internalTime(making.now.secondsSince1970 - Int64(seconds)...(.max))
        case .larger(let size): .larger(size)
        case .smaller(let size): .smaller(size)
        case .modSeq(let value): .modSeq(atLeast: value)
        default: .constant(true)
        }
    }

    private static func sorted(_ keys: [SearchKey], _ making: Making) throws(Problem) -> [Node] {
        var nodes: [(cost: Int, place: Int, node: Node)] = []
        for key in keys {
            let node = try node(key, making)
            nodes.append((node.cost, nodes.count, node))
        }
        return nodes.sorted { ($0.cost, $0.place) < ($1.cost, $1.place) }.map(\.node)
    }

    private static func numbers(_ selection: MessageSelection, _ mailbox: SelectedMailbox) -> Node {
        switch selection {
        case .uid(let set): return .uids(set.resolved(last: mailbox.view.lastUID))
        case .saved: return .uids(mailbox.saved)
        case .sequence(let set):
            // Numbers of no message match nothing, as with Dovecot: clients ask for `*:*` in an empty mailbox.
            return .indices(mailbox.indices(within: set))
        }
    }

    private static func text(_ field: SearchField, _ bytes: [UInt8], charset: String?) throws(Problem) -> Node {
        let needle = SearchNeedle(try decoded(bytes, charset: charset))
        return switch field {
        case .bcc: .header(name: "Bcc", needle)
        case .cc: .header(name: "Cc", needle)
        case .from: .header(name: "From", needle)
        case .subject: .header(name: "Subject", needle)
        case .to: .header(name: "To", needle)
        case .header(let name): .header(name: name, needle)
        case .body: needle.key.isEmpty ? .constant(true) : .body(needle)
        case .text: needle.key.isEmpty ? .constant(true) : .text(needle)
        }
    }

    /// Text without a charset, or in US-ASCII, may be UTF-8 all the same: clients send it so.
    private static func decoded(_ bytes: [UInt8], charset: String?) throws(Problem) -> String {
        if let text = String(validating: bytes, as: UTF8.self), charset.map(isUTF8) ?? true { return text }
        guard let charset, !isUTF8(charset) else { throw .badText }
        return Charset.decode(bytes, charset: charset)
    }

    private static func isUTF8(_ charset: String) -> Bool {
        ["utf-8", "utf8", "us-ascii"].contains(charset.asciiLowercased)
    }
}

extension SearchProgram.Node {
    /// 0 the snapshot, 1 a column, 2 the header, 3 the body.
    var cost: Int {
        switch self {
        case .constant, .indices, .uids, .flagSets, .recent, .internalDate, .internalTime, .larger, .smaller, .modSeq: 0
        case .sentDate, .saveDate: 1
        case .header: 2
        case .text, .body: 3
        case .not(let inner): inner.cost
        case .any(let nodes), .all(let nodes): nodes.map(\.cost).max() ?? 0
        }
    }
}
