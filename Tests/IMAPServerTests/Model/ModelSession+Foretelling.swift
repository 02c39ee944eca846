// What each command of a random sequence does to the account, and what its reply must be.

import TestSupport

/// What a command has to come to.
struct ModelOutcome {
    var conditions: Set<String> = ["OK"]
    /// A code of the tagged response or of one before it; nil when any will do.
    var code: String?
    /// What the client hears of at the end at the latest.
    var isComplete = true
    /// False: the command was refused, and the client may be told of nothing.
    var isSynchronizing = true

    static let bad = ModelOutcome(conditions: ["BAD"], isComplete: false)
    static let refused = ModelOutcome(conditions: ["NO"], isComplete: false, isSynchronizing: false)
    /// Carried out as far as that the name was looked for.
    static func no(_ code: String) -> ModelOutcome { ModelOutcome(conditions: ["NO"], code: code) }

    func isTold(by reply: IMAPReply) -> Bool {
        guard let code, let name = code.split(separator: " ").first.map(String.init) else { return true }
        return reply.code(name) == String(code.dropFirst(name.count + 1))
    }
}

extension ModelSession {
    /// Moves the account's model, and says what the reply must be.
    func foretell(
        _ command: ModelCommand, _ reply: IMAPReply, _ account: inout AccountModel
    ) throws -> ModelOutcome {
        switch command {
        case .append(let target, let messages):
            account.number(messages.count)
            guard let key = key(of: target, account) else { return .no("TRYCREATE") }
            let uids = account.append(messages, to: key)
            return ModelOutcome(code: "APPENDUID \(account.mailboxes[key]?.uidValidity ?? 0) \(Self.set(uids))")
        case .select(let mailbox, let isReadOnly, let cache):
            leave()
            guard let key = key(of: mailbox, account) else { return .no("NONEXISTENT") }
            var client = ClientModel(
                mailbox: key, isReadOnly: isReadOnly, kind: kind, checksRecent: checksRecent)
            if cache != nil, let cached = caches[key] { client.resume(from: cached) }
            self.client = client
            return ModelOutcome(code: isReadOnly ? "READ-ONLY" : "READ-WRITE")
        case .close, .unselect:
            if case .close = command, let client, !client.isReadOnly {
                account.mailboxes[client.mailbox]?.expunge()
            }
            leave()
            return ModelOutcome()
        case .status(let name):
            guard let key = key(of: name, account), let mailbox = account.mailboxes[key] else {
                return .no("NONEXISTENT")
            }
            try check(reply, of: mailbox)
            return ModelOutcome()
        case .noop, .check, .beginIdle, .endIdle: return ModelOutcome()
        case .create, .delete, .rename, .list: return try foretellOfMailboxes(command, reply, &account)
        default:
            guard let client else { throw TestFailure("nothing is selected for \(command)") }
            if client.isReadOnly, command.needsWritableMailbox {
                // REPLACE has its literal taken first, and ends as a command that was carried out.
                if case .replace = command { return ModelOutcome(conditions: ["NO"]) }
                return .refused
            }
            if client.isUIDOnly, command.countsMessages {
                if case .replace = command { return ModelOutcome(conditions: ["BAD"], code: "UIDREQUIRED") }
                return ModelOutcome(
                    conditions: ["BAD"], code: "UIDREQUIRED", isComplete: false, isSynchronizing: false)
            }
            return try foretell(command, of: client, reply, &account)
        }
    }

    private func foretellOfMailboxes(
        _ command: ModelCommand, _ reply: IMAPReply, _ account: inout AccountModel
    ) throws -> ModelOutcome {
        switch command {
        case .create(let name):
            guard account.key(of: name) == nil else { return .no("ALREADYEXISTS") }
            account.create(name)
        case .delete(let name):
            guard let key = account.key(of: name) else { return .no("NONEXISTENT") }
            account.delete(name)
            if client?.mailbox == key { leave() }
        case .rename(let old, let new):
            guard account.key(of: old) != nil else { return .no("NONEXISTENT") }
            guard account.key(of: new) == nil else { return .no("ALREADYEXISTS") }
            account.rename(old, to: new)
        default:
            let listed = reply.data("LIST").compactMap { $0.values.last?.text }
            guard listed.sorted() == account.names else { throw TestFailure("\(listed) for \(account.names)") }
        }
        return ModelOutcome()
    }

