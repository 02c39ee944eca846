// Header fields: the block, addresses, encoded words, parameters, dates, subjects.

import Mail

let headerTargets = [
    FuzzTarget("headers", "header blocks: fields, HEADER.FIELDS, what lists ask for", longest: 4_096) { bytes in
        var end = 0
        let fields = HeaderFields(bytes)
        for field in fields {
            try require(field.name.lowerBound >= end && !field.name.isEmpty, "a name at \(field.name) after \(end)")
            try require(field.value.lowerBound > field.name.upperBound, "a value at \(field.value)")
            try require(field.value.upperBound <= bytes.count, "a value beyond the end")
            try require(!fields.unfolded(field).contains { $0 == 0x0a || $0 == 0x0d || $0 == 0 }, "not unfolded")
            end = field.value.upperBound
        }
        for names in [["subject"], ["From", "to", "X-A"], ["date", "subject", "list-id"]] {
            try filter(bytes, names)
        }
    },
    FuzzTarget("addresses", "address fields, and addresses that mail is sent to", longest: 2_048) { bytes in
        let list = AddressParser.parse(bytes)
        try require(list.count <= MessageLimits.default.addresses + 1, "\(list.count) addresses")
        var isInGroup = false
        for address in list {
            switch address {
            case .groupStart:
                try require(!isInGroup, "a group in a group")
                isInGroup = true
            case .groupEnd:
                try require(isInGroup, "the end of no group")
                isInGroup = false
            case .mailbox(let mailbox): _ = mailbox.displayName
            }
        }
        try require(!isInGroup, "a group without end")
        let text = String(decoding: bytes, as: UTF8.self)
        guard let address = try? EmailAddress(text) else { return }
        try requireEqual(try? EmailAddress(address.description), address, address.description)
        try requireEqual(try? EmailAddress(address.lookupKey), address.canonical, address.lookupKey)
        try requireEqual(try? EmailAddress.checkedDomain(address.domain), address.domain, "the domain of a domain")
        _ = address.splitDetail()
    },
    FuzzTarget("encoded-words", "RFC 2047: encoded words in texts", longest: 2_048) { bytes in
        let text = EncodedWord.decode(bytes)
        try require(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "controls in \(text.debugDescription)")
        try require(text.utf8.count <= 8 * bytes.count, "\(text.utf8.count) bytes of \(bytes.count)")
        let subject = BaseSubject(text)
        try requireEqual(BaseSubject(String(decoding: subject.text, as: UTF8.self)).text, subject.text, "base subject")
    },
    FuzzTarget("parameters", "RFC 2231: parameters of Content-Type and Content-Disposition", longest: 1_024) { bytes in
        let type = ContentType(bytes)
        try look(at: type.parameters, of: bytes)
        _ = (type.boundary, type.charset, type.name)
        if let disposition = ContentDisposition(bytes) {
            try look(at: disposition.parameters, of: bytes)
            _ = disposition.fileName
        }
        try writeParameter(String(decoding: bytes, as: UTF8.self))
    },
    FuzzTarget("dates", "dates of header fields, of APPEND and of SEARCH", longest: 128) { bytes in
        for date in [MailDate(rfc5322: bytes), MailDate(imapDateTime: bytes)].compactMap({ $0 }) {
            try requireEqual(MailDate(rfc5322: date.rfc5322), date, date.rfc5322)
            try requireEqual(MailDate(imapDateTime: date.imapDateTime), date, date.imapDateTime)
            try requireEqual(MailDate(packed: date.packed), date, "packed")
            let day = date.imapDateTime.prefix(11).drop { $0 == " " }
            try requireEqual(MailDate.dayNumber(imapDate: String(day)), date.dayNumber, String(day))
        }
        // The first and the last day are kept clear.
        if let day = MailDate.dayNumber(imapDate: bytes), (-719_161...2_932_895).contains(day) {
            let date = MailDate(secondsSince1970: Int64(day) * 86_400)
            try requireEqual(date.dayNumber, day, "day \(day)")
        }
    },
    FuzzTarget("message-ids", "msg-ids of References, and the threads that they make", longest: 2_048) { bytes in
        let ids = MessageIDs.all(in: bytes)
        try requireEqual(MessageIDs.first(in: bytes), ids.first, "the first")
        try require(ids.allSatisfy { $0.count <= ParsedMessage.longestMessageID }, "too long")
        let messages = bytes.split(separator: 0x0a).enumerated().map { index, line in
            let ids = MessageIDs.all(in: Array(line))
            let subject = BaseSubject(String(decoding: line.prefix { $0 != UInt8(ascii: "<") }, as: UTF8.self))
            return ThreadingMessage(
                id: index, messageID: ids.last, references: Array(ids.dropLast()), baseSubject: subject.text,
                isReplyOrForward: subject.isReplyOrForward, internalDate: Int64(line.count))
        }
        for forest in [Threading.references(messages), Threading.refs(messages), Threading.orderedSubject(messages)] {
            try look(at: forest, of: messages.count)
        }
    },
]

