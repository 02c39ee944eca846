// How an import knows a message again: by its bytes, and by which of several equal ones it is.

internal import MailCrypto

/// Gives each message of one mailbox's import the key under which the store remembers it.
///
/// The key depends on the message's bytes (with CRLF, without the fields of an mbox) and on how many equal ones came
/// before it in the same run: true duplicates all arrive the first time, and none of them arrives the second time.
struct ImportKeys {
    private struct Digest: Hashable {
        let first: UInt64
        let second: UInt64
    }

    /// Half of each digest is plenty to count equal messages by, and 16 bytes keep a million messages in little memory.
    private var seen: [Digest: UInt32] = [:]

    /// - Parameter digest: SHA-256 of the message.
    mutating func key(for digest: [UInt8]) throws -> [UInt8] {
        let short = Digest(
            first: ImportKeys.number(digest.prefix(8)), second: ImportKeys.number(digest.dropFirst(8).prefix(8)))
        let earlier = seen[short, default: 0]
        seen[short] = earlier &+ 1
        guard earlier > 0 else { return digest }
        return try SHA256.hash(digest + Array("duplicate \(earlier)".utf8))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
