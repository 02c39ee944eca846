// How an import knows messages again.

import MailCrypto
import Testing

@testable import martlet

@Test("equal messages have different keys, and the same keys in the next run")
func countsDuplicates() throws {
    let digests = try ["a", "b", "a", "a"].map { try SHA256.hash(Array($0.utf8)) }
    func run() throws -> [[UInt8]] {
        var keys = ImportKeys()
        return try digests.map { try keys.key(for: $0) }
    }
    let first = try run()
    #expect(Set(first).count == 4)
    #expect(first[0] == digests[0])
    #expect(try run() == first)
}
