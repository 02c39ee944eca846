// What SEARCH, SORT, THREAD and ESEARCH have in common.

import IMAPSyntax

extension Command {
    /// What it searches for; nil for a command that searches nothing, which keeps nothing of what is set either.
    var searchKey: SearchKey? {
        get {
            switch self {
            case .search(let search): search.key
            case .sort(let sort): sort.key
            case .thread(let thread): thread.key
            case .esearch(let esearch): esearch.key
            default: nil
            }
        }
        set {
            guard let newValue else { return }
            switch self {
            case .search(var search):
                search.key = newValue
                self = .search(search)
            case .sort(var sort):
                sort.key = newValue
                self = .sort(sort)
            case .thread(var thread):
                thread.key = newValue
                self = .thread(thread)
            case .esearch(var esearch):
                esearch.key = newValue
                self = .esearch(esearch)
            default: break
            }
        }
    }

    /// The charset of its keys; nil where none is given.
    var searchCharset: String? {
        switch self {
        case .search(let search): search.charset
        case .sort(let sort): sort.charset
        case .thread(let thread): thread.charset
        case .esearch(let esearch): esearch.charset
        default: nil
        }
    }

    /// What RETURN asks for.
    var searchResults: SearchResults? {
        switch self {
        case .search(let search): search.results
        case .sort(let sort): sort.results
        case .esearch(let esearch): esearch.results
        default: nil
        }
    }
}

extension SearchKey {
    /// MODSEQ is among the keys.
    var asksForModSeq: Bool { contains { if case .modSeq = $0 { true } else { false } } }

    /// A message is named by its sequence number: no EXPUNGE then, also at the end of UID SEARCH and its like (RFC 7162
    /// §3.2.10.2, RFC 9051 §7.5.1).
    var namesSequenceNumbers: Bool { contains { if case .messages(.sequence) = $0 { true } else { false } } }

    /// The same, as long as nobody has looked what its filters hold.
    var mayNameSequenceNumbers: Bool {
        contains {
            switch $0 {
            case .messages(.sequence), .filter: true
            default: false
            }
        }
    }
}
