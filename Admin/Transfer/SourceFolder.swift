// What an import reads from: the folders that are found at a path, and how they are found.
//
// A directory with `cur` or `new` is a Maildir folder. Its sub-folders are `.A.B` (Maildir++), plain directories
// (mbsync's Verbatim style) or, below a sub-folder, `.Child` (mbsync's Legacy style). Any other directory is a level
// of the tree: its .eml files are one folder, each mbox file is a folder of its own. Symbolic links to directories
// are not followed.

internal import Mail

/// The formats that can be imported.
enum SourceFormat: String, CaseIterable, Sendable {
    case mbox, maildir, eml
}

/// One folder of a source.
struct SourceFolder: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case mbox(path: String)
        case maildir(path: String)
        case messages(paths: [String])
    }

    /// Below the source's root; empty for the root itself.
    let levels: [String]
    let content: Content

    var format: SourceFormat {
        switch content {
        case .mbox: .mbox
        case .maildir: .maildir
        case .messages: .eml
        }
    }
}

/// Finds the folders of a source.
struct SourceScanner {
    static let deepest = 50
    private static let messageExtensions = ["eml"]
    /// What mail programs keep beside an mbox: indexes and the like.
    private static let passedOver = ["msf", "cmeta", "ibex", "index", "dat", "html", "log", "json", "sqlite", "plist"]

    private let format: SourceFormat?
    private(set) var folders: [SourceFolder] = []
    /// Files that are neither: told, not imported.
    private(set) var ignored: [String] = []

    /// - Parameter format: nil to find out from the content.
    static func scan(_ path: String, format: SourceFormat?) throws -> SourceScanner {
        var scanner = SourceScanner(format: format)
        if try FileFacts(path: path).kind == .directory {
            try scanner.scanDirectory(path, levels: [])
        } else {
            try scanner.scanFile(path)
        }
        guard !scanner.folders.isEmpty else {
            throw Failure(
                "found no messages at \(path): a Maildir has \"cur\" and \"new\", an mbox begins with \"From \", "
                    + "a message file ends in .eml. Nothing was imported.")
        }
        scanner.folders.sort { $0.levels.lexicographicallyPrecedes($1.levels) }
        return scanner
    }

    private init(format: SourceFormat?) { self.format = format }

    private mutating func scanFile(_ path: String) throws {
        let found = try SourceScanner.format(ofFile: path)
        switch format ?? found {
        case .mbox?:
            guard found != .eml else {
                throw Failure("\(path) is no mbox: it does not begin with \"From \". Nothing was imported.")
            }
            folders.append(SourceFolder(levels: [], content: .mbox(path: path)))
        case .eml?: folders.append(SourceFolder(levels: [], content: .messages(paths: [path])))
        case .maildir?: throw Failure("\(path) is a file; a Maildir is a directory. Nothing was imported.")
        case nil:
            throw Failure(
                "\(path) is neither an mbox (it would begin with \"From \") nor a message (it would begin with a "
                    + "header field). Nothing was imported.")
        }
    }

    /// nil when the file looks like neither.
    static func format(ofFile path: String) throws -> SourceFormat? {
        guard let piece = try FilePieces(path: path).next() else { return .mbox }
        if piece.starts(with: Array("From ".utf8)) { return .mbox }
        let name = piece.prefix(128).prefix { $0 != UInt8(ascii: ":") }
        let isField = name.count < min(128, piece.count) && !name.isEmpty && name.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        return isField ? .eml : nil
    }

    private mutating func scanDirectory(_ path: String, levels: [String]) throws {
        guard levels.count < SourceScanner.deepest else {
            throw Failure("\(path) is nested more than \(SourceScanner.deepest) deep. Nothing was imported.")
        }
        let names = try FileFacts.names(in: path)
        let isMaildir = ["cur", "new"].contains { names.contains($0) && FileFacts.isDirectory("\(path)/\($0)") }
        if isMaildir, format == nil || format == .maildir {
            folders.append(SourceFolder(levels: levels, content: .maildir(path: path)))
            try scanMaildirChildren(names, of: path, levels: levels)
        } else {
            try scanTree(names, in: path, levels: levels)
        }
    }

    private mutating func scanMaildirChildren(_ names: [String], of path: String, levels: [String]) throws {
        for name in names where !["cur", "new", "tmp"].contains(name) {
            let child = "\(path)/\(name)"
            guard FileFacts.isDirectory(child), !FileFacts.isSymbolicLink(child) else { continue }
            if let below = MaildirFolder.levels(of: name) {
                try scanDirectory(child, levels: levels + below)
            } else if try SourceScanner.holdsMaildir(child, depth: levels.count) {
                try scanDirectory(child, levels: levels + [MaildirFolder.level(name)])
            }
        }
    }

    /// Whether a Maildir folder is at `path` or somewhere below it.
    private static func holdsMaildir(_ path: String, depth: Int) throws -> Bool {
        guard depth < deepest, FileFacts.isDirectory(path), !FileFacts.isSymbolicLink(path) else { return false }
        let names = try FileFacts.names(in: path)
        if names.contains("cur") || names.contains("new") { return true }
        return try names.contains { try holdsMaildir("\(path)/\($0)", depth: depth + 1) }
    }

    private mutating func scanTree(_ names: [String], in path: String, levels: [String]) throws {
        var messages: [String] = []
        for name in names {
            let child = "\(path)/\(name)"
            if FileFacts.isDirectory(child) {
                guard !FileFacts.isSymbolicLink(child), SourceScanner.isVisible(name) else { continue }
                try scanDirectory(child, levels: levels + [SourceScanner.level(directory: name)])
            } else if format != .maildir, SourceScanner.isVisible(name) {
                try scanTreeFile(name, path: child, levels: levels, messages: &messages)
            }
        }
        if !messages.isEmpty {
            folders.append(SourceFolder(levels: levels, content: .messages(paths: messages)))
        }
    }

    private mutating func scanTreeFile(
        _ name: String, path: String, levels: [String], messages: inout [String]
    ) throws {
        let parts = name.split(separator: ".")
        let ending = parts.count > 1 ? parts.last?.lowercased() ?? "" : ""
        guard !SourceScanner.passedOver.contains(ending), let facts = try? FileFacts(path: path), facts.kind == .file,
            facts.size > 0 || ["", "mbox", "mbx"].contains(ending)
        else { return }
        let isMessage = SourceScanner.messageExtensions.contains(ending)
        switch try SourceScanner.format(ofFile: path) {
        case .mbox? where !isMessage && format != .eml:
            // Apple Mail's export: `Sent.mbox/mbox`.
            let level = ["mbox", "mbx"].contains(ending) ? String(name.dropLast(ending.count + 1)) : name
            let own = name == "mbox" && !levels.isEmpty ? [] : [MaildirFolder.level(level)]
            folders.append(SourceFolder(levels: levels + own, content: .mbox(path: path)))
        case .eml? where format != .mbox && (isMessage || format == .eml || parts.count == 1), .mbox? where isMessage:
            messages.append(path)
        default: ignored.append(path)
        }
    }

    private static func isVisible(_ name: String) -> Bool { !name.hasPrefix(".") }

    /// `Lists.sbd` (Thunderbird) and `Lists.mbox` (Apple Mail) are `Lists`.
    private static func level(directory name: String) -> String {
        for ending in [".sbd", ".mbox"] where name.count > ending.count && name.hasSuffix(ending) {
            return String(name.dropLast(ending.count))
        }
        return MaildirFolder.level(name)
    }
}
