// GETMETADATA and SETMETADATA (RFC 5464 §4).

import Mail

/// The name of an annotation's entry (RFC 5464 §3.2), such as `/private/comment`.
package struct MetadataEntry: Hashable, Sendable {
    /// In bytes.
    package static let longest = 255

    /// As the client wrote it.
    package let text: String
    /// In lower case: two names are the same entry exactly when these are equal.
    package let key: String

    /// nil for what no entry's name may be. The scopes themselves, `/private` and `/shared`, are names to look below.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= MetadataEntry.longest, bytes.first == UInt8(ascii: "/"),
            bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "*") && $0 != UInt8(ascii: "%") })
        else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
        key = text.asciiLowercased
        let components = key.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard components.allSatisfy({ !$0.isEmpty }), components.first == "private" || components.first == "shared"
        else { return nil }
    }

    package var isPrivate: Bool { key.hasPrefix("/private") }

    /// Whether an entry of this name can have a value (RFC 5464 §3.2.1): two components, of a vendor's four.
    package var canHaveValue: Bool {
        let components = key.dropFirst().split(separator: "/")
        return components.count >= (components.dropFirst().first == "vendor" ? 4 : 2)
    }
}

/// RFC 5464 §4.2.
package struct GetMetadata: Hashable, Sendable {
    package enum Depth: String, Hashable, Sendable {
        case zero = "0"
        case one = "1"
        case infinity = "INFINITY"
    }

    /// Empty for the server's.
    package var mailbox: MailboxArgument
    /// At least one.
    package var entries: [MetadataEntry]
    package var maxSize: UInt32?
    package var depth: Depth

    package init(
        mailbox: MailboxArgument, entries: [MetadataEntry], maxSize: UInt32? = nil, depth: Depth = .zero
    ) {
        self.mailbox = mailbox
        self.entries = entries
        self.maxSize = maxSize
        self.depth = depth
    }
}

/// RFC 5464 §4.3.
package struct SetMetadata: Hashable, Sendable {
    package struct Value: Hashable, Sendable {
        package var entry: MetadataEntry
        /// nil to take the value away.
        package var value: [UInt8]?

        package init(_ entry: MetadataEntry, _ value: [UInt8]?) {
            self.entry = entry
            self.value = value
        }
    }

    /// Empty for the server's.
    package var mailbox: MailboxArgument
    /// At least one.
    package var values: [Value]

    package init(mailbox: MailboxArgument, values: [Value]) {
        self.mailbox = mailbox
        self.values = values
    }
}

extension Lexer {
    // RFC 5464 §5: getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
    //
    // The RFC's grammar has the options before the mailbox, all of its examples behind it: both are read.
    mutating func getMetadata() throws(SyntaxError) -> GetMetadata {
        try space()
        var command = GetMetadata(mailbox: MailboxArgument(bytes: []), entries: [])
        if peek() == UInt8(ascii: "(") {
            try metadataOptions(&command)
            try space()
        }
        command.mailbox = try mailbox()
        try space()
        if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "("), bytes[position + 1].isASCIILetter {
            try metadataOptions(&command)
            try space()
        }
        command.entries = try metadataEntries()
        return command
    }

    private mutating func metadataOptions(_ command: inout GetMetadata) throws(SyntaxError) {
        try expect("(")
        repeat {
            let name = try atom("a GETMETADATA option").asciiUppercased
            try space()
            switch name {
            case "MAXSIZE": command.maxSize = try number("MAXSIZE")
            case "DEPTH":
                guard let depth = GetMetadata.Depth(rawValue: try atom("a depth").asciiUppercased) else {
                    throw SyntaxError("DEPTH is 0, 1 or infinity")
                }
                command.depth = depth
            default: throw SyntaxError("unknown GETMETADATA option \"\(name)\"")
            }
        } while takeSpace()
        try closeList()
    }

    // RFC 5464 §5: entries = entry / "(" entry *(SP entry) ")"
    mutating func metadataEntries() throws(SyntaxError) -> [MetadataEntry] {
        let isList = take("(")
        var entries: [MetadataEntry] = []
        repeat {
            guard entries.count < limits.arguments else { throw SyntaxError("too many entries") }
            entries.append(try metadataEntry())
        } while takeSpace()
        if isList { try closeList() }
        return entries
    }

    private mutating func metadataEntry() throws(SyntaxError) -> MetadataEntry {
        guard let entry = MetadataEntry(try astring("an entry's name")) else {
            throw SyntaxError("an entry's name begins with /private/ or /shared/ and holds no *, % or empty part")
        }
        return entry
    }

    // RFC 5464 §5: setmetadata = "SETMETADATA" SP mailbox SP entry-values
    mutating func setMetadata() throws(SyntaxError) -> SetMetadata {
        try space()
        var command = SetMetadata(mailbox: try mailbox(), values: [])
        try space()
        try expect("(")
        repeat {
            guard command.values.count < limits.arguments else { throw SyntaxError("too many entries") }
            let entry = try metadataEntry()
            guard entry.canHaveValue else { throw SyntaxError("no value can be given to \"\(entry.text)\"") }
            try space()
            command.values.append(.init(entry, try metadataValue()))
        } while takeSpace()
        try closeList()
        return command
    }

    // RFC 5464 §5: value = nstring / literal8
    private mutating func metadataValue() throws(SyntaxError) -> [UInt8]? {
        guard take("~") else { return try nstring("a value") }
        return try literal(mayHoldNUL: true)
    }
}
