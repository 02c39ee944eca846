// What the strict test client reads: responses taken apart by a reader of its own, which knows nothing of our encoder.

/// A value in a response: what RFC 3501 §9 allows between spaces and parentheses.
package enum IMAPValue: Hashable, Sendable, CustomStringConvertible {
    /// An atom, a number, a flag, or a FETCH item's name with its brackets: `BODY[HEADER.FIELDS (To)]<0>`.
    case atom(String)
    /// A quoted string or a literal.
    case string([UInt8])
    case list([IMAPValue])
    case none

    package var description: String {
        switch self {
        case .atom(let text): text
        case .string(let bytes): "\"\(String(decoding: bytes, as: UTF8.self))\""
        case .list(let values): "(\(values.map(\.description).joined(separator: " ")))"
        case .none: "NIL"
        }
    }

    package var text: String? {
        switch self {
        case .atom(let text): text
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .list, .none: nil
        }
    }

    package var bytes: [UInt8]? { if case .string(let bytes) = self { bytes } else { nil } }
    package var list: [IMAPValue]? { if case .list(let values) = self { values } else { nil } }
    package var number: UInt64? { if case .atom(let text) = self { UInt64(text) } else { nil } }
}

/// One response.
package struct IMAPResponse: Hashable, Sendable {
    /// `*`, `+`, or a command's tag.
    package var tag: String
    /// OK, NO, BAD, BYE, PREAUTH; nil for data.
    package var condition: String?
    /// What stands in the brackets, whole: `COPYUID 7 1:2 4:5`.
    package var code: String?
    /// The human's text, or the continuation's.
    package var text = ""
    /// Data: everything after the tag.
    package var values: [IMAPValue] = []

    /// The word that names a response of data: EXISTS, FETCH, LIST …
    package var name: String? {
        guard condition == nil, tag == "*" else { return nil }
        if values.first?.number != nil { return values.dropFirst().first?.text?.uppercased() }
        return values.first?.text?.uppercased()
    }

    /// The number of `* 23 EXISTS`.
    package var number: UInt64? { condition == nil ? values.first?.number : nil }

    /// The UIDs of a VANISHED (RFC 7162 §3.2.10), ranges spelled out; nil when it is malformed or another response.
    package var vanishedUIDs: [UInt64]? {
        guard values.first == .atom("VANISHED") else { return nil }
        var rest = values.dropFirst()
        if rest.first == .list([.atom("EARLIER")]) { rest = rest.dropFirst() }
        guard rest.count == 1, case .atom(let set) = rest[rest.startIndex] else { return nil }
        return Self.numbers(of: set)
    }

    /// Whether a VANISHED tells of what is gone since the client last looked.
    package var isEarlier: Bool { values.count == 3 && values[1] == .list([.atom("EARLIER")]) }

    /// `1:3,7` spelled out; nil for what is no set of numbers, has `*`, or names more than a test can mean.
    package static func numbers(of set: String) -> [UInt64]? {
        var numbers: [UInt64] = []
        for element in set.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = element.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
            guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2, first > 0,
                first <= last, last - first < 1_000_000
            else { return nil }
            numbers += first...last
        }
        return numbers
    }

    /// The items of a FETCH by name, in upper case.
    package var items: [String: IMAPValue] {
        guard name == "FETCH" || name == "UIDFETCH", values.count == 3, let list = values[2].list else { return [:] }
        var items: [String: IMAPValue] = [:]
        for index in stride(from: 0, to: list.count - 1, by: 2) {
            items[list[index].text?.uppercased() ?? ""] = list[index + 1]
        }
        return items
    }

    /// The FLAGS of a FETCH.
    package var flags: Set<String>? { items["FLAGS"]?.list.map { Set($0.compactMap(\.text)) } }
    package var uid: UInt64? { items["UID"]?.number }
    /// The MODSEQ of a FETCH (RFC 7162 §3.1.4.2).
    package var modSeq: UInt64? { items["MODSEQ"]?.list.flatMap { $0.count == 1 ? $0[0].number : nil } }
}

/// A command's outcome: its tagged response, and what came before it.
package struct IMAPReply: Sendable {
    package var tagged: IMAPResponse
    package var untagged: [IMAPResponse]

    package var isOK: Bool { tagged.condition == "OK" }
    package var isNO: Bool { tagged.condition == "NO" }
    package var isBAD: Bool { tagged.condition == "BAD" }
    package var code: String? { tagged.code }

    /// The untagged responses of data with this name.
    package func data(_ name: String) -> [IMAPResponse] { untagged.filter { $0.name == name } }
    package var fetches: [IMAPResponse] { data("FETCH") }
    /// The numbers of the EXPUNGEs, in order.
    package var expunged: [UInt64] { data("EXPUNGE").compactMap(\.number) }
    /// The UIDs of the VANISHEDs that tell of what goes now, in order.
    package var vanished: [UInt64] {
        data("VANISHED").filter { !$0.isEarlier }.flatMap { $0.vanishedUIDs ?? [] }
    }
    /// Those of the VANISHED (EARLIER)s.
    package var vanishedEarlier: [UInt64] {
        data("VANISHED").filter(\.isEarlier).flatMap { $0.vanishedUIDs ?? [] }
    }
    package var exists: UInt64? { data("EXISTS").last?.number }
    package var recent: UInt64? { data("RECENT").last?.number }
    /// The numbers of the one SEARCH response, or of ALL in the one ESEARCH; nil when there is not exactly one.
    package var found: [UInt64]? {
        if let esearch { return esearch.found }
        let searches = data("SEARCH")
        return searches.count == 1 ? searches[0].values.dropFirst().filter { $0.list == nil }.compactMap(\.number) : nil
    }
    /// The names in the CAPABILITY response; nil when there is none.
    package var capabilities: [String]? { data("CAPABILITY").last?.values.dropFirst().compactMap(\.text) }
    /// The code of an untagged status response that begins with this word, without the word.
    package func code(_ name: String) -> String? {
        let codes = untagged.compactMap(\.code) + [tagged.code].compactMap { $0 }
        return codes.first { $0 == name || $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
    }
}
