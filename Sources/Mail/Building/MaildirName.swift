// The names of files and folders in a Maildir: what they say of a message, and how ours are made.

/// A message file's name: `unique:2,FLAGS`.
package struct MaildirName: Sendable {
    /// The flags that one letter stands for, in the alphabetical order that the format asks for.
    private static let letters: [(letter: UInt8, flags: Flags)] = [
        (UInt8(ascii: "D"), Flags(.draft)), (UInt8(ascii: "F"), Flags(.flagged)),
        (UInt8(ascii: "P"), Flags(name: "$Forwarded") ?? .none), (UInt8(ascii: "R"), Flags(.answered)),
        (UInt8(ascii: "S"), Flags(.seen)), (UInt8(ascii: "T"), Flags(.deleted)),
    ]

    /// When the file was delivered by its name, seconds since 1970; nil when it does not begin with a number.
    package let delivered: Int64?
    package let flags: Flags

    /// - Parameters:
    ///   - name: the file's name; `:`, `;` or `!` may stand before `2,`.
    ///   - keywords: what the letters `a` to `z` stand for in this folder (`DovecotKeywords`).
    package init(_ name: String, keywords: [UInt8: Keyword] = [:]) {
        delivered = Int64(name.prefix { $0.isASCII && $0.isNumber })
        var flags = Flags.none
        for letter in MaildirName.info(name) {
            if let match = MaildirName.letters.first(where: { $0.letter == letter }) {
                flags = flags.union(match.flags)
            } else if let keyword = keywords[letter] {
                flags.keywords.insert(keyword)
            }
        }
        self.flags = flags
    }

    private static func info(_ name: String) -> some Sequence<UInt8> {
        let bytes = Array(name.utf8)
        let marks = [UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "!")]
        let start = bytes.indices.last { index in
            marks.contains(bytes[index]) && bytes[(index + 1)...].starts(with: [UInt8(ascii: "2"), UInt8(ascii: ",")])
        }
        return start.map { bytes.dropFirst($0 + 3) } ?? []
    }

    /// A name for the `number`th message that this process writes.
    /// - Parameters:
    ///   - fileSize: bytes of the file.
    ///   - size: bytes of the message, with CRLF line ends.
    package static func make(
        date: MailDate, number: Int, process: Int32, host: String, fileSize: Int, size: Int, letters: [UInt8]
    ) -> String {
        let host = host.map { $0 == "/" || $0 == ":" ? "_" : $0 }
        let sizes = ",S=\(fileSize),W=\(size)"
        let info = String(decoding: letters.sorted(), as: UTF8.self)
        return "\(date.secondsSince1970).P\(process)Q\(number).\(String(host))\(sizes):2,\(info)"
    }

    /// The letters for `flags`; `keywords` gives those of keywords other than `$Forwarded`.
    package static func letters(for flags: Flags, keywords: (Keyword) -> UInt8?) -> [UInt8] {
        let fixed = letters.filter { entry in
            entry.flags.system.isEmpty
                ? !entry.flags.keywords.isDisjoint(with: flags.keywords) : flags.contains(entry.flags.system)
        }.map(\.letter)
        let forwarded = letters.reduce(into: Set<Keyword>()) { $0.formUnion($1.flags.keywords) }
        return fixed + flags.keywords.subtracting(forwarded).sorted().compactMap(keywords)
    }
}

/// The file `dovecot-keywords` of a Maildir folder: which keyword a letter `a` to `z` stands for.
package struct DovecotKeywords: Sendable {
    package static let fileName = "dovecot-keywords"

    package private(set) var keywords: [Keyword] = []

    package init() {}

    /// - Returns: by letter. Lines that are not `number keyword` are passed over.
    package static func parse(_ text: String) -> [UInt8: Keyword] {
        var result: [UInt8: Keyword] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2, let number = UInt8(words[0]), number < 26, let keyword = Keyword(String(words[1]))
            else { continue }
            result[UInt8(ascii: "a") + number] = keyword
        }
        return result
    }

    /// The letter of `keyword`, given out at first sight; nil when all 26 are taken.
    package mutating func letter(for keyword: Keyword) -> UInt8? {
        if let index = keywords.firstIndex(of: keyword) { return UInt8(ascii: "a") + UInt8(index) }
        guard keywords.count < 26 else { return nil }
        keywords.append(keyword)
        return UInt8(ascii: "a") + UInt8(keywords.count - 1)
    }

    package var text: String { keywords.enumerated().map { "\($0.offset) \($0.element.name)\n" }.joined() }
}

/// Folder names of Maildir++ (`.Lists.Swift`) and of directory trees, in modified UTF-7 or UTF-8.
package enum MaildirFolder {
    /// What stands for a dot inside a level, which Maildir++ has no way to write.
    private static let dot = "&AC4-"

    /// The levels of a Maildir++ directory name; nil when it does not begin with a dot.
    package static func levels(of directory: String) -> [String]? {
        guard directory.utf8.first == UInt8(ascii: "."), directory.utf8.count > 1 else { return nil }
        return directory.utf8.dropFirst().split(separator: UInt8(ascii: ".")).map { level(String(Substring($0))) }
    }

    /// One level: modified UTF-7 when it is that, otherwise as it stands.
    package static func level(_ text: String) -> String {
        let pieces = text.split(separator: dot, omittingEmptySubsequences: false).map { piece in
            ModifiedUTF7.decode(String(piece)) ?? String(piece)
        }
        return pieces.joined(separator: ".")
    }

    /// The Maildir++ directory of a mailbox; empty for INBOX, which is the Maildir itself.
    package static func directory(of mailbox: MailboxName) -> String {
        guard !mailbox.isInbox else { return "" }
        let levels = mailbox.elements.map { element in
            // By bytes: a dot is one also where a mark behind it makes a Character of both.
            element.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                .map { ModifiedUTF7.encode(String(Substring($0))) }.joined(separator: dot)
        }
        return "." + levels.joined(separator: ".")
    }
}
