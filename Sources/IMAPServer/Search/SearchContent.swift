// What a search reads of one message: each text at most once, and one part at a time.

import Mail
import MailStore

/// Lives within a job of the store.
struct SearchContent {
    /// Bytes of folded text that are kept for the next needle.
    static let mostKept = 16 * 1_024 * 1_024

    private let body: BodyID
    private let mailbox: MailboxID
    private let reader: AccountReader
    private var header: [UInt8]?
    private var foldedHeader: [UInt8]?
    private var foldedTexts: [[UInt8]]?

    init(_ body: BodyID, in mailbox: MailboxID, _ reader: AccountReader) {
        self.body = body
        self.mailbox = mailbox
        self.reader = reader
    }

    func saveDate(of uid: UID) throws -> Int64? { try reader.saveDate(of: uid, in: mailbox) }
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
        try reader.visitTexts(of: body) { text in
            isFound = needle.isFound(in: text)
            size += text.count
            if size <= SearchContent.mostKept { kept.append(text) }
            return !isFound
        }
        if !isFound, size <= SearchContent.mostKept { foldedTexts = kept }
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

    private mutating func wholeHeader() throws -> [UInt8] {
        if let header { return header }
        let found = try reader.header(of: body)
        header = found
        return found
    }
}
