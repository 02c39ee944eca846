// What a reply must hold besides the changes: the answers to FETCH, STORE, SEARCH, STATUS and SELECT.

import TestSupport

struct ReplyCheck {
    let command: ModelCommand
    let reply: IMAPReply
    /// The client before the command and after it.
    let before: ClientModel?
    let client: ClientModel
    let truth: MailboxModel

    func check() throws {
        switch command {
        case .select: try checkSelect()
        case .fetch(let set, let isUID, let items, let since): try checkFetch(set, isUID, items, since)
        case .store(let set, let isUID, _, _, let isSilent, let since): try checkStore(set, isUID, isSilent, since)
        case .search(let key, let isUID, let results): try checkSearch(key, isUID, results)
        case .replace: try checkReplace()
        default: break
        }
    }

    private func require(_ isRight: Bool, _ what: @autoclosure () -> String) throws {
        if !isRight { throw TestFailure(what()) }
    }

    /// What a FETCH calls the message: once UIDONLY is enabled, by its UID.
    private func numberTold(_ number: UInt64, _ uid: UInt64) -> UInt64 { client.isUIDOnly ? uid : number }
    private var fetches: [IMAPResponse] { reply.fetches + reply.data("UIDFETCH") }

    /// RFC 8508 §4.3: APPENDUID stands in an untagged response, before what tells that the old message is gone.
    private func checkReplace() throws {
        guard reply.isOK, let new = reply.untagged.firstIndex(where: { $0.code?.hasPrefix("APPENDUID ") == true })
        else { return try require(!reply.isOK, "APPENDUID is missing, or in the tagged response") }
        let gone = reply.untagged.firstIndex { ["EXPUNGE", "VANISHED"].contains($0.name) }
        try require(gone.map { $0 > new } ?? false, "EXPUNGE is missing, or before APPENDUID")
    }

    private func checkSelect() throws {
        try require(reply.exists == UInt64(truth.messages.count), "EXISTS of \(truth.messages.count)")
        try require(reply.code("UIDVALIDITY") == "\(truth.uidValidity)", "UIDVALIDITY \(truth.uidValidity)")
        try require(reply.code("UIDNEXT") == "\(truth.uidNext)", "UIDNEXT \(truth.uidNext)")
        if client.mode != .rev2, !client.isUIDOnly {
            let unseen = truth.messages.firstIndex { !$0.flags.contains("\\Seen") }.map { "\($0 + 1)" }
            try require(reply.code("UNSEEN") == unseen, "UNSEEN \(unseen ?? "")")
        }
        guard client.mode == .qresync else { return }
        try require(client.highestModSeq > 0, "HIGHESTMODSEQ is missing")
        try require((reply.code("CLOSED") != nil) == (before != nil), "CLOSED when a mailbox was selected, else not")
        // What QRESYNC was asked for: all that the client knew is what it should be, or was said to be gone.
        guard case .select(_, _, .some) = command else { return }
        let gone = client.flags.keys.filter { truth[$0] == nil }
        try require(gone.isEmpty, "UIDs \(gone.sorted()) are gone, and were not VANISHED (EARLIER)")
    }

    private func checkFetch(
        _ set: ModelSet, _ isUID: Bool, _ items: ModelCommand.FetchItems, _ since: UInt64?
    ) throws {
        guard reply.isOK, let asked = before?.uids(set, isUID: isUID) else { return }
        let name = items.name
        let numbers = Dictionary(uniqueKeysWithValues: (before?.view ?? []).enumerated().map { ($1, UInt64($0 + 1)) })
        for uid in asked {
            guard let message = truth[uid], let number = numbers[uid] else { continue }
            // The numbers are those of before: what EXPUNGE shifts comes after.
            let rows = fetches.filter { isUID && $0.uid != nil ? $0.uid == uid : $0.number == numberTold(number, uid) }
            let value = rows.compactMap { $0.items[name] }.first
            guard since == nil || value != nil else { continue }
            switch items {
            case .sizes: try require(value?.number == message.size, "the size of UID \(uid)")
            case .subject:
                try require(value?.text == "Subject: s\(message.number)e\r\n\r\n", "the subject of UID \(uid)")
            case .body: try require(value?.text == MessageModel.text(message.number), "the body of UID \(uid)")
            default: try require(value != nil, "\(name) of UID \(uid)")
            }
        }
        if let since { try checkChangedSince(since, asked, numbers) }
    }

