// Work that would hold up the event loop's other sessions: done on other threads while the session waits.
//
// Theory. A session shares its event loop with others, and what it does between two waits is what they wait for. What
// grows with a mailbox is therefore read by the store's threads, goes on in slices, or is done here. Little work stays
// on the loop: to go away and come back costs more than it takes.

import IMAPSyntax

extension Session {
    /// So many messages or mailboxes are gone through on the loop.
    static let mostOnLoop = 4_096

    /// What `work` makes of so many things.
    func apart<Value: Sendable>(_ count: Int, _ work: @escaping @Sendable () -> Value) async -> Value {
        count > Session.mostOnLoop ? await Task.detached(operation: work).value : work()
    }

    /// What `work` makes of so many mailbox names, which take longer than messages.
    func apart<Value: Sendable>(names: Int, _ work: @escaping @Sendable () -> Value) async -> Value {
        await apart(names &* 16, work)
    }

    /// Writes a reply about so many things. A large one is sent piece by piece.
    func writeApart(_ count: Int, _ write: @escaping @Sendable (inout ResponseWriter) -> Void) async throws {
        guard count > Session.mostOnLoop else { return write(&connection.writer) }
        var empty = connection.writer
        _ = empty.take()
        let fresh = empty
        let reply = await apart(count) {
            var writer = fresh
            write(&writer)
            return writer.take()
        }
        try await connection.sendInPieces(reply)
    }
}
