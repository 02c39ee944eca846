// How the next command of a random sequence is chosen.

import TestSupport

/// Chooses commands.
struct CommandChooser {
    static let flags = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "\\Draft", "$Work", "$Home"]
    var random: SeededRandom
    /// Whether this sequence has IDLE.
    let hasIdle: Bool
    /// What every name in this sequence begins with.
    let prefix: String

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        hasIdle = seed % 3 == 0
        prefix = "m\(seed)-"
    }

    /// Those that are there from the start; the others come and go.
    var firstNames: [String] { ["\(prefix)a", "\(prefix)b"] }
    private var allNames: [String] { firstNames + ["\(prefix)c", "\(prefix)d"] }

    /// For a session with nothing selected.
    mutating func first(_ account: AccountModel) -> ModelCommand {
        switch random.number(1...14) {
        case 1, 2: .status(mailbox(account))
        case 3: append(account)
        case 4: onMailboxes(account)
        default: .select(mailbox(account), isReadOnly: random.isOneIn(6), cache: nil)
        }
    }

    /// The first mailbox is the one where most happens; a name that nobody has is chosen now and then.
    private mutating func mailbox(_ account: AccountModel) -> String {
        if random.isOneIn(25) { return random.one(of: allNames) }
        let names = account.names
        guard let main = names.first else { return allNames[0] }
        return random.isOneIn(4) ? random.one(of: names) : main
    }

    private mutating func message(_ number: Int) -> ModelCommand.Appended {
        .init(number: number, flags: Set(random.isOneIn(2) ? [] : random.some(of: Self.flags)))
    }

    private mutating func append(_ account: AccountModel) -> ModelCommand {
        let count = random.isOneIn(4) ? random.number(2...3) : 1
        return .append(to: mailbox(account), (1...count).map { message(account.count + $0) })
    }

    /// CREATE, DELETE, RENAME, LIST.
    private mutating func onMailboxes(_ account: AccountModel) -> ModelCommand {
        let name = random.one(of: allNames)
        return switch random.number(1...8) {
        case 1...3: .create(name)
        case 4: .delete(name)
        case 5...7: .rename(random.isOneIn(2) ? mailbox(account) : name, to: random.one(of: allNames))
        default: .list(prefix)
        }
    }

    mutating func next(for client: ClientModel, _ account: AccountModel) -> ModelCommand {
        let uidNext = account.mailboxes[client.mailbox]?.uidNext ?? 1
        let isUID = client.isUIDOnly ? !random.isOneIn(12) : random.isOneIn(2)
        let messages = set(client, uidNext, isUID: isUID)
        let target = mailbox(account)
        switch random.number(1...45) {
        case 1...4: return .noop
        case 5: return .check
        case 6, 7: return hasIdle ? .beginIdle : .noop
        case 8: return .select(target, isReadOnly: random.isOneIn(5), cache: nil)
        case 9: return random.isOneIn(2) ? .close : .unselect
        case 10...15: return fetch(messages, isUID, client)
        case 16...23: return store(messages, isUID, client)
        case 24, 25: return .expunge(random.isOneIn(2) ? nil : set(client, uidNext, isUID: true))
        case 26...28: return .copy(messages, isUID: isUID, to: target)
        case 29, 30: return .move(messages, isUID: isUID, to: target)
        case 31...34: return append(account)
        case 35...40: return search(client, uidNext, isUID: isUID)
        case 41: return replace(client, uidNext, isUID: isUID, account)
        case 42, 43: return onMailboxes(account)
        case 44:
            guard let tag = client.contexts.keys.sorted().first else { return .status(target) }
            return .cancelUpdate(tag)
        default: return .status(target)
        }
    }

    private mutating func fetch(_ set: ModelSet, _ isUID: Bool, _ client: ClientModel) -> ModelCommand {
        let isPlain = client.mode != .qresync
        let items = random.one(of: ModelCommand.FetchItems.allCases.filter { !isPlain || $0 != .modSeqs })
        let since = isPlain || !random.isOneIn(3) ? nil : someModSeq(client)
        return .fetch(set, isUID: isUID, items, changedSince: since)
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

    private mutating func replace(
        _ client: ClientModel, _ uidNext: UInt64, isUID: Bool, _ account: AccountModel
    ) -> ModelCommand {
        let last = isUID ? uidNext : UInt64(client.view.count)
        return .replace(
            UInt64(random.number(1...max(1, Int(last)))), isUID: isUID, to: mailbox(account), message(account.count + 1)
        )
    }

    /// Mostly of messages that are there; for numbers now and then of one beyond them.
    private mutating func set(_ client: ClientModel, _ uidNext: UInt64, isUID: Bool) -> ModelSet {
        if client.saved != nil, random.isOneIn(8) { return .saved }
        let last = max(1, Int(isUID ? uidNext : UInt64(client.view.count))) + (random.isOneIn(20) ? 1 : 0)
        let elements = (0..<random.number(1...2)).map { _ -> (UInt64?, UInt64?) in
            let first = random.isOneIn(8) ? nil : UInt64(random.number(1...last))
            let second = random.isOneIn(2) ? first : random.isOneIn(6) ? nil : UInt64(random.number(1...last))
            return (first, second)
        }
        return ModelSet(elements: elements)
    }

    // MARK: Searches

    private mutating func search(_ client: ClientModel, _ uidNext: UInt64, isUID: Bool) -> ModelCommand {
        let chosen = key(client, uidNext, depth: 2)
        let results = random.one(of: ModelCommand.SearchReturn.allCases)
        guard results == .update else { return .search(chosen, isUID: isUID, results) }
        // Updates by number, and of keys with numbers, are for tests of their own.
        guard !chosen.hasNumbers, !chosen.hasSaved else { return .search(chosen, isUID: isUID, .saveAll) }
        return .search(chosen, isUID: true, .update)
    }

    private mutating func key(_ client: ClientModel, _ uidNext: UInt64, depth: Int) -> ModelKey {
        switch random.number(depth > 0 ? 1...14 : 1...11) {
        case 1: return .all
        case 2...4: return .flag(random.one(of: Self.flags), isSet: random.isOneIn(2))
        case 5:
            if client.isUIDOnly, !random.isOneIn(4) { return .all }
            let numbers = set(client, uidNext, isUID: false)
            return numbers.isSaved ? .saved : .numbers(numbers)
        case 6:
            let uids = set(client, uidNext, isUID: true)
            return uids.isSaved ? .saved : .uids(uids)
        case 7, 8: return .subject(random.number(1...12))
        case 9: return .larger(UInt64(random.number(30...90)))
        case 10: return .smaller(UInt64(random.number(30...90)))
        case 11: return client.saved == nil ? .all : .saved
        case 12: return .not(key(client, uidNext, depth: depth - 1))
        case 13: return .either(key(client, uidNext, depth: depth - 1), key(client, uidNext, depth: depth - 1))
        default: return .both(key(client, uidNext, depth: depth - 1), key(client, uidNext, depth: depth - 1))
        }
    }
}
