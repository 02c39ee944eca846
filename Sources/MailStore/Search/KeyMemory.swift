// How much memory the sort keys and thread structures of all accounts may take together.

import Synchronization

/// Counts what the `MessageKeys` of a store's accounts hold, and lets go of those that were not used for the longest
/// time when another needs the room.
///
/// An account claims with its own keys locked, and other accounts' keys are only dropped when nobody has them locked,
/// so that no two wait for each other.
final class KeyMemory: Sendable {
    /// Bytes: the keys of some 400,000 messages, or the sent dates of four million.
    static let standard = 64 * 1_024 * 1_024

    private struct Holder {
        weak var keys: MessageKeys?
        var bytes: Int
    }
    let most: Int
    /// The last is the one that was used last.
    private let holders = Mutex<[Holder]>([])

    init(most: Int = KeyMemory.standard) { self.most = most }

    /// What all hold.
    var used: Int { holders.withLock { $0.reduce(0) { $1.keys == nil ? $0 : $0 + $1.bytes } } }

    /// Notes that an account uses its keys, and how many bytes they take.
    /// - Returns: false when there is no room; it must let go of them then.
    func claim(_ bytes: Int, for keys: MessageKeys) -> Bool {
        holders.withLock { holders in
            holders.removeAll { $0.keys == nil || $0.keys === keys }
            var used = holders.reduce(0) { $0 + $1.bytes }
            var place = 0
            while used + bytes > most, place < holders.count {
                guard holders[place].keys?.dropIfFree() ?? true else {
                    place += 1
                    continue
                }
                used -= holders.remove(at: place).bytes
            }
            guard used + bytes <= most else { return false }
            holders.append(Holder(keys: keys, bytes: bytes))
            return true
        }
    }
}
