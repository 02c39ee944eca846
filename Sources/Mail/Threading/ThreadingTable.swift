// Many messages as the threading algorithms go through them: texts are numbers, each message a place in some arrays.

/// Messages in the order of their sequence numbers. Identifiers and base subjects are numbers from 0 on, the same where
/// the texts are the same.
package struct ThreadingTable: Sendable {
    /// Stands for a Message-ID that is not there.
    package static let none: Int32 = -1
    /// The base subject that is empty.
    package static let emptySubject: Int32 = 0

    /// Identifiers and subjects are below these.
    let identifierCount: Int
    let subjectCount: Int
    /// What the result calls the messages by.
    private(set) var ids: [Int] = []
    private(set) var messageIDs: [Int32] = []
    private(set) var subjects: [Int32] = []
    private(set) var isReply: [Bool] = []
    /// The sent date of RFC 5256 §2.2, and INTERNALDATE.
    private(set) var dates: [Int64] = []
    private(set) var internalDates: [Int64] = []
    private var references: [Int32] = []
    private var referenceEnds: [Int] = []

    var count: Int { ids.count }

    package init(identifiers: Int, subjects: Int) {
        identifierCount = identifiers
        subjectCount = subjects
    }

    package mutating func reserve(_ count: Int) {
        ids.reserveCapacity(count)
        messageIDs.reserveCapacity(count)
        subjects.reserveCapacity(count)
        isReply.reserveCapacity(count)
        dates.reserveCapacity(count)
        internalDates.reserveCapacity(count)
        referenceEnds.reserveCapacity(count)
    }

    /// - Parameters:
    ///   - id: what the result calls the message by.
    ///   - messageID: `none` when there is none.
    ///   - references: the ancestors, farthest first.
    ///   - date: the sent date, or else INTERNALDATE.
    package mutating func append(
        id: Int, messageID: Int32, references: ArraySlice<Int32>, subject: Int32, isReply: Bool, date: Int64,
        internalDate: Int64
    ) {
        ids.append(id)
        messageIDs.append(messageID)
        subjects.append(subject)
        self.isReply.append(isReply)
        dates.append(date)
        internalDates.append(internalDate)
        self.references += references
        referenceEnds.append(self.references.count)
    }

    func references(of message: Int) -> ArraySlice<Int32> {
        references[(message == 0 ? 0 : referenceEnds[message - 1])..<referenceEnds[message]]
    }
}

extension ThreadingTable {
    package init(_ messages: [ThreadingMessage]) {
        var identifiers: [[UInt8]: Int32] = [:]
        var subjects: [[UInt8]: Int32] = [[]: ThreadingTable.emptySubject]
        func number(_ text: [UInt8], in table: inout [[UInt8]: Int32]) -> Int32 {
            if let known = table[text] { return known }
            let new = Int32(truncatingIfNeeded: table.count)
            table[text] = new
            return new
        }
        var numbered: [(messageID: Int32, references: [Int32], subject: Int32)] = []
        for message in messages {
            let messageID = message.messageID.map { number($0, in: &identifiers) } ?? ThreadingTable.none
            let references = message.references.map { number($0, in: &identifiers) }
            numbered.append((messageID, references, number(message.baseSubject, in: &subjects)))
        }
        self.init(identifiers: identifiers.count, subjects: subjects.count)
        for (message, numbers) in zip(messages, numbered) {
            append(
                id: message.id, messageID: numbers.messageID, references: numbers.references[...],
                subject: numbers.subject, isReply: message.isReplyOrForward, date: message.date,
                internalDate: message.internalDate)
        }
    }
}

extension Threading {
    package static func orderedSubject(_ messages: [ThreadingMessage]) -> ThreadForest {
        orderedSubject(ThreadingTable(messages))
    }
    package static func references(_ messages: [ThreadingMessage]) -> ThreadForest {
        references(ThreadingTable(messages))
    }
    package static func refs(_ messages: [ThreadingMessage]) -> ThreadForest { refs(ThreadingTable(messages)) }
}
