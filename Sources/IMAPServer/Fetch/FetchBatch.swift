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

/// The messages that a FETCH has yet to answer, handed out in batches.
struct FetchQueue {
    /// Bounds of one batch: messages, and bytes of its reply by estimate.
    static let mostMessages = 256
    /// Likewise, of what the snapshot tells alone.
    static let mostOfSnapshot = 4_096
    static let mostBytes = 256 * 1_024
    /// Bounds of what is read on the event loop.
    static let mostBriefly = 64
    static let mostBytesBriefly = 128 * 1_024

    private let ranges: [Range<Int>]
    private var range = 0
    private var taken = 0

    /// - Parameter ranges: of indices, none empty.
    init(_ ranges: [Range<Int>]) { self.ranges = ranges }

    var isEmpty: Bool { range >= ranges.count }

    /// The next messages of the view: at least one; nil when none remain.
    mutating func next(of view: MailboxSnapshot, _ plan: FetchPlan) -> [Int]? {
        var indices: [Int] = []
        var bytes = 0
        let most = plan.readsStore ? FetchQueue.mostMessages : FetchQueue.mostOfSnapshot
        while range < ranges.count {
            let index = ranges[range].lowerBound + taken
            let (sum, overflow) = bytes.addingReportingOverflow(plan.estimate(size: view[index].size))
            let isFull = overflow || sum > FetchQueue.mostBytes || indices.count >= most
            if isFull, !indices.isEmpty { return indices }
            bytes = overflow ? .max : sum
            indices.append(index)
            taken += 1
            if taken == ranges[range].count {
                range += 1
                taken = 0
            }
        }
        return indices.isEmpty ? nil : indices
    }
}