    /// RFC 7162 §3.1.4.1: what changed since is told; §3.2.6: and what is gone, of the messages asked for.
    private func checkChangedSince(_ since: UInt64, _ asked: [UInt64], _ numbers: [UInt64: UInt64]) throws {
        for row in fetches {
            try require(row.modSeq != nil, "MODSEQ with CHANGEDSINCE")
        }
        for uid in asked where truth[uid] != nil {
            if let known = client.modSeqs[uid], known > since, let number = numbers[uid] {
                let isTold = fetches.contains { $0.uid == uid || $0.number == numberTold(number, uid) }
                try require(isTold, "UID \(uid) has MODSEQ \(known) and was left out")
            }
        }
    }

    private func checkStore(_ set: ModelSet, _ isUID: Bool, _ isSilent: Bool, _ since: UInt64?) throws {
        guard reply.isOK, let before, let asked = before.uids(set, isUID: isUID) else { return }
        guard !isSilent, since == nil else { return }
        for uid in asked where truth[uid] != nil {
            guard let index = before.view.firstIndex(of: uid) else { continue }
            let isTold = fetches.contains {
                $0.flags != nil && ($0.uid.map { $0 == uid } ?? ($0.number == numberTold(UInt64(index + 1), uid)))
            }
            try require(isTold, "STORE without .SILENT tells nothing of UID \(uid)")
        }
    }

    /// What must be found, by what the client knew and by what is true; where these differ either is right.
    private func checkSearch(_ key: ModelKey, _ isUID: Bool, _ results: ModelCommand.SearchReturn) throws {
        guard reply.isOK, let before else { return }
        if results == .save {
            let answers = reply.data("ESEARCH").filter { ESearchReply($0)?.updates.isEmpty == true }
            return try require(
                answers.isEmpty && reply.data("SEARCH").isEmpty, "RETURN (SAVE) is silent (RFC 5182 §2.1)")
        }
        let found = try Set(
            Self.found(in: reply).compactMap { number -> UInt64? in
                if isUID { return number }
                return before.view.indices.contains(Int(number) - 1) ? before.view[Int(number) - 1] : 0
            })
        try require((client.mode == .rev2 || results != .plain) == reply.data("SEARCH").isEmpty, "SEARCH or ESEARCH")
        try require(found.isSubset(of: before.view), "found \(found.sorted()) of \(before.view)")
        for (index, uid) in before.view.enumerated() {
            guard var message = truth[uid] else { continue }
            let now = key.matches(message, at: before.place(of: index))
            message.flags = before.synchronized[uid] ?? message.flags
            let then = key.matches(message, at: before.place(of: index))
            guard now == then else { continue }
            try require(found.contains(uid) == now, "UID \(uid) should \(now ? "" : "not ")be found")
        }
    }

    /// The numbers of the one SEARCH, or of ALL in the one ESEARCH that is no update.
    static func found(in reply: IMAPReply) throws -> [UInt64] {
        let answers = reply.data("ESEARCH").compactMap(ESearchReply.init)
            .filter { $0.tag == reply.tagged.tag && $0.updates.isEmpty }
        if answers.count == 1 { return answers[0].found }
        guard answers.isEmpty, reply.data("ESEARCH").allSatisfy({ ESearchReply($0)?.updates.isEmpty == false }),
            let search = reply.data("SEARCH").first, reply.data("SEARCH").count == 1
        else { throw TestFailure("not one SEARCH or ESEARCH response") }
        return search.values.dropFirst().compactMap(\.number)
    }
}