    private func key(of name: String, _ account: AccountModel) -> String? {
        account.key(of: name, isGuest: kind.isGuest)
    }

    /// STATUS tells the mailbox as it is.
    private func check(_ reply: IMAPReply, of mailbox: MailboxModel) throws {
        let words = reply.data("STATUS").first?.values.last?.list?.compactMap(\.text) ?? []
        let told = stride(from: 0, to: words.count - 1, by: 2).reduce(into: [String: UInt64]()) {
            $0[words[$1]] = UInt64(words[$1 + 1])
        }
        let truth: [String: UInt64] = [
            "MESSAGES": UInt64(mailbox.messages.count), "UIDNEXT": mailbox.uidNext,
            "UIDVALIDITY": mailbox.uidValidity, "SIZE": mailbox.messages.reduce(0) { $0 + $1.size },
            "UNSEEN": UInt64(mailbox.messages.count { !$0.flags.contains("\\Seen") }),
        ]
        guard told == truth else { throw TestFailure("STATUS tells \(told), and it is \(truth)") }
    }

    /// The commands on messages.
    private func foretell(
        _ command: ModelCommand, of client: ClientModel, _ reply: IMAPReply, _ account: inout AccountModel
    ) throws -> ModelOutcome {
        let source = client.mailbox
        switch command {
        case .fetch(let set, let isUID, let items, let since):
            guard let uids = client.uids(set, isUID: isUID) else { return .bad }
            if items == .body, !client.isReadOnly {
                see(since == nil ? uids : try told(items.name, in: reply, to: client), client, &account)
            }
            let isGone = uids.contains { account.mailboxes[source]?[$0] == nil }
            return ModelOutcome(conditions: isGone ? ["OK", "NO"] : ["OK"], isComplete: isUID)
        case .store(let set, let isUID, let operation, let flags, let isSilent, let since):
            guard let uids = client.uids(set, isUID: isUID) else { return .bad }
            let modified = since == nil ? [] : modified(reply, client, isUID)
            let messages = uids.compactMap { account.mailboxes[source]?[$0] }
            try check(modified, of: messages, operation, flags, since)
            let changed = uids.filter { !modified.contains($0) }
            self.client?.expect(operation, flags, of: isSilent ? changed : [])
            account.mailboxes[source]?.store(operation, flags, of: changed)
            return ModelOutcome(conditions: since == nil ? ["OK"] : ["OK", "NO"], isComplete: isUID)
        case .expunge(let set):
            let lastUID = client.view.last ?? 0
            let saved = client.saved ?? []
            account.mailboxes[source]?.expunge(
                only: set.map { set in { set.isSaved ? saved.contains($0) : set.contains($0, last: lastUID) } })
            return ModelOutcome()
        case .copy(let set, let isUID, let target), .move(let set, let isUID, let target):
            guard let uids = client.uids(set, isUID: isUID) else { return .bad }
            guard let key = key(of: target, account) else {
                // Where nothing is to be copied, nobody looks where to.
                return uids.isEmpty ? ModelOutcome(conditions: ["OK", "NO"]) : .no("TRYCREATE")
            }
            let pairs =
                if case .move = command { account.move(uids, from: source, to: key) } else {
                    account.copy(uids, from: source, to: key)
                }
            return ModelOutcome(code: copyUID(pairs, key, account))
        case .replace(let number, let isUID, let target, let message):
            return replace(number, isUID: isUID, target, message, client, &account)
        case .search(let key, let isUID, let results):
            if results.saves { self.client?.saved = try saved(key, results, reply, client, account) }
            return ModelOutcome(isComplete: isUID && command.mayExpunge)
        case .cancelUpdate(let tag):
            self.client?.contexts[tag] = nil
            return ModelOutcome()
        default: throw TestFailure("no model of \(command)")
        }
    }

    /// RFC 8508 §3.4: the new message comes and the old one goes, or neither.
    private func replace(
        _ number: UInt64, isUID: Bool, _ target: String, _ message: ModelCommand.Appended, _ client: ClientModel,
        _ account: inout AccountModel
    ) -> ModelOutcome {
        account.number(1)
        guard let key = key(of: target, account) else { return .no("TRYCREATE") }
        guard let uids = client.uids(ModelSet(elements: [(number, number)]), isUID: isUID) else { return .bad }
        guard let old = uids.first else { return .no("NONEXISTENT") }
        guard account.mailboxes[client.mailbox]?[old] != nil else { return .no("EXPUNGEISSUED") }
        let uid = account.append([message], to: key)
        account.mailboxes[client.mailbox]?.remove(old)
        return ModelOutcome(code: "APPENDUID \(account.mailboxes[key]?.uidValidity ?? 0) \(Self.set(uid))")
    }

