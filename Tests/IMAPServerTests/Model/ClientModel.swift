// What one client believes of its selected mailbox, moved by nothing but the server's responses, read as the RFCs say.
//
// Theory. `view` holds the UID of each sequence number. A client does not learn UIDs from EXISTS; the model does, from
// the account's model, so that the first FETCH of a message is checked too. `flags` holds what the client was told of
// each message, and what it worked out itself after a STORE .SILENT. `highestModSeq` moves as RFC 7162 §6 tells
// clients: by the HIGHESTMODSEQ code where one came since the last tagged response, else by the highest MODSEQ.

import TestSupport

/// How a session is spoken to, and whose it is.
struct ModelKind: CustomStringConvertible {
    let mode: ClientMode
    var isUIDOnly = false
    /// It is another account's, which shares the mailboxes.
    var isGuest = false

    var description: String { "\(mode)\(isUIDOnly ? " uidonly" : "")\(isGuest ? " guest" : "")" }
}

struct ClientModel {
    /// A search that the server keeps up to date, and its results as the client has them (RFC 5267 §4.3).
    struct Context {
        let key: ModelKey
        var members: [UInt64] = []
    }

    /// The key of the account's model.
    let mailbox: String
    let isReadOnly: Bool
    let kind: ModelKind
    private(set) var view: [UInt64] = []
    /// UIDNEXT when the client was last told of new messages.
    private(set) var uidNext: UInt64 = 1
    var flags: [UInt64: Set<String>] = [:]
    private(set) var modSeqs: [UInt64: UInt64] = [:]
    private(set) var recent: Set<UInt64> = []
    private(set) var keywords: Set<String> = []
    private(set) var highestModSeq: UInt64 = 0
    /// Of the responses since the last tagged one.
    private var highestCode: UInt64?
    private var highestFetched: UInt64 = 0
    /// The flags of each message when the client was last brought up to date.
    private(set) var synchronized: [UInt64: Set<String>] = [:]
    /// Where clients idle, who is first to be told of a message is chance.
    let checksRecent: Bool
    /// What comes now was sent while commands of others were carried out.
    var isIdling = false
    /// `$`, whether or not the messages still exist (RFC 5182); nil when the model cannot know it.
    var saved: Set<UInt64>? = []
    /// By the tag of the command that asked.
    var contexts: [String: Context] = [:]

    init(mailbox: String, isReadOnly: Bool, kind: ModelKind, checksRecent: Bool) {
        self.checksRecent = checksRecent
        self.mailbox = mailbox
        self.isReadOnly = isReadOnly
        self.kind = kind
    }

    var mode: ClientMode { kind.mode }
    var isUIDOnly: Bool { kind.isUIDOnly }

    /// The client selects the mailbox again with what it kept of it (RFC 7162 §3.2.5).
    mutating func resume(from cache: ClientModel) {
        flags = cache.flags
        modSeqs = cache.modSeqs
        highestModSeq = cache.highestModSeq
    }

    /// The UIDs of the messages that the client names; nil for a number beyond them, which is BAD.
    func uids(_ set: ModelSet, isUID: Bool) -> [UInt64]? {
        if set.isSaved { return view.filter { saved?.contains($0) == true } }
        if isUID { return view.filter { set.contains($0, last: view.last ?? 0) } }
        let last = UInt64(view.count)
        guard last > 0, set.ranges(last: last).allSatisfy({ $0.upperBound <= last }) else { return nil }
        return view.enumerated().filter { set.contains(UInt64($0.offset + 1), last: last) }.map(\.element)
    }

    /// The UIDs of these sequence numbers, as far as there are such.
    func uids(at numbers: [UInt64]) -> [UInt64] {
        numbers.compactMap { view.indices.contains(Int($0) - 1) ? view[Int($0) - 1] : nil }
    }

    /// What a key may ask about the message at this index of the view.
    func place(of index: Int) -> ModelKey.Place {
        .init(
            number: UInt64(index + 1), last: UInt64(view.count), lastUID: view.last ?? 0,
            isSaved: saved?.contains(view[index]) == true)
    }

    // MARK: Responses

