// The messages of one folder of a source, as a stream of events in pieces of bounded size.

internal import Mail

/// What a source says, in order: `begin`, any number of `bytes`, `end`; or `unreadable` in place of a message.
enum SourceEvent: Sendable {
    /// A message begins; `name` is for complaints.
    case begin(name: String)
    case bytes([UInt8])
    case end(flags: Flags, date: SourceDate)
    /// The message that began is none (a record of the mail program's own): forget it.
    case dropped
    /// A message that could not be read, and why.
    case unreadable(name: String, reason: String)
    /// Bytes of the source that are now behind us, for the progress bar.
    case progress(Int64)
}

/// Where a message's INTERNALDATE comes from.
struct SourceDate: Hashable, Sendable {
    /// What the source says for certain; else the message's Date field; else `fallback`.
    var known: MailDate?
    var fallback: MailDate?
}

/// Anything that messages can be pulled from.
protocol MessageSource {
    /// The next few events; nil at the end.
    mutating func next() throws -> [SourceEvent]?
    /// All of it, in bytes, for the progress bar.
    func totalBytes() -> Int64
}

extension SourceFolder {
    func open() throws -> any MessageSource {
        switch content {
        case .mbox(let path): try MboxSource(path: path)
        case .maildir(let path): try MaildirSource(path: path)
        case .messages(let paths): FileSource(paths: paths)
        }
    }
}

/// An mbox file.
struct MboxSource: MessageSource {
    private let pieces: FilePieces
    private var reader = MboxReader()
    private var status = MboxStatus()
    private var date: MailDate?
    private var number = 0
    private var isAtEnd = false

    init(path: String) throws { pieces = try FilePieces(path: path) }

    func totalBytes() -> Int64 { (try? FileFacts(path: pieces.path))?.size ?? 0 }

    mutating func next() throws -> [SourceEvent]? {
        guard !isAtEnd else { return nil }
        var found: [MboxReader.Event] = []
        let piece = try pieces.next()
        if let piece {
            reader.consume(piece) { found.append($0) }
        } else {
            reader.finish { found.append($0) }
            isAtEnd = true
        }
        return found.flatMap { translate($0) } + [.progress(Int64(piece?.count ?? 0))]
    }

    private mutating func translate(_ event: MboxReader.Event) -> [SourceEvent] {
        switch event {
        case .message(_, let date):
            self.date = date
            status = MboxStatus()
            number += 1
            return [.begin(name: "\(pieces.path), message \(number)")]
        case .bytes(let bytes):
            let own = status.consume(bytes)
            return own.isEmpty ? [] : [.bytes(own)]
        case .end:
            let rest = status.finish()
            let end: SourceEvent =
                status.isFolderData ? .dropped : .end(flags: status.flags, date: SourceDate(known: date))
            return rest.isEmpty ? [end] : [.bytes(rest), end]
        }
    }
}

/// A Maildir folder: the messages in `cur` and `new` in order of their delivery.
struct MaildirSource: MessageSource {
    private struct Entry {
        let path: String
        let name: MaildirName
    }

    private var entries: [Entry]
    private var upcoming = 0
    private var file: OneFile?

    init(path: String) throws {
        let keywords = try MaildirSource.keywords(in: path)
        var entries: [(file: String, entry: Entry)] = []
        for directory in ["cur", "new"] where FileFacts.isDirectory("\(path)/\(directory)") {
            for file in try FileFacts.names(in: "\(path)/\(directory)") where !file.hasPrefix(".") {
                let name = MaildirName(file, keywords: keywords)
                entries.append((file, Entry(path: "\(path)/\(directory)/\(file)", name: name)))
            }
        }
        entries.sort { ($0.entry.name.delivered ?? 0, $0.file) < ($1.entry.name.delivered ?? 0, $1.file) }
        self.entries = entries.map(\.entry)
    }

    private static func keywords(in path: String) throws -> [UInt8: Keyword] {
        let file = "\(path)/\(DovecotKeywords.fileName)"
        guard FileFacts.exists(file), let bytes = try FilePieces(path: file).next() else { return [:] }
        return DovecotKeywords.parse(String(decoding: bytes, as: UTF8.self))
    }

    func totalBytes() -> Int64 { entries.reduce(0) { $0 + ((try? FileFacts(path: $1.path))?.size ?? 0) } }

    mutating func next() throws -> [SourceEvent]? {
        if let events = file?.next() { return events }
        guard upcoming < entries.count else { return nil }
        let entry = entries[upcoming]
        upcoming += 1
        file = OneFile(path: entry.path) { facts in
            (entry.name.flags, SourceDate(known: MailDate(secondsSince1970: facts.modified)))
        }
        return []
    }
}

/// Files that are one message each.
struct FileSource: MessageSource {
    private let paths: [String]
    private var upcoming = 0
    private var file: OneFile?

    init(paths: [String]) { self.paths = paths }

    func totalBytes() -> Int64 { paths.reduce(0) { $0 + ((try? FileFacts(path: $1))?.size ?? 0) } }

    mutating func next() throws -> [SourceEvent]? {
        if let events = file?.next() { return events }
        guard upcoming < paths.count else { return nil }
        file = OneFile(path: paths[upcoming]) { facts in
            (.none, SourceDate(fallback: MailDate(secondsSince1970: facts.modified)))
        }
        upcoming += 1
        return []
    }
}

/// One file that is one message. A file that cannot be read becomes `unreadable`, and the others go on.
private struct OneFile {
    private enum State {
        case unopened
        case reading(FilePieces)
        case done
    }

    let path: String
    let describe: (FileFacts) -> (Flags, SourceDate)
    private var state = State.unopened

    init(path: String, describe: @escaping (FileFacts) -> (Flags, SourceDate)) {
        self.path = path
        self.describe = describe
    }

    mutating func next() -> [SourceEvent]? {
        do {
            switch state {
            case .unopened:
                state = .reading(try FilePieces(path: path))
                return [.begin(name: path)]
            case .reading(let pieces):
                if let piece = try pieces.next() { return [.bytes(piece), .progress(Int64(piece.count))] }
                state = .done
                let (flags, date) = describe(try FileFacts(path: path))
                return [.end(flags: flags, date: date)]
            case .done: return nil
            }
        } catch {
            let hadBegun = if case .reading = state { true } else { false }
            state = .done
            let complaint = SourceEvent.unreadable(name: path, reason: "\(error)")
            return hadBegun ? [.dropped, complaint] : [complaint]
        }
    }
}
