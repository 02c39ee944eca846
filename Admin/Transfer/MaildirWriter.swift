// Writes a Maildir folder: one file per message, flags in its name, INTERNALDATE as its time.

internal import Glibc
internal import Mail

struct MaildirWriter: MessageWriter {
    private let path: String
    private let host: String
    private var keywords = DovecotKeywords()
    private var number = 0
    private var file: NewFile?
    private var letters: [UInt8] = []
    private var date = MailDate(secondsSince1970: 0)
    private var size = 0
    private var fileSize = 0
    private var lines = LineFeeds()

    /// Makes `cur`, `new` and `tmp` in `path`, and `path` unless it exists.
    init(path: String, host: String) throws {
        self.path = path
        self.host = host
        if !FileFacts.isDirectory(path) { try FileFacts.makeDirectory(path) }
        for name in ["cur", "new", "tmp"] { try FileFacts.makeDirectory("\(path)/\(name)") }
    }

    mutating func begin(flags: Flags, date: MailDate, header: [UInt8], size: Int) throws {
        number += 1
        self.date = date
        lines = LineFeeds()
        self.size = size
        fileSize = 0
        letters = MaildirName.letters(for: flags) { keywords.letter(for: $0) }
        file = try NewFile(path: "\(path)/tmp/\(number)")
        try write(header)
    }

    mutating func write(_ bytes: [UInt8]) throws { try put(lines.convert(bytes)) }

    private mutating func put(_ bytes: [UInt8]) throws {
        fileSize += bytes.count
        try file?.write(bytes)
    }

    mutating func end() throws {
        try put(lines.finish())
        try file?.close()
        file = nil
        let seconds = timeval(tv_sec: time_t(date.secondsSince1970), tv_usec: 0)
        let name = MaildirName.make(
            date: date, number: number, process: getpid(), host: host, fileSize: fileSize, size: size, letters: letters)
        let final = "\(path)/cur/\(name)"
        let temporary = "\(path)/tmp/\(number)"
        guard utimes(temporary, [seconds, seconds]) == 0, rename(temporary, final) == 0 else {
            throw FileFacts.failure("write", final)
        }
    }

    mutating func close() throws {
        guard !keywords.keywords.isEmpty else { return }
        let list = try NewFile(path: "\(path)/\(DovecotKeywords.fileName)")
        try list.write(Array(keywords.text.utf8))
        try list.close()
    }
}

/// CRLF to LF; a lone CR stays. Streams.
struct LineFeeds {
    private var heldCR = false

    mutating func convert(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if heldCR, byte != 0x0a { result.append(0x0d) }
            heldCR = byte == 0x0d
            if !heldCR { result.append(byte) }
        }
        return result
    }

    mutating func finish() -> [UInt8] {
        defer { heldCR = false }
        return heldCR ? [0x0d] : []
    }
}
