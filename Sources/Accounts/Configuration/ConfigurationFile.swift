// martlet.yaml, read for its shape: every key must be known and every value of the right kind of node, by line number.

import Yams

#if canImport(Glibc)
    import Glibc
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a configuration file holds, before its values are understood.
struct ConfigurationFile {
    /// The line of each key that the file sets.
    private(set) var lines: [String: Int] = [:]
    /// What it says, as text.
    private(set) var values: [String: [String]] = [:]
    private(set) var problems: [ConfigurationProblem] = []
    let path: String
    /// More is not a configuration.
    static let longest = 1_048_576

    /// A missing file is an empty one.
    init(path: String) {
        self.path = path
        guard let text = text() else { return }
        do {
            guard let root = try Yams.Parser(yaml: text).singleRoot() else { return }
            if case .scalar(let scalar) = root, scalar.string.isEmpty { return }
            walk(root, under: "")
        } catch let error as YamlError {
            report(error)
        } catch {
            report(0, "is not YAML: \(error)")
        }
    }

    /// nil for what cannot be read, which has been reported, and for a file that is not there. A link that leads
    /// nowhere is there: nobody meant the defaults by it.
    private mutating func text() -> String? {
        var information = stat()
        if lstat(path, &information) != 0, errno == ENOENT || errno == ENOTDIR { return nil }
        // What is no file, such as a pipe, might never end.
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
            information.st_size <= Self.longest, let data = FileManager.default.contents(atPath: path),
            data.count <= Self.longest
        else {
            report(0, "cannot be read; it must be a file of at most 1 MiB that this user may read")
            return nil
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            report(0, "is not UTF-8 text")
            return nil
        }
        return text
    }

    private mutating func report(_ line: Int, _ message: String) {
        problems.append(ConfigurationProblem(place: .file(path: path, line: line), message: message))
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            report(mark.line, "is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            report(context.mark.line, "\(names) is given more than once; keep one")
        default:
            report(0, "is not YAML: \(error)")
        }
    }

    /// Names are at most two levels deep, so this recursion is too: a mapping is entered only below a known prefix.
    private mutating func walk(_ node: Node, under prefix: String) {
        guard case .mapping(let mapping) = node else {
            report(
                node.mark?.line ?? 0,
                "expected lines of the form \"key: value\"\(prefix.isEmpty ? "" : " below \(prefix)")")
            return
        }
        for (keyNode, value) in mapping {
            let line = keyNode.mark?.line ?? 0
            guard let key = keyNode.string else {
                report(line, "a key must be text")
                continue
            }
            let name = prefix.isEmpty ? key : "\(prefix).\(key)"
            if let known = ConfigurationKey.named(name) {
                check(value, of: known, line: line)
            } else if !name.contains("."), ConfigurationKey.all.contains(where: { $0.name.hasPrefix("\(name).") }) {
                walk(value, under: name)
            } else {
                report(line, "unknown key \"\(name)\"; \(Self.suggestion(for: name))")
            }
        }
    }

    private mutating func check(_ value: Node, of key: ConfigurationKey, line: Int) {
        lines[key.name] = line
        switch value {
        case .scalar(let scalar) where !scalar.string.isEmpty: values[key.name] = [scalar.string]
        case .sequence(let sequence) where key.isList && sequence.allSatisfy({ $0.scalar != nil }):
            values[key.name] = sequence.compactMap { $0.scalar?.string }
        default: report(line, "\(key.name): expected \(key.isList ? "a list; each entry " : "")\(key.expects)")
        }
    }

    /// The known key that looks most like `name`, or where to find all of them.
    static func suggestion(for name: String) -> String {
        let nearest = ConfigurationKey.all.map { (key: $0.name, distance: distance($0.name, name)) }
            .min { $0.distance < $1.distance }
        if let nearest, nearest.distance <= 3 { return "did you mean \"\(nearest.key)\"?" }
        return "martlet config show lists all of them"
    }

    /// Levenshtein's distance, of the first 64 letters.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8.prefix(64))
        var row = Array(0...left.count)
        for letter in right.utf8.prefix(64) {
            var diagonal = row[0]
            row[0] += 1
            for index in left.indices {
                let cost = min(row[index] + 1, row[index + 1] + 1, diagonal + (left[index] == letter ? 0 : 1))
                diagonal = row[index + 1]
                row[index + 1] = cost
            }
        }
        return row[left.count]
    }
}
