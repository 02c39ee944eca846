// What a search reads of one message: each text at most once, and one part at a time.

import Mail
import MailStore
import NIOCore

/// Lives within a job of the store.
struct SearchContent {
    /// Bytes of one text part that are looked at, and of folded text that is kept for the next needle.
    static let mostOfPart = 16 * 1_024 * 1_024

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
        let folded =
            try foldedHeader ?? CaseFolding.fold(MessageText.headerLines(wholeHeader()).joined(separator: "\n"))
        foldedHeader = folded
        return needle.isFound(in: folded)
    }

    mutating func bodyHolds(_ needle: SearchNeedle) throws -> Bool {
        if let foldedTexts { return foldedTexts.contains { needle.isFound(in: $0) } }
        let parts = try reader.parts(of: body)
        var folded: [[UInt8]] = []
        var size = 0
        for (index, part) in parts.parts.enumerated() {
            for text in try texts(of: part, at: index, in: parts) {
                let key = CaseFolding.fold(text)
                if needle.isFound(in: key) { return true }
                size += key.count
                if size <= SearchContent.mostOfPart { folded.append(key) }
            }
        }
        if size <= SearchContent.mostOfPart { foldedTexts = folded }
        return false
    }

    /// The MIME headers of the parts, file names decoded: TEXT looks there, BODY does not.
    func partHeadersHold(_ needle: SearchNeedle) throws -> Bool {
        let parts = try reader.parts(of: body)
        for part in parts.parts {
            guard let parent = part.parent, parts.parts[parent].kind == .multipart else { continue }
            if let name = part.fileName, needle.isFound(in: name) { return true }
            if MessageText.headerLines(try bytes(part.header)).contains(where: { needle.isFound(in: $0) }) {
                return true
            }
        }
        return false
    }

    /// What one part holds of the message's text: itself, or the header of a message inside.
    private func texts(of part: PartIndex.Part, at index: Int, in parts: PartIndex) throws -> [String] {
        var texts: [String] = []
        if index > 0, let parent = part.parent, parts.parts[parent].kind == .message {
            texts += MessageText.headerLines(try bytes(part.header))
        }
        // message/delivery-status and its like are made of lines of text too.
        if part.kind == .text || part.kind == .other && part.type == "message" {
            texts += MessageText.texts(of: part, try bytes(part.body))
        }
        return texts
    }

    private func bytes(_ range: Range<Int>) throws -> [UInt8] {
        var buffer = ByteBuffer()
        let bounded = range.lowerBound..<min(range.upperBound, range.lowerBound + SearchContent.mostOfPart)
        try reader.bytes(of: body, range: bounded, into: &buffer)
        return Array(buffer.readableBytesView)
    }

    private mutating func wholeHeader() throws -> [UInt8] {
        if let header { return header }
        let found = try reader.header(of: body)
        header = found
        return found
    }
}
