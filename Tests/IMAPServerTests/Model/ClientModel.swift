// What one client believes of its selected mailbox, moved by nothing but the server's responses, read as the RFCs say.
//
// Theory. `view` holds the UID of each sequence number. A client does not learn UIDs from EXISTS; the model does, from
// the account's model, so that the first FETCH of a message is checked too. `flags` holds what the client was told of
// each message, and what it worked out itself after a STORE .SILENT. `highestModSeq` moves as RFC 7162 §6 tells
// clients: by the HIGHESTMODSEQ code where one came since the last tagged response, else by the highest MODSEQ.

import TestSupport

struct ClientModel {
    let mailbox: String
    let isReadOnly: Bool
    let mode: ClientMode
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

    init(mailbox: String, isReadOnly: Bool, mode: ClientMode, checksRecent: Bool) {
        self.checksRecent = checksRecent
        self.mailbox = mailbox
        self.isReadOnly = isReadOnly
        self.mode = mode
    }

    /// The client selects the mailbox again with what it kept of it (RFC 7162 §3.2.5).
    mutating func resume(from cache: ClientModel) {
        flags = cache.flags
        modSeqs = cache.modSeqs
        highestModSeq = cache.highestModSeq
    }

    /// The UIDs of the messages that the client names; nil for a number beyond them, which is BAD.
    func uids(_ set: ModelSet, isUID: Bool) -> [UInt64]? {
        if isUID { return view.filter { set.contains($0, last: view.last ?? 0) } }
        let last = UInt64(view.count)
        guard last > 0, set.ranges(last: last).allSatisfy({ $0.upperBound <= last }) else { return nil }
        return view.enumerated().filter { set.contains(UInt64($0.offset + 1), last: last) }.map(\.element)
    }

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
            guard mode != .qresync else { throw TestFailure("EXPUNGE in place of VANISHED") }
            try takeExpunge(Int(response.number ?? 0), truth)
        case "VANISHED": try takeVanished(response, truth, mayExpunge)
        case "FLAGS": keywords = Set(response.values[1].list?.compactMap(\.text) ?? [])
        case "FETCH": try takeFetch(response, truth)
        default: break
        }
    }

    private mutating func take(code: String) throws {
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
        if !isReadOnly { truth.firstRecent = truth.uidNext }
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
        let number = Int(response.number ?? 0)
        guard number >= 1, number <= view.count else { throw TestFailure("FETCH \(number) of \(view.count)") }
        let uid = view[number - 1]
        if let told = response.uid, told != uid { throw TestFailure("message \(number) is UID \(uid), not \(told)") }
        if let told = response.flags { try take(flags: told, of: uid, truth) }
        guard let modSeq = response.modSeq else { return }
        guard modSeq > 0, modSeq >= modSeqs[uid] ?? 0 else { throw TestFailure("MODSEQ of \(uid) fell to \(modSeq)") }
        modSeqs[uid] = modSeq
        highestFetched = max(highestFetched, modSeq)
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
    }

    /// What the client must be told by now. Afterwards this is what its next command starts from.
    mutating func check(against truth: MailboxModel, isComplete: Bool) throws {
        if isComplete, view != truth.uids { throw TestFailure("the client has \(view), there is \(truth.uids)") }
        let unknown = truth.uids.filter { !view.contains($0) }
        guard unknown.isEmpty else { throw TestFailure("the client was not told of \(unknown)") }
        for message in truth.messages {
            if let known = flags[message.uid], known != message.flags {
                throw TestFailure("UID \(message.uid): client \(known.sorted()), server \(message.flags.sorted())")
            }
            synchronized[message.uid] = message.flags
        }
    }
}
