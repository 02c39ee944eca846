// One random sequence of commands of several sessions, each step checked; its seed is all that repeats it.

import Mail
import MailStore
import TestSupport

@testable import IMAPServer

/// A sequence that went wrong: the seed, what was said until then, and why it is wrong.
struct ModelFailure: Error, CustomStringConvertible {
    let seed: UInt64
    let transcript: [String]
    let reason: any Error

    var description: String {
        """
        \(reason)
        Repeat it with MARTLET_MODEL_SEED=\(seed). The last \(transcript.count) lines:
        \(transcript.joined(separator: "\n"))
        """
    }
}

struct ModelRun {
    static let steps = 30

    let seed: UInt64
    let server: TestServer
    private var account = AccountModel()
    /// By the key of the account's model, as all that follows.
    private var views: [String: MailboxView] = [:]
    private var validities: Set<UInt64> = []
    /// MODSEQ of each message after the last step, and of the mailbox.
    private var modSeqs: [String: (highest: UInt64, of: [UInt64: UInt64])] = [:]
    private var chooser: CommandChooser
    private var transcript: [String] = []
    private var sessions: [ModelSession] = []

    /// Makes the first mailboxes of the sequence; every one has its own.
    /// - Parameter guest: the account that may use them too.
    init(seed: UInt64, server: TestServer, guest: AccountID) async throws {
        self.seed = seed
        self.server = server
        chooser = CommandChooser(seed: seed)
        for name in chooser.firstNames {
            let mailbox = try MailboxName(name)
            _ = try await server.alice.createMailbox(mailbox)
            let key = account.create(name)
            try await server.store.setRights(
                on: mailbox, of: server.alice, for: .account(guest), isNegative: false, .replace(.all))
            account.mailboxes[key]?.isShared = true
        }
        try await look()
    }

    /// At mailboxes that are new, and away from those that are gone.
    private mutating func look() async throws {
        for (key, view) in views where account.mailboxes[key] == nil {
            guard view.current.isDeleted else { throw TestFailure("\(key) was deleted and is there") }
            views[key] = nil
            modSeqs[key] = nil
        }
        for name in account.names {
            guard let key = account.key(of: name), views[key] == nil else { continue }
            let view = try await server.alice.view(of: MailboxName(name))
            let validity = UInt64(view.current.uidValidity.rawValue)
            guard validities.insert(validity).inserted else { throw TestFailure("UIDVALIDITY \(validity) again") }
            account.mailboxes[key]?.uidValidity = validity
            views[key] = view
        }
    }

    mutating func play(with sessions: [ModelSession]) async throws {
        self.sessions = sessions
        do {
            try await fill()
            try compare()
            for _ in 0..<Self.steps { try await step(chooser.random.one(of: sessions)) }
            for session in sessions {
                if session.isIdling { try await step(session) }
                if session.client != nil { try await perform(.noop, in: session) }
            }
        } catch {
            throw ModelFailure(seed: seed, transcript: transcript.suffix(60), reason: error)
        }
    }

    /// A few messages to begin with, delivered behind the sessions' backs.
    private mutating func fill() async throws {
        let name = chooser.firstNames[0]
        guard let key = account.key(of: name) else { return }
        for _ in 0..<chooser.random.number(0...6) {
            let flags = chooser.random.isOneIn(3) ? ["\\Deleted"] : chooser.random.isOneIn(2) ? ["\\Seen"] : []
            account.number(1)
            _ = account.append([.init(number: account.count, flags: Set(flags))], to: key)
            let stored: Flags = flags.isEmpty ? .none : Flags(flags[0] == "\\Deleted" ? .deleted : .seen)
            try await server.deliver([MessageModel.text(account.count)], to: name, flags: stored)
        }
    }

    private mutating func step(_ session: ModelSession) async throws {
        let command = session.choose(&chooser, account)
        try await perform(command, in: session)
    }

