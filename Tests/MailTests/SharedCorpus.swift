// The corpus of real messages that lies beside the checkout, when it is there.

import Foundation
import Mail

/// `../shared/corpus` beside the package, or `corpus` in the directory that MARTLET_SHARED names.
enum SharedCorpus {
    static let root: URL? = {
        let named = ProcessInfo.processInfo.environment["MARTLET_SHARED"].map { URL(fileURLWithPath: $0) }
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let beside = package.deletingLastPathComponent().appendingPathComponent("shared")
        let corpus = (named ?? beside).appendingPathComponent("corpus")
        return FileManager.default.fileExists(atPath: corpus.path) ? corpus : nil
    }()

    static var isThere: Bool { root != nil }

    /// Paths below the corpus of the files whose names end so, in order.
    static func files(_ endings: String...) -> [String] {
        guard let root, let all = FileManager.default.enumerator(atPath: root.path) else { return [] }
        return all.compactMap { $0 as? String }.filter { path in endings.contains { path.hasSuffix($0) } }.sorted()
    }

    static func bytes(_ path: some StringProtocol) throws -> [UInt8] {
        guard let root else { return [] }
        return Array(try Data(contentsOf: root.appendingPathComponent(String(path))))
    }
}
