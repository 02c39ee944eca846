// SEARCH from its text to what it finds, by the program, SQL and the index; against a plain reading of every message.

import IMAPServer
import IMAPSyntax
import Mail
import MailStore
import NIOCore
import NIOEmbedded
import TestSupport

/// One session that has Alice's INBOX open, where nothing changes.
final class SearchTarget: @unchecked Sendable {
    private let household: Household
    private var session: IMAPConversation
    private let messages: [SearchedMessage]
    /// A channel without a network keeps what was written to it.
    private static let inputsPerSession = 4_096
    private var inputs = 0

    init() throws {
        (household, messages) = try Waiting.forEnd {
            let household = try await Household.make(on: NIOAsyncTestingEventLoop())
            return (household, try await SearchTarget.prepare(household))
        }
        session = try SearchTarget.connect(household)
    }

    deinit {
        session.hangUp()
        let household = household
        try? Waiting.forEnd { try await household.end() }
    }

    private static func connect(_ household: Household) throws -> IMAPConversation {
        let box = try Waiting.forEnd {
            let session = try await IMAPConversation(household)
            try await session.expect("LOGIN \(Household.alice) \(Household.alicesPassword)")
            try await session.expect("EXAMINE INBOX")
            return Box(session)
        }
        return box.session
    }

    private struct Box: @unchecked Sendable {
        let session: IMAPConversation
        init(_ session: IMAPConversation) { self.session = session }
    }

    /// UIDs with a gap, keywords, and messages that the index does not know yet.
    private static func prepare(_ household: Household) async throws -> [SearchedMessage] {
        let session = try await IMAPConversation(household)
        try await session.expect("LOGIN \(Household.alice) \(Household.alicesPassword)")
        try await session.expect("SELECT INBOX")
        try await session.expect("STORE 2:4 +FLAGS ($Forwarded \\Flagged)")
        try await session.expect("STORE 3 +FLAGS (\\Deleted)")
        try await session.expect("EXPUNGE")
        session.hangUp()
        try await household.alice.updateSearchIndex()
        try await household.deliver(
            [FuzzMail.plain("Lunch again"), FuzzMail.plain("Grüße")], to: .inbox, of: household.alice)
        let view = try await household.alice.view(of: .inbox).current
        return try await household.alice.read { reader in
            try (0..<view.count).map { try message($0, view, reader) }
        }
    }

    private static func message(
        _ index: Int, _ view: MailboxSnapshot, _ reader: AccountReader
    ) throws -> SearchedMessage {
        let entry = view[index]
        let header = try reader.header(of: entry.bodyID)
        var texts: [[UInt8]] = []
        var partHeaders: [[UInt8]] = []
        try reader.visitTexts(of: entry.bodyID) { text in
            texts.append(text)
            return true
        }
        try reader.visitPartHeaders(of: entry.bodyID) { text in
            partHeaders.append(text)
            return true
        }
        return SearchedMessage(
            number: UInt32(index + 1), uid: entry.uid.rawValue, flags: view.flags(of: entry),
            internalDate: entry.internalDate, sentDate: try reader.sentDate(of: entry.bodyID),
            saveDate: try reader.saveDate(of: entry.uid, in: view.mailboxID), size: UInt64(entry.size),
            modSeq: entry.modSeq.rawValue, header: header,
            foldedHeader: Array(MessageText.headerLines(header).map(CaseFolding.fold).joined(separator: [0x0a])),
            texts: texts, partHeaders: partHeaders)
    }

    // MARK: Searching

    func take(_ bytes: [UInt8]) throws {
        let command = Array("S UID SEARCH ".utf8) + bytes + [0x0d, 0x0a]
        guard let whole = SearchTarget.framed(command) else { return }
        inputs += 1
        if session.isOver || inputs % SearchTarget.inputsPerSession == 0 {
            session.hangUp()
            session = try SearchTarget.connect(household)
        }
        session.forget()
        let box = Box(session)
        let responses = try Waiting.forEnd { try await box.session.say(command) }
        guard let tagged = responses.last, tagged.tag == "S" else {
            throw Finding("no answer to \(String(decoding: bytes, as: UTF8.self)): \(responses)")
        }
        try require(tagged.condition != "BAD" || !session.isOver, "a search ends the session")
        guard case .success(let parsed) = parseCommand(whole), case .search(let search) = parsed.command else {
            try requireEqual(tagged.condition, "BAD", "what cannot be parsed")
            // So many in a row would end the session.
            return try Waiting.forEnd { try await box.session.expect("NOOP") }
        }
        guard let found = PlainSearch(messages: messages, charset: search.charset).found(search.key) else { return }
        try requireEqual(tagged.condition, "OK", "\(search.key): \(tagged.text)")
        try compare(responses, found, search)
    }

    /// The command without its CRLF, where the bytes are one, whole, and nothing besides.
    private static func framed(_ bytes: [UInt8]) -> ByteBuffer? {
        var framer = CommandFramer()
        framer.authenticated = true
        var buffer = ByteBuffer(bytes: bytes)
        framer.append(&buffer)
        guard case .command(let command)? = framer.next(), framer.bufferedBytes == 0 else { return nil }
        return command
    }

    private func compare(_ responses: [IMAPResponse], _ found: [UInt64], _ search: Search) throws {
        guard let results = search.results else {
            let numbers = responses.filter { $0.name == "SEARCH" }.flatMap {
                $0.values.dropFirst().compactMap(\.number)
            }
            return try requireEqual(numbers, found, "\(search.key)")
        }
        let reply = responses.lazy.compactMap { ESearchReply($0) }.first
        let options = results.options
        let isOfAll = results.partial == nil && options.isDisjoint(with: [.min, .max, .count, .save])
        if options.contains(.all) || isOfAll { try requireEqual(reply?.found ?? [], found, "ALL \(search.key)") }
        if options.contains(.min) { try requireEqual(reply?.min, found.first, "MIN \(search.key)") }
        if options.contains(.max) { try requireEqual(reply?.max, found.last, "MAX \(search.key)") }
        if options.contains(.count) {
            try requireEqual(reply?.count, UInt64(found.count), "COUNT \(search.key)")
        }
        guard let partial = results.partial, let numbers = reply?.partial else { return }
        let wanted = Array(found[partial.indices(in: found.count)])
        try require(
            wanted.isEmpty == numbers.hasSuffix("NIL"), "PARTIAL \(search.key): \(numbers), of \(found)")
    }
}