    /// - Parameters:
    ///   - truth: the mailbox as it is now; the session's claim of \Recent is noted in it.
    ///   - mayExpunge: whether EXPUNGE and VANISHED are lawful in this reply.
    mutating func take(_ response: IMAPResponse, truth: inout MailboxModel, mayExpunge: Bool) throws {
        if let code = response.code { try take(code: code) }
        switch response.name {
        case "EXISTS": try takeExists(Int(response.number ?? 0), &truth)
        case "RECENT":
            guard mode != .rev2 else { throw TestFailure("RECENT in IMAP4rev2") }
            let count = UInt64(view.count { recent.contains($0) })
            guard !checksRecent || response.number == count else { throw TestFailure("RECENT, and there are \(count)") }
        case "EXPUNGE":
            guard mayExpunge else { throw TestFailure("EXPUNGE where it may not be") }
            guard mode != .qresync, !isUIDOnly else { throw TestFailure("EXPUNGE in place of VANISHED") }
            try takeExpunge(Int(response.number ?? 0), truth)
        case "VANISHED": try takeVanished(response, truth, mayExpunge)
        case "FLAGS": keywords = Set(response.values[1].list?.compactMap(\.text) ?? [])
        case "FETCH", "UIDFETCH": try takeFetch(response, truth)
        case "ESEARCH": try takeESearch(response)
        default: break
        }
    }

    private mutating func take(code: String) throws {
        if code.hasPrefix("NOUPDATE ") { contexts[code.dropFirst(9).filter { $0 != "\"" }] = nil }
        guard code.hasPrefix("HIGHESTMODSEQ ") else { return }
        guard let value = UInt64(code.dropFirst(14)), value > 0 else { throw TestFailure("[\(code)]") }
        highestCode = value
    }

    private mutating func takeExists(_ count: Int, _ truth: inout MailboxModel) throws {
        let new = truth.uids.filter { $0 >= uidNext }
        guard count == view.count + new.count else {
            throw TestFailure("EXISTS \(count): there were \(view.count), and \(new.count) came")
        }
        view += new
        uidNext = truth.uidNext
        for uid in truth.firstRecent..<max(truth.uidNext, truth.firstRecent) { recent.insert(uid) }
        // A guest takes nothing away from the owner.
        if !isReadOnly, !kind.isGuest { truth.firstRecent = truth.uidNext }
    }

    private mutating func takeExpunge(_ number: Int, _ truth: MailboxModel) throws {
        guard (1...max(1, view.count)).contains(number), !view.isEmpty else {
            throw TestFailure("EXPUNGE \(number) of \(view.count)")
        }
        let uid = view.remove(at: number - 1)
        guard truth[uid] == nil else { throw TestFailure("EXPUNGE \(number) is UID \(uid), which is there") }
        flags[uid] = nil
    }

    /// RFC 7162 §3.2.10: each UID is one that the client was told of.
    private mutating func takeVanished(_ response: IMAPResponse, _ truth: MailboxModel, _ mayExpunge: Bool) throws {
        for uid in response.vanishedUIDs ?? [] {
            guard truth[uid] == nil else { throw TestFailure("VANISHED \(uid), which is there") }
            flags[uid] = nil
            guard !response.isEarlier else { continue }
            guard mayExpunge else { throw TestFailure("VANISHED where it may not be") }
            guard let index = view.firstIndex(of: uid) else { throw TestFailure("VANISHED \(uid), never told of") }
            view.remove(at: index)
        }
    }

    private mutating func takeFetch(_ response: IMAPResponse, _ truth: MailboxModel) throws {
        let uid = try uid(of: response)
        if let told = response.uid, told != uid { throw TestFailure("the message is UID \(uid), not \(told)") }
        if let told = response.flags { try take(flags: told, of: uid, truth) }
        guard let modSeq = response.modSeq else { return }
        guard modSeq > 0, modSeq >= modSeqs[uid] ?? 0 else { throw TestFailure("MODSEQ of \(uid) fell to \(modSeq)") }
        modSeqs[uid] = modSeq
        highestFetched = max(highestFetched, modSeq)
    }

