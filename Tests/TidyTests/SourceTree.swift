// Reads the project's own files from disk, so that the rules of the house can be tested like anything else.

import Foundation

/// A text file of the project: where it lies below the root, and what it says.
struct SourceFile: Sendable, CustomStringConvertible {
    let path: String
    let text: String

    var description: String { path }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// The folders and the name: `Sources/Mail/Names/UID.swift` has four.
    var components: [String] { path.split(separator: "/").map(String.init) }
    /// The module whose target holds the file: its folder under Sources or Tests, `martlet` for Admin, `Schema` for
    /// schema.
    var module: String {
        switch components[0] {
        case "Sources", "Tests": components.count > 2 ? components[1] : ""
        case "Admin": "martlet"
        case "schema": "Schema"
        default: ""
        }
    }
    /// Whether the file is linked into one of the two programs.
    var isShipped: Bool { ["Sources", "Admin", "schema"].contains(components[0]) }
}

/// What a rule found: shown as `path:line: message`, so that an editor can jump there.
struct Violation: Sendable, Hashable, CustomStringConvertible {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// The files below the package's root, read once.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let topLevel = ["Sources", "Tests", "Admin", "schema", "docs"]
    static let textEndings: Set<String> = ["swift", "md", "py", "sql", "h", "sh", "lua", "ini", "txt", "service", ""]

    /// Every text file in the five folders, and those that lie beside them.
    static let files: [SourceFile] = {
        var paths = ["Package.swift", "README.md", ".ci/run"]
        for folder in topLevel {
            let place = root.appendingPathComponent(folder)
            guard let walk = FileManager.default.enumerator(atPath: place.path) else { continue }
            for case let name as String in walk where !isLeftOut(name) { paths.append(folder + "/" + name) }
        }
        return paths.sorted().compactMap(read)
    }()

    static let swift = files.filter { $0.path.hasSuffix(".swift") && $0.path != "Package.swift" }
    static let markdown = files.filter { $0.path.hasSuffix(".md") }

    /// What lies in the root, dot-files and what the package manager writes left out.
    static func topLevelNames() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: root.path))
            .filter { !$0.hasPrefix(".") && $0 != "Package.resolved" }
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// Messages and what was fuzzed are data, not ours to tidy; neither is what Python leaves behind.
    private static func isLeftOut(_ name: String) -> Bool {
        name.contains("__pycache__") || name.hasPrefix("Samples/") || name.hasPrefix("Fuzz/corpus/")
            || name.contains("/.") || !textEndings.contains((name as NSString).pathExtension)
    }

    private static func read(_ path: String) -> SourceFile? {
        guard let bytes = FileManager.default.contents(atPath: root.appendingPathComponent(path).path),
            !bytes.contains(0), let text = String(data: bytes, encoding: .utf8)
        else { return nil }
        return SourceFile(path: path, text: text)
    }
}
