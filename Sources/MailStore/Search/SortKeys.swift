// SORT's keys and THREAD's view of stored messages: the stored ones, or read from the header where none are stored yet.

package import Mail

extension AccountReader {
    /// The sort keys of each body, in the order of `bodies`.
    /// - Throws: `.messageGone` when a body is not there.
    package func sortKeys(of bodies: [BodyID]) throws -> [SortKeys] { try bodies.map { try summary(of: $0).sortKeys } }

    /// What the threading algorithms need of each body; its `id` is the body's place in `bodies`. INTERNALDATE belongs
    /// to the message, not to the body: the caller puts it in.
    /// - Throws: `.messageGone` when a body is not there.
    package func threading(of bodies: [BodyID]) throws -> [ThreadingMessage] {
        try bodies.enumerated().map { try summary(of: $1).threading(id: $0) }
    }

    private func summary(of body: BodyID) throws -> MessageSummary { MessageSummary(header: try header(of: body)) }
}
