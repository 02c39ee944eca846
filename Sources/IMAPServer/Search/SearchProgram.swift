// A SEARCH made ready to run: what the snapshot can decide it decides, and only what is left reads messages.
//
// Theory. Each key becomes a node with a cost: 0 for what the snapshot holds (flags, sizes, INTERNALDATE, numbers), 1
// for the Date field, which the store keeps decoded, 2 for header text, 3 for body text. Children of AND and OR are
// sorted by cost, so a message is read only when all that is cheaper left the answer open, and no further than needed.
// Flags are looked up by flag set: each combination is judged once, not each message.

package import IMAPSyntax
package import Mail
package import MailStore

/// A pure value; may cross to a reader's thread.
package struct SearchProgram: Sendable {
    indirect enum Node: Sendable {
        case constant(Bool)
        /// Sequence numbers, as indices.
        case indices([Range<Int>])
        case uids(UIDSet)
        case flagSets(FlagSetMask)
        case recent(UIDSet)
        case internalDate(SearchComparison, day: Int)
        /// INTERNALDATE in seconds since 1970.
        case internalTime(ClosedRange<Int64>)
        case modSeq(atLeast: UInt64)
        case larger(UInt64)
        case smaller(UInt64)
        case sentDate(SearchComparison, day: Int)
        case saveDate(SearchComparison, day: Int)
        case bodies(Set<BodyID>)
        case thread(ThreadName)
        /// Becomes `bodies` when the store is asked.
        case email(EmailID)
        /// With what the index says of the needle, once it was asked and could tell.
        case header(name: String, SearchNeedle, IndexCandidates?)
        case text(SearchNeedle, IndexCandidates?)
        case body(SearchNeedle, IndexCandidates?)
        case fuzzy(SearchField, FuzzyNeedle, FuzzyCandidates?)
        case not(Node)
        case any([Node])
        case all([Node])
    }

    private(set) var root: Node
    /// The search is by mod-sequence, somewhere.
    let usesModSeq: Bool
    /// Something is to be found about, and so messages have scores.
    let isFuzzy: Bool
    /// Whose messages these are, and where.
    let account: AccountID
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
    ///   - account: whose messages they are.
    ///   - now: what OLDER and YOUNGER count from.
    package init(
        _ search: Search, in mailbox: SelectedMailbox, of account: AccountID, now: MailDate = .now()
    ) throws(Problem) {
        if let charset = search.charset, !Charset.isKnown(charset) { throw .unknownCharset }
        let making = Making(charset: search.charset, mailbox: mailbox, now: now)
        root = try SearchProgram.node(search.key, making)
        usesModSeq = search.key.contains { if case .modSeq = $0 { true } else { false } }
        isFuzzy = search.key.contains { if case .fuzzy = $0 { true } else { false } }
        if !isFuzzy, search.results?.options.contains(.relevancy) == true {
            throw .unsupported("RELEVANCY without FUZZY")
        }
        self.account = account
        mailboxID = mailbox.view.mailboxID
    }

    /// What the nodes are made with.
    private struct Making {
        let charset: String?
        let mailbox: SelectedMailbox
        let now: MailDate
        /// Within FUZZY.
        var isFuzzy = false
    }

    /// Whether some message may have to be read.
    package var readsStore: Bool { root.cost > 0 }

    /// Every message of the view is found.
    var findsAll: Bool { root.isAlwaysTrue }

    /// How many questions a message may be asked: each takes about as long as the next.
    var keys: Int { root.keys }

    // MARK: From keys to nodes

    /// Recursion is bounded by the parser's `SyntaxLimits.nesting`.
    private static func node(_ key: SearchKey, _ making: Making) throws(Problem) -> Node {
        switch key {
        case .text(let field, let bytes): return try text(field, bytes, making)
        case .not(let inner): return .not(try node(inner, making))
        case .or(let first, let second): return .any(try sorted([first, second], making))
        case .and(let keys): return .all(try sorted(keys, making))
        case .fuzzy(let inner):
            var making = making
            making.isFuzzy = true
            return try node(inner, making)
        // `Session.withoutFilters` leaves none.
        case .filter: throw .unsupported("FILTER")
        default: return leaf(key, making)
        }
    }

    /// The keys that nothing can be wrong with.
    private static func leaf(_ key: SearchKey, _ making: Making) -> Node {
        let flagSets = making.mailbox.view.flagSets
        return switch key {
        case .messages(let selection): numbers(selection, making.mailbox)
        case .flag(let flag): .flagSets(FlagSetMask(flagSets.ids { $0.contains(flag) }))
        case .keyword(let keyword): .flagSets(FlagSetMask(flagSets.ids { $0.keywords.contains(keyword) }))
        case .recent: .recent(making.mailbox.recent)
        case .date(.internal, let comparison, let day): .internalDate(comparison, day: day)
        case .date(.sent, let comparison, let day): .sentDate(comparison, day: day)
        case .date(.saved, let comparison, let day): .saveDate(comparison, day: day)
        case .older(let seconds): .internalTime(.min...making.now.secondsSince1970 - Int64(seconds))
        case .younger(let seconds): .internalTime(making.now.secondsSince1970 - Int64(seconds)...(.max))
        case .larger(let size): .larger(size)
        case .smaller(let size): .smaller(size)
        case .modSeq(let value): .modSeq(atLeast: value)
        // An identifier that is nobody's finds nothing.
        case .emailID(let id): ObjectID.email(id).map { .email($0) } ?? .constant(false)
        case .threadID(let id): ObjectID.thread(id).map { .thread($0) } ?? .constant(false)
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

    private static func text(_ field: SearchField, _ bytes: [UInt8], _ making: Making) throws(Problem) -> Node {
        let text = try decoded(bytes, charset: making.charset)
        if making.isFuzzy {
            let needle = FuzzyNeedle(text)
            if !needle.whole.key.isEmpty { return .fuzzy(field, needle, nil) }
        }
        let needle = SearchNeedle(text)
        if let name = field.headerName { return .header(name: name, needle, nil) }
        if needle.key.isEmpty { return .constant(true) }
        return field == .body ? .body(needle, nil) : .text(needle, nil)
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

/// Some of an account's flag sets. Asked for each message, so without hashing: they are numbered from 1 on.
struct FlagSetMask: Sendable {
    /// Numbers below this are looked up in an array.
    private static let small: UInt32 = 65_536
    private var isIn: [Bool]
    private let large: Set<FlagSetID>

    init(_ ids: Set<FlagSetID>) {
        let numbers = ids.map(\.rawValue).filter { $0 < FlagSetMask.small }
        isIn = Array(repeating: false, count: numbers.max().map { Int($0) + 1 } ?? 0)
        for number in numbers { isIn[Int(number)] = true }
        large = ids.filter { $0.rawValue >= FlagSetMask.small }
    }

    func contains(_ id: FlagSetID) -> Bool {
        id.rawValue < isIn.count ? isIn[Int(id.rawValue)] : !large.isEmpty && large.contains(id)
    }
}

extension SearchField {
    /// The one header field that is looked at; nil for BODY and TEXT.
    var headerName: String? {
        switch self {
        case .bcc: "Bcc"
        case .cc: "Cc"
        case .from: "From"
        case .subject: "Subject"
        case .to: "To"
        case .header(let name): name
        case .body, .text: nil
        }
    }
}

extension SearchField {
    fileprivate var indexedPart: IndexedPart {
        switch self {
        case .body: .body
        case .text: .text
        default: .header
        }
    }
}

// MARK: The index

/// The messages that can have about one of a fuzzy needle's words: whatever the needle would find in them, they are
/// among these, so that the index changes no answer.
struct FuzzyCandidates: Sendable {
    private let likely: Set<BodyID>
    private let index: IndexCandidates

    /// nil when the index cannot tell: of a word that is so short that none of its trigrams need be left.
    init?(_ needle: FuzzyNeedle, in part: IndexedPart, _ reader: AccountReader) throws {
        var likely: Set<BodyID> = []
        var index: IndexCandidates?
        for word in needle.words {
            for variant in FuzzyNeedle.variants(of: word) {
                let text = SearchNeedle(String(decoding: variant.text, as: UTF8.self))
                guard let near = try reader.candidates(near: text, edits: variant.edits, in: part) else { return nil }
                index = index ?? near
                likely.formUnion(near.bodies)
            }
        }
        guard let index else { return nil }
        self.likely = likely
        self.index = index
    }

    func mayContain(_ body: BodyID) -> Bool { !index.isIndexed(body) || likely.contains(body) }
}

extension SearchProgram {
    /// Whether the store is to be asked before the first message is.
    var mustConsult: Bool { root.mustConsult }

    /// Asks the index of each needle, once: which messages need not be read; and which messages have an EMAILID.
    mutating func consult(_ reader: AccountReader) throws { root = try root.consulting(reader, account) }
}

extension SearchProgram.Node {
    fileprivate var mustConsult: Bool {
        switch self {
        case .header, .text, .body, .fuzzy, .email: true
        case .not(let inner): inner.mustConsult
        case .any(let nodes), .all(let nodes): nodes.contains(where: \.mustConsult)
        default: false
        }
    }

    fileprivate func consulting(_ reader: AccountReader, _ account: AccountID) throws -> SearchProgram.Node {
        switch self {
        case .header(let name, let needle, _): .header(name: name, needle, try reader.candidates(needle, in: .header))
        case .text(let needle, _): .text(needle, try reader.candidates(needle, in: .text))
        case .body(let needle, _): .body(needle, try reader.candidates(needle, in: .body))
        case .fuzzy(let field, let needle, _):
            .fuzzy(field, needle, try FuzzyCandidates(needle, in: field.indexedPart, reader))
        case .email(let id): .bodies(try reader.bodies(id, in: account))
        case .not(let inner): .not(try inner.consulting(reader, account))
        case .any(let nodes): .any(try nodes.map { try $0.consulting(reader, account) })
        case .all(let nodes): .all(try nodes.map { try $0.consulting(reader, account) })
        default: self
        }
    }
}

extension SearchProgram.Node {
    fileprivate var isAlwaysTrue: Bool {
        switch self {
        case .constant(let value): value
        case .all(let nodes): nodes.allSatisfy(\.isAlwaysTrue)
        default: false
        }
    }

    fileprivate var keys: Int {
        switch self {
        case .not(let inner): inner.keys
        case .any(let nodes), .all(let nodes): nodes.reduce(0) { $0 + $1.keys }
        default: 1
        }
    }

    /// 0 the snapshot, 1 a column, 2 the header, 3 the body.
    var cost: Int {
        switch self {
        case .constant, .indices, .uids, .flagSets, .recent, .internalDate, .internalTime, .larger, .smaller, .modSeq,
            .bodies:
            0
        case .sentDate, .saveDate, .thread, .email: 1
        case .header: 2
        case .text, .body, .fuzzy: 3
        case .not(let inner): inner.cost
        case .any(let nodes), .all(let nodes): nodes.map(\.cost).max() ?? 0
        }
    }
}