    /// `$` after a search with SAVE; nil when the reply does not say what was found, and that may be one of two things.
    private func saved(
        _ key: ModelKey, _ results: ModelCommand.SearchReturn, _ reply: IMAPReply, _ client: ClientModel,
        _ account: AccountModel
    ) throws -> Set<UInt64>? {
        guard reply.isOK else { return reply.isNO ? [] : client.saved }
        if results == .saveAll {
            let found = try ReplyCheck.found(in: reply)
            let isUID = reply.data("ESEARCH").contains { ESearchReply($0)?.isUID == true }
            return Set(isUID ? found : client.uids(at: found))
        }
        var saved: Set<UInt64> = []
        for (index, uid) in client.view.enumerated() {
            guard let message = account.mailboxes[client.mailbox]?[uid], let known = client.synchronized[uid],
                known == message.flags
            else { return nil }
            if key.matches(message, at: client.place(of: index)) { saved.insert(uid) }
        }
        return saved
    }

    /// FETCH of a body sets \Seen on what the client has not seen. What another session made unseen since this client
    /// was last told is still seen to it.
    private func see(_ uids: [UInt64], _ client: ClientModel, _ account: inout AccountModel) {
        let unseen = uids.filter { client.synchronized[$0]?.contains("\\Seen") != true }
        account.mailboxes[client.mailbox]?.store(.add, ["\\Seen"], of: unseen)
    }

    /// The messages whose FETCH has this item: with CHANGEDSINCE those that are read, and so seen.
    private func told(_ item: String, in reply: IMAPReply, to client: ClientModel) throws -> [UInt64] {
        try (reply.fetches + reply.data("UIDFETCH")).filter { $0.items[item] != nil }.map(client.uid(of:))
    }

    private func copyUID(_ pairs: [(UInt64, UInt64)], _ target: String, _ account: AccountModel) -> String? {
        guard !pairs.isEmpty, let validity = account.mailboxes[target]?.uidValidity else { return nil }
        return "COPYUID \(validity) \(Self.set(pairs.map(\.0))) \(Self.set(pairs.map(\.1)))"
    }

    /// The UIDs that the reply says were not changed (RFC 7162 §3.1.3).
    private func modified(_ reply: IMAPReply, _ client: ClientModel, _ isUID: Bool) -> Set<UInt64> {
        let numbers = reply.code("MODIFIED").flatMap { IMAPResponse.numbers(of: $0) } ?? []
        return Set(isUID ? numbers : client.uids(at: numbers))
    }

    /// MODIFIED names the messages that were changed since (RFC 7162 §3.1.3). One whose flags of this STORE were not
    /// changed since the client was told need not be refused for the sake of others (§3.1.12).
    private func check(
        _ modified: Set<UInt64>, of messages: [MessageModel], _ operation: FlagOperation, _ flags: Set<String>,
        _ since: UInt64?
    ) throws {
        guard let since else { return }
        for message in messages {
            let isChanged = modSeqs[message.uid] ?? 0 > since
            guard isChanged != modified.contains(message.uid) else { continue }
            let known = client?.synchronized[message.uid] ?? []
            let isUntouched = flags.intersection(known) == flags.intersection(message.flags)
            guard isChanged, operation != .replace, isUntouched else {
                throw TestFailure("MODSEQ \(modSeqs[message.uid] ?? 0) of UID \(message.uid), MODIFIED \(modified)")
            }
        }
    }

    /// Ascending numbers as a set is written: neighbours as a range.
    static func set(_ numbers: [UInt64]) -> String {
        var ranges: [(UInt64, UInt64)] = []
        for number in numbers {
            if let last = ranges.last, last.1 + 1 == number {
                ranges[ranges.count - 1].1 = number
            } else {
                ranges.append((number, number))
            }
        }
        return ranges.map { $0 == $1 ? "\($0)" : "\($0):\($1)" }.joined(separator: ",")
    }
}
