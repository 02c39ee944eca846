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
    let name: String
    let uidValidity: UInt64
    var uidNext: UInt64 = 1
    /// Ascending by UID.
    var messages: [MessageModel] = []
    /// The first UID that no session has been told of as \Recent.
    var firstRecent: UInt64 = 1
    /// Every combination of flags that a message has had: a client that idles may hear of each.
    private(set) var history: [UInt64: Set<Set<String>>] = [:]

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
}

struct AccountModel {
    var mailboxes: [String: MailboxModel] = [:]
    /// How many messages there ever were.
    var count = 0

    mutating func append(to name: String, _ flags: Set<String>) -> UInt64? {
        count += 1
        return mailboxes[name]?.add(count, flags)
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

    var description: String {
        elements.map { first, last in
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