    private mutating func perform(_ command: ModelCommand, in session: ModelSession) async throws {
        transcript.append("\(session.name) \(session.kind): \("\(command)".prefix { $0 != "\r\n" })")
        defer { note(session.heard) }
        session.modSeqs = session.client.flatMap { modSeqs[$0.mailbox]?.of } ?? [:]
        try await session.perform(command, &account)
        if account.mailboxes.keys.sorted() != views.keys.sorted() { try await look() }
        for other in sessions where other !== session {
            guard let mailbox = other.client?.mailbox, account.mailboxes[mailbox] == nil else { continue }
            transcript.append("\(other.name) has it selected:")
            defer { note(other.heard) }
            try await other.meetDeletion()
        }
        for other in sessions where other !== session && other.isIdling {
            do { try await other.hear(&account) } catch {
                transcript.append("\(other.name) idles:")
                note(other.heard)
                throw error
            }
        }
        try compare()
        if let mailbox = session.client?.mailbox { try session.checkModSeqs(modSeqs[mailbox]?.of ?? [:]) }
    }

    private mutating func note(_ responses: [IMAPResponse]) {
        for response in responses {
            let words = response.values.map(\.description).joined(separator: " ")
            let code = response.code.map { "[\($0)] " } ?? ""
            transcript.append("    \(response.condition ?? "") \(code)\(words)\(response.text)".trimmed(to: 300))
        }
    }

    /// What is stored is what the model says; MODSEQs grow with each change and with nothing else (RFC 7162 §3.1).
    private mutating func compare() throws {
        for (name, view) in views {
            guard let model = account.mailboxes[name] else { continue }
            let snapshot = view.current
            var stored: [MessageModel] = []
            var modSeqs: [UInt64: UInt64] = [:]
            snapshot.forEach(in: 0..<snapshot.count) { _, entry in
                let uid = UInt64(entry.uid.rawValue)
                let number = model[uid]?.number ?? 0
                stored.append(
                    MessageModel(uid: uid, number: number, flags: Set(snapshot.flags(of: entry).names)))
                modSeqs[uid] = UInt64(entry.modSeq.rawValue)
            }
            guard stored == model.messages, snapshot.uidNext == model.uidNext else {
                throw TestFailure("\(name): stored is \(stored), UIDNEXT \(snapshot.uidNext); should be \(model)")
            }
            try compare(modSeqs, UInt64(snapshot.highestModSeq.rawValue), stored, in: name)
        }
    }

    private mutating func compare(
        _ now: [UInt64: UInt64], _ highest: UInt64, _ messages: [MessageModel], in name: String
    ) throws {
        let before = modSeqs[name]
        let changed = messages.filter { flags[name]?[$0.uid] != $0.flags }.map(\.uid)
        let isGone = before?.of.keys.contains { now[$0] == nil } ?? false
        for (uid, modSeq) in now {
            guard modSeq <= highest, modSeq > 0 else {
                throw TestFailure("MODSEQ \(modSeq) over HIGHESTMODSEQ \(highest)")
            }
            if changed.contains(uid) {
                guard modSeq > before?.highest ?? 0 else { throw TestFailure("MODSEQ of \(uid) did not grow") }
            } else if let old = before?.of[uid], old != modSeq {
                throw TestFailure("MODSEQ of \(uid) went from \(old) to \(modSeq) for nothing")
            }
        }
        if let before {
            guard highest >= before.highest, !isGone || highest > before.highest else {
                throw TestFailure("HIGHESTMODSEQ went from \(before.highest) to \(highest)")
            }
        }
        modSeqs[name] = (highest, now)
        flags[name] = Dictionary(uniqueKeysWithValues: messages.map { ($0.uid, $0.flags) })
    }

    private var flags: [String: [UInt64: Set<String>]] = [:]
}

extension String {
    fileprivate func trimmed(to count: Int) -> String { self.count > count ? prefix(count) + "…" : self }
}
