// What SORT compares, computed once from a message's header (RFC 5256 §3, RFC 5957 §4).

/// The sort values of one message. Texts are folded by i;unicode-casemap: their octets compare as RFC 5256 asks.
package struct SortKeys: Hashable, Sendable {
    /// Of an address's key so many bytes count.
    package static let longestAddress = 1_024

    /// The Date field in seconds since 1970, UTC; nil when it has none that makes sense: INTERNALDATE stands in for it.
    package var sentDate: Int64?
    /// The base subject (RFC 5256 §2.1).
    package var subject: [UInt8]
    /// addr-mailbox of the first address; empty when there is none.
    package var from: [UInt8]
    package var to: [UInt8]
    package var cc: [UInt8]
    /// The display name of the first address, or else the address (RFC 5957 §3).
    package var displayFrom: [UInt8]
    package var displayTo: [UInt8]

    package init(
        sentDate: Int64?, subject: [UInt8], from: [UInt8], to: [UInt8], cc: [UInt8], displayFrom: [UInt8],
        displayTo: [UInt8]
    ) {
        self.sentDate = sentDate
        self.subject = subject
        self.from = from
        self.to = to
        self.cc = cc
        self.displayFrom = displayFrom
        self.displayTo = displayTo
    }
}

extension SortKeys {
    /// - Parameter subject: the base subject.
    init(sentDate: MailDate?, subject: [UInt8], envelope: Envelope) {
        self.init(
            sentDate: sentDate?.secondsSince1970, subject: CaseFolding.fold(String(decoding: subject, as: UTF8.self)),
            from: SortKeys.mailbox(envelope.firstAddress(.from)), to: SortKeys.mailbox(envelope.firstAddress(.to)),
            cc: SortKeys.mailbox(envelope.firstAddress(.cc)),
            displayFrom: SortKeys.display(envelope.firstAddress(.from)),
            displayTo: SortKeys.display(envelope.firstAddress(.to)))
    }

    private static func mailbox(_ address: Address?) -> [UInt8] {
        switch address {
        case .mailbox(let mailbox): fold(Envelope.wireMailbox(mailbox))
        case .groupStart(let name): fold(WireString.collapsed(name))
        case .groupEnd, nil: []
        }
    }

    private static func display(_ address: Address?) -> [UInt8] {
        guard case .mailbox(let mailbox) = address else { return self.mailbox(address) }
        if let name = mailbox.name {
            let folded = fold(EncodedWord.decode(WireString.collapsed(Array(name.prefix(4 * longestAddress)))))
            if !folded.isEmpty { return folded }
        }
        return fold(Envelope.wireMailbox(mailbox) + [UInt8(ascii: "@")] + Envelope.wireHost(mailbox))
    }

    private static func fold(_ bytes: [UInt8]) -> [UInt8] {
        fold(String(decoding: bytes.prefix(4 * longestAddress), as: UTF8.self))
    }

    private static func fold(_ text: String) -> [UInt8] { Array(CaseFolding.fold(text).prefix(longestAddress)) }
}
