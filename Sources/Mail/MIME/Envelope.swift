// The ENVELOPE of a message, built from its header (RFC 3501 §7.4.2).

/// Gathers the fields of one header. Of a field that stands there twice the last counts, but addresses add up.
struct Envelope {
    private var texts: [KnownField: [UInt8]] = [:]
    private var addresses: [KnownField: [Address]] = [:]
    private let limits: MessageLimits

    init(limits: MessageLimits) { self.limits = limits }

    /// - Parameter value: unfolded.
    mutating func add(_ field: KnownField, _ value: [UInt8]) {
        switch field {
        case .date, .inReplyTo, .messageID, .references: texts[field] = value
        case .subject: texts[field] = WireString.collapsed(value)
        case .from, .sender, .replyTo, .to, .cc, .bcc:
            let room = limits.addresses - (addresses[field]?.count ?? 0)
            addresses[field, default: []] += AddressParser.parse(value, limits: limits).prefix(max(0, room))
        default: break
        }
    }

    subscript(field: KnownField) -> [UInt8]? { texts[field] }

    /// The subject on one line (RFC 2047), of a long one its beginning; empty when there is none.
    var decodedSubject: String {
        texts[.subject].map { EncodedWord.decode(Array($0.prefix(ParsedMessage.longestSubject))) } ?? ""
    }

    /// The first element of an address field, which may be a group's beginning.
    func firstAddress(_ field: KnownField) -> Address? { addresses[field]?.first }

    /// addr-mailbox and addr-host: NIL would make a group of the address, so what is missing gets a name.
    static func wireMailbox(_ mailbox: Address.Mailbox) -> [UInt8] {
        mailbox.localPart.isEmpty ? missingMailbox : mailbox.localPart
    }
    static func wireHost(_ mailbox: Address.Mailbox) -> [UInt8] {
        mailbox.domain.isEmpty ? missingDomain : mailbox.domain
    }

    /// `("date" "subject" (from) (sender) (reply-to) (to) (cc) (bcc) "in-reply-to" "message-id")`
    func appendWireForm(to output: inout [UInt8]) {
        output.append(UInt8(ascii: "("))
        WireString.append(texts[.date], to: &output)
        output.append(0x20)
        WireString.append(texts[.subject], to: &output)
        let from = addresses[.from] ?? []
        for field in [KnownField.from, .sender, .replyTo, .to, .cc, .bcc] {
            output.append(0x20)
            let list = addresses[field] ?? []
            let defaultsToFrom = field == .sender || field == .replyTo
            Envelope.append(list.isEmpty && defaultsToFrom ? from : list, to: &output)
        }
        output.append(0x20)
        WireString.append(texts[.inReplyTo], to: &output)
        output.append(0x20)
        WireString.append(texts[.messageID], to: &output)
        output.append(UInt8(ascii: ")"))
    }

    private static let missingDomain = Array("MISSING_DOMAIN".utf8)
    private static let missingMailbox = Array("MISSING_MAILBOX".utf8)

    /// A list of addresses; NIL when it is empty.
    private static func append(_ addresses: [Address], to output: inout [UInt8]) {
        guard !addresses.isEmpty else {
            output += WireString.NIL
            return
        }
        output.append(UInt8(ascii: "("))
        for address in addresses {
            switch address {
            case .mailbox(let mailbox):
                append(
                    mailbox.name.map(WireString.collapsed), mailbox.route, wireMailbox(mailbox), wireHost(mailbox),
                    to: &output)
            case .groupStart(let name): append(nil, nil, WireString.collapsed(name), nil, to: &output)
            case .groupEnd: append(nil, nil, nil, nil, to: &output)
            }
        }
        output.append(UInt8(ascii: ")"))
    }

    private static func append(
        _ name: [UInt8]?, _ route: [UInt8]?, _ mailbox: [UInt8]?, _ host: [UInt8]?, to output: inout [UInt8]
    ) {
        output.append(UInt8(ascii: "("))
        WireString.append(name, to: &output)
        output.append(0x20)
        WireString.append(route, to: &output)
        output.append(0x20)
        WireString.append(mailbox, to: &output)
        output.append(0x20)
        WireString.append(host, to: &output)
        output.append(UInt8(ascii: ")"))
    }
}
