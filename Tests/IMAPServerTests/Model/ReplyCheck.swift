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
        case .search(let key, let isUID): try checkSearch(key, isUID)
        default: break
        }
    }

    private func require(_ isRight: Bool, _ what: @autoclosure () -> String) throws {
        if !isRight { throw TestFailure(what()) }
    }

    private func checkSelect() throws {
        try require(reply.exists == UInt64(truth.messages.count), "EXISTS of \(truth.messages.count)")
        try require(reply.code("UIDVALIDITY") == "\(truth.uidValidity)", "UIDVALIDITY \(truth.uidValidity)")
        try require(reply.code("UIDNEXT") == "\(truth.uidNext)", "UIDNEXT \(truth.uidNext)")
        if client.mode != .rev2 {
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
            let rows = reply.fetches.filter { isUID && $0.uid != nil ? $0.uid == uid : $0.number == number }
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
        for row in reply.fetches {
            try require(row.modSeq != nil, "MODSEQ with CHANGEDSINCE")
        }
        for uid in asked where truth[uid] != nil {
            if let known = client.modSeqs[uid], known > since, let number = numbers[uid] {
                let isTold = reply.fetches.contains { $0.uid == uid || $0.number == number }
                try require(isTold, "UID \(uid) has MODSEQ \(known) and was left out")
            }
        }
    }

    private func checkStore(_ set: ModelSet, _ isUID: Bool, _ isSilent: Bool, _ since: UInt64?) throws {
        guard reply.isOK, let before, let asked = before.uids(set, isUID: isUID) else { return }
        guard !isSilent, since == nil else { return }
        for uid in asked where truth[uid] != nil {
            guard let index = before.view.firstIndex(of: uid) else { continue }
            let isTold = reply.fetches.contains {
                $0.flags != nil && ($0.uid.map { $0 == uid } ?? ($0.number == UInt64(index + 1)))
            }
            try require(isTold, "STORE without .SILENT tells nothing of UID \(uid)")
        }
    }

    /// What must be found, by what the client knew and by what is true; where these differ either is right.
    private func checkSearch(_ key: ModelKey, _ isUID: Bool) throws {
        guard reply.isOK, let before else { return }
        let found = try Set(
            numbersFound().compactMap { number -> UInt64? in
                if isUID { return number }
                return before.view.indices.contains(Int(number) - 1) ? before.view[Int(number) - 1] : 0
            })
        try require(found.isSubset(of: before.view), "found \(found.sorted()) of \(before.view)")
        let (last, lastUID) = (UInt64(before.view.count), before.view.last ?? 0)
        for (index, uid) in before.view.enumerated() {
            guard var message = truth[uid] else { continue }
            let now = key.matches(message, number: UInt64(index + 1), last: last, lastUID: lastUID)
            message.flags = before.synchronized[uid] ?? message.flags
            let then = key.matches(message, number: UInt64(index + 1), last: last, lastUID: lastUID)
            guard now == then else { continue }
            try require(found.contains(uid) == now, "UID \(uid) should \(now ? "" : "not ")be found")
        }
    }

    private func numbersFound() throws -> [UInt64] {
        guard client.mode == .rev2 else {
            guard let found = reply.found else { throw TestFailure("not one SEARCH response") }
            return found
        }
        let rows = reply.data("ESEARCH")
        guard rows.count == 1, let values = rows.first?.values else { throw TestFailure("not one ESEARCH response") }
        guard let at = values.firstIndex(of: .atom("ALL")) else { return [] }
        guard at + 1 < values.count, let set = values[at + 1].text, let found = IMAPResponse.numbers(of: set) else {
            throw TestFailure("ESEARCH \(values)")
        }
        return found
    }
}
