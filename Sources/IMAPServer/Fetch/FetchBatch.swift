// Some messages of a FETCH that are answered together: by one job of the store, unless one of them is large.

import Mail
import MailStore

/// One message to fetch, with what the session knows of it.
struct FetchTarget: Hashable, Sendable {
    /// The sequence number.
    let number: UInt32
    let entry: MessageEntry
    let isRecent: Bool
    /// This command sets its \Seen, so that its flags are told with it.
    let becomesSeen: Bool
}

struct FetchBatch: Sendable {
    /// Bounds of one batch: messages, and bytes of its reply by estimate.
    static let mostMessages = 256
    static let mostBytes = 256 * 1_024

    /// Takes the next messages from the front of `remaining`.
    /// - Returns: at least one index; nil when none remain.
    static func next(of remaining: inout [Range<Int>], view: MailboxSnapshot, plan: FetchPlan) -> [Int]? {
        var indices: [Int] = []
        var bytes = 0
        while let range = remaining.first {
            let index = range.lowerBound
            let (sum, overflow) = bytes.addingReportingOverflow(plan.estimate(size: view[index].size))
            if !indices.isEmpty, overflow || sum > mostBytes || indices.count >= mostMessages { return indices }
            bytes = overflow ? .max : sum
            indices.append(index)
            if range.count == 1 { remaining.removeFirst() } else { remaining[0] = index + 1..<range.upperBound }
        }
        return indices.isEmpty ? nil : indices
    }
}
