// What the account holds by the RFCs' rules: mailboxes, messages, flags, UIDs. It knows nothing of our store.

/// A message, told from others by its number, which stands in its subject.
struct MessageModel: Hashable {
    var uid: UInt64
    let number: Int
    var flags: Set<String>

    /// The lines of the body make the sizes differ.
    static func text(_ number: Int) -> String {
        "From: n\(number)@example.org\r\nSubject: s\(number)e\r\n\r\n"
            + String(repeating: "line\r\n", count: number % 7)
    }
    var size: UInt64 { UInt64(Self.text(number).utf8.count) }
}

struct MailboxModel {
    /// What tells it from all others, whatever it is called now or was called before.
    let key: String
    /// 0 until it is known.
    var uidValidity: UInt64 = 0
    /// The other account has every right on it.
    var isShared = false
    var uidNext: UInt64 = 1
    /// Ascending by UID.
    var messages: [MessageModel] = []
    /// The first UID that no session has been told of as \Recent.
    var firstRecent: UInt64 = 1
    /// Every combination of flags that a message has had: a client that idles may hear of each.
    private(set) var history: [UInt64: Set<Set<String>>] = [:]

    init(key: String) { self.key = key }

    var uids: [UInt64] { messages.map(\.uid) }
    func index(of uid: UInt64) -> Int? { messages.firstIndex { $0.uid == uid } }
    subscript(uid: UInt64) -> MessageModel? { index(of: uid).map { messages[$0] } }

    /// - Returns: the new UID.
    @discardableResult
    mutating func add(_ number: Int, _ flags: Set<String>) -> UInt64 {
        messages.append(MessageModel(uid: uidNext, number: number, flags: flags))
        history[uidNext, default: []].insert(flags)
        uidNext += 1
        return uidNext - 1
    }

    mutating func store(_ operation: FlagOperation, _ change: Set<String>, of uids: [UInt64]) {
        for uid in uids {
            guard let index = index(of: uid) else { continue }
            messages[index].flags = operation.applied(change, to: messages[index].flags)
            history[uid, default: []].insert(messages[index].flags)
        }
    }

    /// EXPUNGE, or UID EXPUNGE with a set.
    mutating func expunge(only: ((UInt64) -> Bool)? = nil) {
        messages.removeAll { $0.flags.contains("\\Deleted") && only?($0.uid) ?? true }
    }

    mutating func remove(_ uid: UInt64) { messages.removeAll { $0.uid == uid } }
}

struct AccountModel {
    /// By key.
    var mailboxes: [String: MailboxModel] = [:]
    /// The key of the mailbox of each name.
    private var keys: [String: String] = [:]
    /// How many messages there ever were, and mailboxes.
    private(set) var count = 0
    private var mailboxCount = 0

    var names: [String] { keys.keys.sorted() }
    func key(of name: String) -> String? { keys[name] }

    /// - Parameter isGuest: the mailbox has to be shared, else it is as if there were none (RFC 4314 §6).
    func key(of name: String, isGuest: Bool) -> String? {
        keys[name].flatMap { !isGuest || mailboxes[$0]?.isShared == true ? $0 : nil }
    }

    // MARK: Mailboxes

    /// - Returns: its key.
    @discardableResult
    mutating func create(_ name: String) -> String {
        mailboxCount += 1
        let key = "\(name)#\(mailboxCount)"
        keys[name] = key
        mailboxes[key] = MailboxModel(key: key)
        return key
    }

    mutating func delete(_ name: String) {
        if let key = keys.removeValue(forKey: name) { mailboxes[key] = nil }
    }

    mutating func rename(_ old: String, to new: String) { keys[new] = keys.removeValue(forKey: old) }

    // MARK: Messages

    /// Numbers for so many messages, whether or not they are stored in the end.
    mutating func number(_ count: Int) { self.count += count }

    /// - Returns: the new UIDs.
    mutating func append(_ messages: [ModelCommand.Appended], to key: String) -> [UInt64] {
        messages.compactMap { mailboxes[key]?.add($0.number, $0.flags) }
    }

    /// COPY: the source's UIDs and those of the copies, in step.
    mutating func copy(_ uids: [UInt64], from source: String, to target: String) -> [(UInt64, UInt64)] {
        uids.compactMap { uid in
            guard let message = mailboxes[source]?[uid],
                let new = mailboxes[target]?.add(message.number, message.flags)
            else { return nil }
            return (uid, new)
        }
    }

    mutating func move(_ uids: [UInt64], from source: String, to target: String) -> [(UInt64, UInt64)] {
        let pairs = copy(uids, from: source, to: target)
        let gone = Set(pairs.map(\.0))
        mailboxes[source]?.messages.removeAll { gone.contains($0.uid) }
        return pairs
    }
}

/// STORE's three forms.
enum FlagOperation: String, CaseIterable {
    case replace = "FLAGS"
    case add = "+FLAGS"
    case remove = "-FLAGS"

    func applied(_ change: Set<String>, to flags: Set<String>) -> Set<String> {
        switch self {
        case .replace: change
        case .add: flags.union(change)
        case .remove: flags.subtracting(change)
        }
    }
}

/// A set as a client writes it; nil is `*`.
struct ModelSet: CustomStringConvertible {
    var elements: [(UInt64?, UInt64?)]
    /// `$`: what the last search with SAVE found (RFC 5182).
    static let saved = ModelSet(elements: [])
    var isSaved: Bool { elements.isEmpty }

    var description: String {
        if isSaved { return "$" }
        return elements.map { first, last in
            let words = [first, last].map { $0.map(String.init) ?? "*" }
            return words[0] == words[1] ? words[0] : words.joined(separator: ":")
        }.joined(separator: ",")
    }

    /// `*` is the last number, and names nothing where there is none; the bounds of a range have no order.
    func ranges(last: UInt64) -> [ClosedRange<UInt64>] {
        elements.compactMap { first, second in
            if last == 0, first == nil || second == nil { return nil }
            let (one, other) = (first ?? last, second ?? last)
            return min(one, other)...max(one, other)
        }
    }

    func contains(_ number: UInt64, last: UInt64) -> Bool { ranges(last: last).contains { $0.contains(number) } }
}
