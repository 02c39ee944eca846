// The commands of a random sequence: how they are written, and how the next one is chosen.

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
    case fetch(ModelSet, isUID: Bool, FetchItems, changedSince: UInt64?)
    case store(ModelSet, isUID: Bool, FlagOperation, Set<String>, isSilent: Bool, unchangedSince: UInt64?)
    case expunge(ModelSet?)
    case copy(ModelSet, isUID: Bool, to: String)
    case move(ModelSet, isUID: Bool, to: String)
    case append(to: String, Set<String>, number: Int)
    case search(ModelKey, isUID: Bool)
    case status(String)

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

    /// What the client sends, without tag and line end.
    var description: String {
        switch self {
        case .noop: return "NOOP"
        case .check: return "CHECK"
        case .beginIdle: return "IDLE"
        case .endIdle: return "DONE"
        case .select(let name, let isReadOnly, let cache):
            let parameter = cache.map { " (QRESYNC (\($0.0) \($0.1)))" } ?? ""
            return "\(isReadOnly ? "EXAMINE" : "SELECT") \(name)\(parameter)"
        case .close: return "CLOSE"
        case .unselect: return "UNSELECT"
        case .fetch(let set, let isUID, let items, let since):
            let modifier = since.map { " (CHANGEDSINCE \($0)\(isUID ? " VANISHED" : ""))" } ?? ""
            return "\(Self.prefix(isUID))FETCH \(set) \(items.rawValue)\(modifier)"
        case .store(let set, let isUID, let operation, let flags, let isSilent, let since):
            let modifier = since.map { "(UNCHANGEDSINCE \($0)) " } ?? ""
            let item = operation.rawValue + (isSilent ? ".SILENT" : "")
            return "\(Self.prefix(isUID))STORE \(set) \(modifier)\(item) \(Self.list(flags))"
        case .expunge(let set): return set.map { "UID EXPUNGE \($0)" } ?? "EXPUNGE"
        case .copy(let set, let isUID, let target): return "\(Self.prefix(isUID))COPY \(set) \(target)"
        case .move(let set, let isUID, let target): return "\(Self.prefix(isUID))MOVE \(set) \(target)"
        case .append(let target, let flags, let number):
            let text = MessageModel.text(number)
            return "APPEND \(target) \(Self.list(flags)) {\(text.utf8.count)+}\r\n\(text)"
        case .search(let key, let isUID): return "\(Self.prefix(isUID))SEARCH \(key)"
        case .status(let name): return "STATUS \(name) (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE)"
        }
    }

    private static func prefix(_ isUID: Bool) -> String { isUID ? "UID " : "" }
    private static func list(_ flags: Set<String>) -> String { "(\(flags.sorted().joined(separator: " ")))" }

    /// Whether its replies may hold EXPUNGE or VANISHED (RFC 3501 §7.4.1; RFC 7162 §3.2.10.2 on UID SEARCH, which the
    /// server keeps to in every mode).
    var mayExpunge: Bool {
        switch self {
        case .fetch(_, let isUID, _, _), .store(_, let isUID, _, _, _, _): isUID
        case .search(let key, let isUID): isUID && !key.hasNumbers
        default: true
        }
    }
}

/// A key of SEARCH.
indirect enum ModelKey: CustomStringConvertible {
    case all
    case flag(String, isSet: Bool)
    case numbers(ModelSet)
    case uids(ModelSet)
    case subject(Int)
    case larger(UInt64)
    case smaller(UInt64)
    case not(ModelKey)
    case either(ModelKey, ModelKey)
    case both(ModelKey, ModelKey)

    var description: String {
        switch self {
        case .all: "ALL"
        case .flag(let name, let isSet):
            name.hasPrefix("\\")
                ? "\(isSet ? "" : "UN")\(name.dropFirst().uppercased())" : "\(isSet ? "" : "UN")KEYWORD \(name)"
        case .numbers(let set): "\(set)"
        case .uids(let set): "UID \(set)"
        case .subject(let number): "SUBJECT s\(number)e"
        case .larger(let size): "LARGER \(size)"
        case .smaller(let size): "SMALLER \(size)"
        case .not(let key): "NOT \(key)"
        case .either(let one, let other): "OR \(one) \(other)"
        case .both(let one, let other): "(\(one) \(other))"
        }
    }

    var hasNumbers: Bool {
        switch self {
        case .numbers: true
        case .not(let key): key.hasNumbers
        case .either(let one, let other), .both(let one, let other): one.hasNumbers || other.hasNumbers
        default: false
        }
    }

    /// - Parameters:
    ///   - number: the message's, of `last` in the client's view, whose last UID is `lastUID`.
    func matches(_ message: MessageModel, number: UInt64, last: UInt64, lastUID: UInt64) -> Bool {
        switch self {
        case .all: true
        case .flag(let name, let isSet): message.flags.contains(name) == isSet
        case .numbers(let set): set.contains(number, last: last)
        case .uids(let set): set.contains(message.uid, last: lastUID)
        case .subject(let subject): message.number == subject
        case .larger(let size): message.size > size
        case .smaller(let size): message.size < size
        case .not(let key): !key.matches(message, number: number, last: last, lastUID: lastUID)
        case .either(let one, let other):
            one.matches(message, number: number, last: last, lastUID: lastUID)
                || other.matches(message, number: number, last: last, lastUID: lastUID)
        case .both(let one, let other):
            one.matches(message, number: number, last: last, lastUID: lastUID)
                && other.matches(message, number: number, last: last, lastUID: lastUID)
        }
    }
}

