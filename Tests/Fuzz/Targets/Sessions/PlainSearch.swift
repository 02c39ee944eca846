// SEARCH as RFC 3501 §6.4.4 has it, one message after the other: no program, no index, no snapshot.

import IMAPSyntax
import Mail
import MailStore

/// What a search may look at in one message.
struct SearchedMessage: Sendable {
    let number: UInt32
    let uid: UInt32
    let flags: Flags
    let internalDate: MailDate
    let sentDate: MailDate?
    let saveDate: Int64?
    let size: UInt64
    let modSeq: UInt64
    let header: [UInt8]
    /// Folded: the lines of the header, the texts, the headers and file names of parts.
    let foldedHeader: [UInt8]
    let texts: [[UInt8]]
    let partHeaders: [[UInt8]]
}

struct PlainSearch {
    let messages: [SearchedMessage]
    let charset: String?

    /// The UIDs of what is found; nil where it is not for these messages to say (`$`, \Recent, FUZZY, filters, object
    /// identifiers, charsets).
    func found(_ key: SearchKey) -> [UInt64]? {
        guard charset.map({ ["utf-8", "us-ascii"].contains($0.lowercased()) }) ?? true else { return nil }
        var found: [UInt64] = []
        for message in messages {
            guard let isFound = holds(key, message) else { return nil }
            if isFound { found.append(UInt64(message.uid)) }
        }
        return found
    }

    private func holds(_ key: SearchKey, _ message: SearchedMessage) -> Bool? {
        switch key {
        case .all, .saveDateSupported: true
        case .not(let inner): holds(inner, message).map { !$0 }
        case .or(let one, let other): holds([one, other], message).map { $0.contains(true) }
        case .and(let keys): holds(keys, message).map { !$0.contains(false) }
        case .text(let field, let bytes): holds(field, bytes, message)
        case .recent, .fuzzy, .filter, .emailID, .threadID: nil
        default: holdsPlainly(key, message)
        }
    }

    private func holds(_ keys: [SearchKey], _ message: SearchedMessage) -> [Bool]? {
        let answers = keys.compactMap { holds($0, message) }
        return answers.count == keys.count ? answers : nil
    }

    private func holdsPlainly(_ key: SearchKey, _ message: SearchedMessage) -> Bool? {
        let now = MailDate.now().secondsSince1970
        return switch key {
        case .messages(.sequence(let set)): Self.names(set, message.number, last: messages.last?.number)
        case .messages(.uid(let set)): Self.names(set, message.uid, last: messages.last?.uid)
        case .flag(let flag): message.flags.contains(flag)
        case .keyword(let keyword): message.flags.keywords.contains(keyword)
        case .older(let seconds): message.internalDate.secondsSince1970 <= now - Int64(seconds)
        case .younger(let seconds): message.internalDate.secondsSince1970 >= now - Int64(seconds)
        case .modSeq(let least): message.modSeq >= least
        case .larger(let size): message.size > size
        case .smaller(let size): message.size < size
        case .date(let date, let comparison, let day):
            Self.day(of: message, date).map { Self.compare($0, comparison, day) } ?? false
        default: nil
        }
    }

    private static func names<Number>(_ set: MessageSet<Number>, _ number: UInt32, last: UInt32?) -> Bool {
        set.elements.contains { element in
            let ends = [element.first, element.second].map { bound in
                if case .number(let number) = bound { number.rawValue } else { last ?? 0 }
            }
            return number >= min(ends[0], ends[1]) && number <= max(ends[0], ends[1])
        }
    }

    private static func day(of message: SearchedMessage, _ date: SearchDate) -> Int? {
        switch date {
        case .internal: message.internalDate.dayNumber
        case .sent: message.sentDate?.dayNumber
        case .saved: message.saveDate.map { MailDate(secondsSince1970: $0).dayNumber }
        }
    }

    private static func compare(_ day: Int, _ comparison: SearchComparison, _ wanted: Int) -> Bool {
        switch comparison {
        case .before: day < wanted
        case .on: day == wanted
        case .since: day >= wanted
        }
    }

    // MARK: Text

    private func holds(_ field: SearchField, _ bytes: [UInt8], _ message: SearchedMessage) -> Bool? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let key = CaseFolding.fold(text)
        func has(_ folded: [UInt8]) -> Bool { Self.contains(folded, key) }
        func hasField(_ name: String) -> Bool {
            MessageText.headerValues(message.header, named: name).contains { has(CaseFolding.fold($0)) }
        }
        switch field {
        case .bcc: return hasField("Bcc")
        case .cc: return hasField("Cc")
        case .from: return hasField("From")
        case .subject: return hasField("Subject")
        case .to: return hasField("To")
        case .header(let name): return hasField(name)
        case .body: return key.isEmpty || message.texts.contains(where: has)
        case .text:
            return key.isEmpty || has(message.foldedHeader) || message.texts.contains(where: has)
                || message.partHeaders.contains(where: has)
        }
    }

    static func contains(_ text: [UInt8], _ key: [UInt8]) -> Bool {
        guard let first = key.first else { return true }
        guard text.count >= key.count else { return false }
        return (0...(text.count - key.count)).contains {
            text[$0] == first && text[$0..<($0 + key.count)].elementsEqual(key)
        }
    }
}
