// The commands of a random sequence, and how they are written.

import TestSupport

enum ModelCommand: CustomStringConvertible {
    case noop
    case check
    case beginIdle
    case endIdle
    /// `cache` is what QRESYNC is given: UIDVALIDITY and HIGHESTMODSEQ.
    case select(String, isReadOnly: Bool, cache: (UInt64, UInt64)?)
    case close
    case unselect
    case create(String)
    case delete(String)
    case rename(String, to: String)
    /// Of the mailboxes that begin so.
    case list(String)
    case fetch(ModelSet, isUID: Bool, FetchItems, changedSince: UInt64?)
    case store(ModelSet, isUID: Bool, FlagOperation, Set<String>, isSilent: Bool, unchangedSince: UInt64?)
    case expunge(ModelSet?)
    case copy(ModelSet, isUID: Bool, to: String)
    case move(ModelSet, isUID: Bool, to: String)
    /// Of several messages it is MULTIAPPEND.
    case append(to: String, [Appended])
    case replace(UInt64, isUID: Bool, to: String, Appended)
    case search(ModelKey, isUID: Bool, SearchReturn)
    case cancelUpdate(String)
    case status(String)

    /// A message to be stored.
    struct Appended: Hashable {
        let number: Int
        let flags: Set<String>

        var description: String {
            let text = MessageModel.text(number)
            return "\(ModelCommand.list(flags)) {\(text.utf8.count)+}\r\n\(text)"
        }
    }

    /// What a search is to do with what it finds.
    enum SearchReturn: String, CaseIterable {
        case plain = ""
        case save = "RETURN (SAVE) "
        case saveAll = "RETURN (SAVE ALL) "
        case update = "RETURN (UPDATE ALL) "

        var saves: Bool { self == .save || self == .saveAll }
    }

    enum FetchItems: String, CaseIterable {
        case flags = "FLAGS"
        case both = "(UID FLAGS)"
        case sizes = "(RFC822.SIZE UID)"
        case subject = "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"
        case body = "BODY[]"
        case modSeqs = "(UID MODSEQ)"

        /// The item that the reply must have.
        var name: String {
            switch self {
            case .flags, .both: "FLAGS"
            case .sizes: "RFC822.SIZE"
            case .subject: "BODY[HEADER.FIELDS (SUBJECT)]"
            case .body: "BODY[]"
            case .modSeqs: "MODSEQ"
            }
        }
    }

    var description: String { written("") }

    /// What the client sends, without tag and line end.
    /// - Parameter prefix: what stands before the names of mailboxes.
    func written(_ prefix: String) -> String {
        let name = { (name: String) in prefix.isEmpty ? name : "\"\(prefix)\(name)\"" }
        switch self {
        case .noop: return "NOOP"
        case .check: return "CHECK"
        case .beginIdle: return "IDLE"
        case .endIdle: return "DONE"
        case .select(let mailbox, let isReadOnly, let cache):
            let parameter = cache.map { " (QRESYNC (\($0.0) \($0.1)))" } ?? ""
            return "\(isReadOnly ? "EXAMINE" : "SELECT") \(name(mailbox))\(parameter)"
        case .close: return "CLOSE"
        case .unselect: return "UNSELECT"
        case .create(let mailbox): return "CREATE \(name(mailbox))"
        case .delete(let mailbox): return "DELETE \(name(mailbox))"
        case .rename(let old, let new): return "RENAME \(name(old)) \(name(new))"
        case .list(let prefix): return "LIST \"\" \(prefix)*"
        case .fetch(let set, let isUID, let items, let since):
            let modifier = since.map { " (CHANGEDSINCE \($0)\(isUID ? " VANISHED" : ""))" } ?? ""
            return "\(Self.prefix(isUID))FETCH \(set) \(items.rawValue)\(modifier)"
        case .store(let set, let isUID, let operation, let flags, let isSilent, let since):
            let modifier = since.map { "(UNCHANGEDSINCE \($0)) " } ?? ""
            let item = operation.rawValue + (isSilent ? ".SILENT" : "")
            return "\(Self.prefix(isUID))STORE \(set) \(modifier)\(item) \(Self.list(flags))"
        case .expunge(let set): return set.map { "UID EXPUNGE \($0)" } ?? "EXPUNGE"
        case .copy(let set, let isUID, let target): return "\(Self.prefix(isUID))COPY \(set) \(name(target))"
        case .move(let set, let isUID, let target): return "\(Self.prefix(isUID))MOVE \(set) \(name(target))"
        case .append(let target, let messages):
            return "APPEND \(name(target)) \(messages.map(\.description).joined(separator: " "))"
        case .replace(let number, let isUID, let target, let message):
            return "\(Self.prefix(isUID))REPLACE \(number) \(name(target)) \(message.description)"
        case .search(let key, let isUID, let results):
            return "\(Self.prefix(isUID))SEARCH \(results.rawValue)\(key)"
        case .cancelUpdate(let tag): return "CANCELUPDATE \"\(tag)\""
        case .status(let mailbox): return "STATUS \(name(mailbox)) (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE)"
        }
    }

    private static func prefix(_ isUID: Bool) -> String { isUID ? "UID " : "" }
    private static func list(_ flags: Set<String>) -> String { "(\(flags.sorted().joined(separator: " ")))" }

    /// Whether its replies may hold EXPUNGE or VANISHED (RFC 3501 §7.4.1; RFC 7162 §3.2.10.2 on UID SEARCH, which the
    /// server keeps to in every mode).
    var mayExpunge: Bool {
        switch self {
        case .fetch(_, let isUID, _, _), .store(_, let isUID, _, _, _, _): isUID
        case .search(let key, let isUID, _): isUID && !key.hasNumbers
        default: true
        }
    }

    /// It is for one's own mailboxes alone.
    var isOwners: Bool {
        switch self {
        case .create, .delete, .rename, .list, .replace: true
        default: false
        }
    }

    /// It is for a mailbox that may be changed.
    var needsWritableMailbox: Bool {
        switch self {
        case .store, .expunge, .move, .replace: true
        default: false
        }
    }

    /// It names messages by their place.
    var countsMessages: Bool {
        switch self {
        case .fetch(_, let isUID, _, _), .store(_, let isUID, _, _, _, _), .copy(_, let isUID, _),
            .move(_, let isUID, _), .replace(_, let isUID, _, _):
            !isUID
        case .search(let key, let isUID, _): !isUID || key.hasNumbers
        default: false
        }
    }
}
