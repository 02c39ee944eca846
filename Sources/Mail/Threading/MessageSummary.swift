// What sorting and threading need of a message: read from its header once, kept by the store.

/// One message's sort keys, and the identifiers that tie it to others.
package struct MessageSummary: Hashable, Sendable {
    package var sortKeys: SortKeys
    /// Normalized (`MessageIDs`); nil when there is no valid one.
    package var messageID: [UInt8]?
    /// The ancestors, farthest first: References, or else the first identifier of In-Reply-To (RFC 5256 §3).
    package var references: [[UInt8]]
    /// The subject says that it answers or forwards another (RFC 5256 §3).
    package var isReplyOrForward: Bool

    package init(sortKeys: SortKeys, messageID: [UInt8]?, references: [[UInt8]], isReplyOrForward: Bool) {
        self.sortKeys = sortKeys
        self.messageID = messageID
        self.references = references
        self.isReplyOrForward = isReplyOrForward
    }

    /// - Parameter header: a header block, with or without its empty line; as much of it is read as `MessageParser`
    ///   reads, so that both find the same.
    package init(header: [UInt8], limits: MessageLimits = .default) {
        let block = Array(header.prefix(limits.headerBlock))
        self.init(PartHeader(block, isMessage: true, limits: limits).envelope)
    }

    init(_ envelope: Envelope) {
        let base = BaseSubject(envelope.decodedSubject)
        sortKeys = SortKeys(
            sentDate: envelope[.date].flatMap { MailDate(rfc5322: $0) }, subject: base.text, envelope: envelope)
        isReplyOrForward = base.isReplyOrForward
        messageID = envelope[.messageID].flatMap { MessageIDs.first(in: $0) }
        var references = envelope[.references].map { MessageIDs.all(in: $0) } ?? []
        if references.isEmpty, let parent = envelope[.inReplyTo].flatMap({ MessageIDs.first(in: $0) }) {
            references = [parent]
        }
        self.references = references.suffix(MessageIDs.mostReferences)
    }

    /// As the threading algorithms take it.
    /// - Parameter id: what the result calls the message by.
    package func threading(id: Int, internalDate: Int64 = 0) -> ThreadingMessage {
        ThreadingMessage(
            id: id, messageID: messageID, references: references, baseSubject: sortKeys.subject,
            isReplyOrForward: isReplyOrForward, sentDate: sortKeys.sentDate, internalDate: internalDate)
    }
}
