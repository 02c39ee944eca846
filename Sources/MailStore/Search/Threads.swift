// Thread ids: which messages of an account belong together, whatever mailbox they lie in (RFC 8474 §5.2).

import Mail

extension AccountReader {
    /// The thread of a body. It never changes once it was given; nil while it is not known, which is so for a message
    /// from before threads were kept until the background has come to it (`AccountStore.completeThreads`).
    package func threadID(of body: BodyID) throws -> ThreadID? { nil }

    /// The bodies of a thread, ascending; none when there is no such thread.
    package func bodies(in thread: ThreadID) throws -> [BodyID] { [] }
}

extension AccountStore {
    /// Waits until every message has its thread id: at once, but after the first opening of an older account's file.
    package func completeThreads() async throws(StoreError) {}
}