/// What HEADER.FIELDS gives, HEADER.FIELDS.NOT does not; and what was taken out beforehand is the same.
private func filter(_ header: [UInt8], _ names: [String]) throws(Finding) {
    let some = HeaderFilter.filter(header, fields: names, not: false)
    let others = HeaderFilter.filter(header, fields: names, not: true)
    try require(some.suffix(2) == [0x0d, 0x0a], "no empty line at the end")
    try requireEqual(HeaderFilter.filter(some, fields: names, not: false), some, "\(names) again")
    try requireEqual(HeaderFilter.filter(others, fields: names, not: true), others, "without \(names) again")
    try requireEqual(HeaderFilter.filter(others, fields: names, not: false), [0x0d, 0x0a], "\(names) among the others")
    guard let choice = ListedFields.Choice(names), let pack = ListedFields.pack(header) else { return }
    var taken: [UInt8] = []
    let isPack = ListedFields.forEachRun(of: choice, in: 0..<pack.count, of: pack) { taken += pack[$0] }
    try require(isPack, "no pack")
    try requireEqual(ListedFields.size(of: choice, in: 0..<pack.count, of: pack), taken.count, "size")
    try requireEqual(taken + [0x0d, 0x0a], some, "packed")
}

private func look(at parameters: Parameters, of bytes: [UInt8]) throws(Finding) {
    try require(parameters.list.count <= MessageLimits.default.parameters, "\(parameters.list.count) parameters")
    let size = parameters.list.reduce(0) { $0 + $1.name.count + $1.value.count }
    try require(size <= 3 * bytes.count, "\(size) bytes of \(bytes.count)")
    for parameter in parameters.list { _ = parameters.text(String(decoding: parameter.name, as: UTF8.self)) }
}

/// A text as RFC 2231 writes it, in one piece and in several, is read as what it was.
private func writeParameter(_ text: String) throws(Finding) {
    let octets = text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    let whole = "text/plain; name*=utf-8''" + octets.joined()
    try requireEqual(ContentType(Array(whole.utf8)).name, text, "in one piece")
    let pieces = stride(from: 0, to: octets.count, by: 20).map { octets[$0..<min($0 + 20, octets.count)].joined() }
    guard (1...100).contains(pieces.count) else { return }
    let written = pieces.enumerated().map { "name*\($0.offset)*=" + ($0.offset == 0 ? "utf-8'en'" : "") + $0.element }
    let several = "text/plain; " + written.reversed().joined(separator: ";\r\n ")
    try requireEqual(ContentType(Array(several.utf8)).name, text, "in \(pieces.count) pieces")
}

/// Every message stands in the forest once, and every node but the roots under one other.
private func look(at forest: ThreadForest, of count: Int) throws(Finding) {
    try requireEqual(forest.nodes.compactMap(\.message).sorted(), Array(0..<count), "messages")
    let placed = forest.roots + forest.nodes.flatMap(\.children)
    try requireEqual(placed.count, Set(placed).count, "nodes that stand twice")
    var (depth, told) = (0, 0)
    var deepest = 0
    forest.tokens { token in
        switch token {
        case .open: depth += 1
        case .close: depth -= 1
        case .message: told += 1
        }
        deepest = min(deepest, depth)
    }
    try require(depth == 0 && deepest == 0, "brackets")
    try requireEqual(told, count, "messages told")
}