    /// The message that a FETCH or, once UIDONLY is enabled, a UIDFETCH is about.
    func uid(of response: IMAPResponse) throws -> UInt64 {
        let number = response.number ?? 0
        guard isUIDOnly == (response.name == "UIDFETCH") else { throw TestFailure("\(response.name ?? "")") }
        let isThere = isUIDOnly ? view.contains(number) : number >= 1 && number <= view.count
        guard isThere else { throw TestFailure("\(response.name ?? "") \(number) of \(view)") }
        return isUIDOnly ? number : view[Int(number) - 1]
    }

    /// What a search that is kept up to date found, and each change of that.
    private mutating func takeESearch(_ response: IMAPResponse) throws {
        guard let reply = ESearchReply(response), let tag = reply.tag else { throw TestFailure("ESEARCH is wrong") }
        guard let context = contexts[tag] else {
            guard reply.updates.isEmpty else { throw TestFailure("updates of \(tag), which asked for none") }
            return
        }
        guard let members = reply.all == nil ? reply.applied(to: context.members) : reply.found else {
            throw TestFailure("ESEARCH of \(tag) changes \(context.members) as it cannot be")
        }
        contexts[tag]?.members = members
    }

    private mutating func take(flags told: Set<String>, of uid: UInt64, _ truth: MailboxModel) throws {
        let isRecent = told.contains("\\Recent")
        guard mode == .rev2 ? !isRecent : !checksRecent || isRecent == recent.contains(uid) else {
            throw TestFailure("UID \(uid) is \(isRecent ? "" : "not ")\\Recent to this session")
        }
        let told = told.subtracting(["\\Recent"])
        let unknown = told.subtracting(keywords)
        guard unknown.isEmpty else { throw TestFailure("\(unknown) stand in FETCH and not in FLAGS") }
        if let now = truth[uid]?.flags, told != now, told != synchronized[uid],
            !isIdling || truth.history[uid]?.contains(told) != true
        {
            throw TestFailure("UID \(uid) has \(now.sorted()), and \(told.sorted()) was told")
        }
        flags[uid] = told
    }

    /// A tagged response came: RFC 7162 §6 on HIGHESTMODSEQ.
    mutating func endCommand() {
        if let highestCode { highestModSeq = highestCode } else { highestModSeq = max(highestModSeq, highestFetched) }
        highestCode = nil
        highestFetched = 0
    }

    /// The client carries out its own STORE .SILENT on what it knows.
    mutating func expect(_ operation: FlagOperation, _ change: Set<String>, of uids: [UInt64]) {
        for uid in uids { if let old = flags[uid] { flags[uid] = operation.applied(change, to: old) } }
    }

    /// Whether the client has been told all that there is.
    func knows(_ truth: MailboxModel) -> Bool {
        view == truth.uids && truth.messages.allSatisfy { flags[$0.uid] ?? $0.flags == $0.flags }
            && wrongContext(truth) == nil
    }

    /// A search whose results the client does not have right, of the messages that are there.
    private func wrongContext(_ truth: MailboxModel) -> String? {
        for (tag, context) in contexts {
            for (index, uid) in view.enumerated() {
                guard let message = truth[uid] else { continue }
                let isMember = context.key.matches(message, at: place(of: index))
                guard context.members.contains(uid) != isMember else { continue }
                return "UID \(uid) is \(isMember ? "missing from" : "among") the results of \(tag): \(context.key)"
            }
            if let stray = context.members.first(where: { !view.contains($0) }) {
                return "UID \(stray) is gone and among the results of \(tag)"
            }
        }
        return nil
    }

    /// What the client must be told by now. Afterwards this is what its next command starts from.
    mutating func check(against truth: MailboxModel, isComplete: Bool) throws {
        if isComplete, view != truth.uids { throw TestFailure("the client has \(view), there is \(truth.uids)") }
        let unknown = truth.uids.filter { !view.contains($0) }
        guard unknown.isEmpty else { throw TestFailure("the client was not told of \(unknown)") }
        if let wrong = wrongContext(truth) { throw TestFailure(wrong) }
        for message in truth.messages {
            if let known = flags[message.uid], known != message.flags {
                throw TestFailure("UID \(message.uid): client \(known.sorted()), server \(message.flags.sorted())")
            }
            synchronized[message.uid] = message.flags
        }
    }
}
