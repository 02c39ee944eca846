// What a search reads of one message: each text at most once, and one part at a time.

import IMAPSyntax
import Mail
import MailStore

/// Lives within a job of the store.
struct SearchContent {
    /// Bytes of folded text that are kept for the next needle.
    static let mostKept = 16 * 1_024 * 1_024

    private let body: BodyID
    private let mailbox: MailboxID
    private let account: AccountID
    private let reader: AccountReader
    private var header: [UInt8]?
    private var foldedHeader: [UInt8]?
    private var foldedTexts: [[UInt8]]?

    init(_ body: BodyID, in mailbox: MailboxID, of account: AccountID, _ reader: AccountReader) {
        self.body = body
        self.mailbox = mailbox
        self.account = account
        self.reader = reader
    }

    func saveDate(of uid: UID) throws -> Int64? { try reader.saveDate(of: uid, in: mailbox) }
    func threadName() throws -> ThreadName? { try reader.threadName(of: body, in: account) }
    func emailID() throws -> EmailID { try reader.emailID(of: body, in: account) }
    func sentDate() throws -> MailDate? { try reader.sentDate(of: body) }

    /// The empty needle is found in a field that is there (RFC 3501 §6.4.4, HEADER).
    mutating func headerHolds(_ needle: SearchNeedle, inField name: String) throws -> Bool {
        MessageText.headerValues(try wholeHeader(), named: name).contains { needle.isFound(in: $0) }
    }

    mutating func headerHolds(_ needle: SearchNeedle) throws -> Bool {
        let folded = try foldedHeader ?? reader.foldedHeader(of: body)
        foldedHeader = folded
        return needle.isFound(in: folded)
    }

    mutating func bodyHolds(_ needle: SearchNeedle) throws -> Bool {
        if let foldedTexts { return foldedTexts.contains { needle.isFound(in: $0) } }
        var kept: [[UInt8]] = []
        var size = 0
        var isFound = false
        // Whether all texts were decoded.
        var isWhole = true
        let (reader, body) = (reader, body)
        let skim = { (part: PartIndex.Part) throws -> SentTextSearch.Answer in
            let answer = try reader.search(part, of: body, for: needle)
            isFound = answer == .found
            isWhole = isWhole && answer == .unknown
            return answer
        }
        try reader.visitTexts(of: body, skim: skim) { text in
            isFound = needle.isFound(in: text)
            size += text.count
            if size <= SearchContent.mostKept { kept.append(text) }
            return !isFound
        }
        if !isFound, isWhole, size <= SearchContent.mostKept { foldedTexts = kept }
        return isFound
    }

    /// The MIME headers of the parts, file names decoded: TEXT looks there, BODY does not.
    func partHeadersHold(_ needle: SearchNeedle) throws -> Bool {
        var isFound = false
        try reader.visitPartHeaders(of: body) { text in
            isFound = needle.isFound(in: text)
            return !isFound
        }
        return isFound
    }

    /// The best that a text of the field reaches, 0 ... 100; in a body it counts a little less than in the header.
    mutating func score(_ needle: FuzzyNeedle, in field: SearchField) throws -> Int {
        if let name = field.headerName {
            return MessageText.headerValues(try wholeHeader(), named: name)
                .map { needle.score(in: CaseFolding.fold($0)) }.max() ?? 0
        }
        var best = 0
        if field == .text {
            let folded = try foldedHeader ?? reader.foldedHeader(of: body)
            foldedHeader = folded
            best = needle.score(in: folded)
        }
        guard best < 100 else { return best }
        let take = { (text: [UInt8]) in
            best = max(best, needle.score(in: text) * 9 / 10)
            return best < 90
        }
        try reader.visitTexts(of: body, take)
        if field == .text { try reader.visitPartHeaders(of: body, take) }
        return best
    }

    private mutating func wholeHeader() throws -> [UInt8] {
        if let header { return header }
        let found = try reader.header(of: body)
        header = found
        return found
    }
}