/// Chooses commands.
struct CommandChooser {
    static let flags = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "\\Draft", "$Work", "$Home"]
    var random: SeededRandom
    /// Whether this sequence has IDLE.
    let hasIdle: Bool
    let mailboxes: [String]

    /// For a session with nothing selected.
    mutating func first(count: Int) -> ModelCommand {
        switch random.number(1...6) {
        case 1: .status(random.one(of: mailboxes))
        case 2: append(count + 1)
        default: .select(mailbox(), isReadOnly: random.isOneIn(6), cache: nil)
        }
    }

    /// The first mailbox is the one where most happens.
    private mutating func mailbox() -> String { random.isOneIn(4) ? random.one(of: mailboxes) : mailboxes[0] }
    private mutating func append(_ number: Int) -> ModelCommand {
        .append(to: mailbox(), Set(random.isOneIn(2) ? [] : random.some(of: Self.flags)), number: number)
    }

    mutating func next(for client: ClientModel, uidNext: UInt64, count: Int) -> ModelCommand {
        let isUID = random.isOneIn(2)
        let messages = set(last: isUID ? uidNext : UInt64(client.view.count), isUID: isUID)
        let target = mailbox()
        switch random.number(1...40) {
        case 1...4: return .noop
        case 5: return .check
        case 6, 7: return hasIdle ? .beginIdle : .noop
        case 8: return .select(target, isReadOnly: random.isOneIn(5), cache: nil)
        case 9: return random.isOneIn(2) ? .close : .unselect
        case 10...15: return fetch(messages, isUID, client)
        case 16...23: return store(messages, isUID, client)
        case 24, 25: return .expunge(random.isOneIn(2) ? nil : set(last: uidNext, isUID: true))
        case 26...28: return .copy(messages, isUID: isUID, to: target)
        case 29, 30: return .move(messages, isUID: isUID, to: target)
        case 31...34: return append(count + 1)
        case 35...38: return .search(key(client, uidNext, depth: 2), isUID: isUID)
        default: return .status(target)
        }
    }

    private mutating func fetch(_ set: ModelSet, _ isUID: Bool, _ client: ClientModel) -> ModelCommand {
        let isPlain = client.mode != .qresync
        let items = random.one(of: ModelCommand.FetchItems.allCases.filter { !isPlain || $0 != .modSeqs })
        let since = isPlain || !random.isOneIn(3) ? nil : someModSeq(client)
        // What is left out is not read, and so not seen: that is for a test of its own.
        let isReading = items == .body && since != nil
        return .fetch(set, isUID: isUID, isReading ? .flags : items, changedSince: since)
    }

    private mutating func someModSeq(_ client: ClientModel) -> UInt64 {
        let high = Int(clamping: client.highestModSeq)
        return random.isOneIn(8) ? 1 : UInt64(max(1, high - random.number(0...12)))
    }

    private mutating func store(_ set: ModelSet, _ isUID: Bool, _ client: ClientModel) -> ModelCommand {
        let since = client.mode == .qresync && random.isOneIn(3) ? someModSeq(client) : nil
        return .store(
            set, isUID: isUID, random.one(of: FlagOperation.allCases), Set(random.some(of: Self.flags).prefix(3)),
            isSilent: random.isOneIn(2), unchangedSince: since)
    }

    /// Mostly of messages that are there; for numbers now and then of one beyond them.
    private mutating func set(last: UInt64, isUID: Bool) -> ModelSet {
        let last = max(1, Int(last)) + (random.isOneIn(20) ? 1 : 0)
        let elements = (0..<random.number(1...2)).map { _ -> (UInt64?, UInt64?) in
            let first = random.isOneIn(8) ? nil : UInt64(random.number(1...last))
            let second = random.isOneIn(2) ? first : random.isOneIn(6) ? nil : UInt64(random.number(1...last))
            return (first, second)
        }
        return ModelSet(elements: elements)
    }

    private mutating func key(_ client: ClientModel, _ uidNext: UInt64, depth: Int) -> ModelKey {
        switch random.number(depth > 0 ? 1...13 : 1...10) {
        case 1: .all
        case 2...4: .flag(random.one(of: Self.flags), isSet: random.isOneIn(2))
        case 5: .numbers(set(last: UInt64(client.view.count), isUID: false))
        case 6: .uids(set(last: uidNext, isUID: true))
        case 7, 8: .subject(random.number(1...12))
        case 9: .larger(UInt64(random.number(30...90)))
        case 10: .smaller(UInt64(random.number(30...90)))
        case 11: .not(key(client, uidNext, depth: depth - 1))
        case 12: .either(key(client, uidNext, depth: depth - 1), key(client, uidNext, depth: depth - 1))
        default: .both(key(client, uidNext, depth: depth - 1), key(client, uidNext, depth: depth - 1))
        }
    }
}
