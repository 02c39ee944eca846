// Every input that is kept is tried again, and its time measured as it is repeated.

import Foundation
import FuzzTargets
import Testing

@Suite struct ReplayTests {
    /// Where the corpora lie: a folder for each target.
    static let corpora = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("corpus")

    /// Of each corpus so many are measured, besides those that have found something.
    private static let measured = 6

    /// An input with the name of its file.
    private struct Kept: Sendable {
        let name: String
        let bytes: [UInt8]
    }

    private static func kept(_ target: String) throws -> [Kept] {
        let folder = corpora.appendingPathComponent(target)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            Kept(name: name, bytes: [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
        }
    }

    @Test("what was kept holds", arguments: FuzzTargets.all.map(\.name))
    func replay(name: String) async throws {
        let target = try #require(FuzzTargets.named(name))
        let kept = try ReplayTests.kept(name)
        #expect(!kept.isEmpty, "Tests/Fuzz/run \(name) --keep keeps some")
        let findings = try await ReplayTests.findings(target, [Kept(name: "nothing", bytes: [])] + kept)
        #expect(findings == [])
    }

    /// What the inputs find. On a thread of its own: some targets wait for what is done on those that tests share.
    private static func findings(_ target: FuzzTarget, _ inputs: [Kept]) async throws -> [String] {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let body = try target.prepare()
                        return inputs.compactMap { input in
                            do { try body(input.bytes) } catch { return "\(target.name)/\(input.name): \(error)" }
                            return nil
                        }
                    })
            }
        }
    }

    @Test("the time of what was kept grows as its size does", arguments: FuzzTargets.all.map(\.name))
    func growth(name: String) throws {
        let target = try #require(FuzzTargets.named(name))
        guard target.measuresGrowth else { return }
        let body = try target.prepare()
        let kept = try ReplayTests.kept(name)
        let every = max(1, kept.count / ReplayTests.measured)
        for (index, input) in kept.enumerated() where index % every == 0 || input.name.hasPrefix("finding-") {
            let exponent = try Growth.exponent(of: input.bytes, to: 8 * 1_024, body)
            #expect(exponent < Growth.most, "\(name)/\(input.name)")
        }
    }

    @Test("every target has a name of its own, and every corpus and dictionary its target")
    func names() throws {
        let names = FuzzTargets.all.map(\.name)
        #expect(Set(names).count == names.count)
        let folders = try FileManager.default.contentsOfDirectory(atPath: ReplayTests.corpora.path)
        #expect(Set(folders).subtracting(names).isEmpty)
        let dictionaries = ReplayTests.corpora.deletingLastPathComponent().appendingPathComponent("dictionaries")
        let words = try FileManager.default.contentsOfDirectory(atPath: dictionaries.path)
        #expect(Set(words.map { ($0 as NSString).deletingPathExtension }).subtracting(names).isEmpty)
    }

    @Test("the oracles can fail")
    func oraclesFail() throws {
        #expect(throws: Finding.self) { try require(false, "x") }
        #expect(throws: Finding.self) { try requireEqual(1, 2, "x") }
        let quadratic: FuzzTarget.Body = { bytes in
            var sum: UInt64 = 0
            for byte in bytes { for other in bytes { sum = sum &* 31 &+ UInt64(byte ^ other) } }
            try require(sum != 1, "")
        }
        #expect(try Growth.exponent(of: [1, 2, 3], to: 2_048, quadratic) > Growth.most)
        #expect(throws: Finding.self) {
            try Growth.exponent(of: [1], to: 2_048) { try require($0.count < 1_000, "x") }
        }
    }
}
