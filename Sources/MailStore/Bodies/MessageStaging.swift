// A message on its way into the store: parsed, cut into chunks and compressed while its bytes arrive.
//
// Used by one session: `write` any number of times, then `finish` once. The work runs on the store's own threads, so
// the writer later only inserts rows. Memory: one chunk, the parser's state, and at most what `SpoolRoom` may hold.

package import Mail
package import NIOCore
import NIOPosix
import Synchronization

/// How stored bodies are cut.
enum ChunkLayout {
    /// Decoded bytes of every chunk but the first and the last. The first holds the header block where that fits.
    static let size = 256 * 1_024
    /// Chunk numbers are the low bits of body_chunk.id.
    static let numberBits: Int64 = 16

    static func key(_ body: BodyID, chunk: Int) -> Int64 { body.rawValue << numberBits | Int64(chunk) }

    /// The chunk that a place behind the first chunk's `first` bytes lies in, and where it starts.
    static func chunk(at place: Int, behind first: Int) -> (number: Int, start: Int) {
        let number = (place - first) / size
        return (1 + number, first + number * size)
    }

    /// The largest message that fits: (2^16 - 1) chunks, or what RFC822.SIZE may say.
    static let largestMessage = min(size * 65_535, Int(UInt32.max))
}

/// A message that is ready to be appended, to one mailbox or to several.
package struct StagedMessage: Sendable {
    package let parsed: ParsedMessage
    let chunks: [StoredChunk]
    /// Where the chunks lie.
    let room: SpoolRoom
    let compression: Compression
    /// nil when the text begins too far behind the header.
    let preview: String?

    package var size: Int { parsed.size }

    /// About how many bytes of memory it takes beside its spooled content.
    package var weight: Int {
        1_024 + parsed.envelope.count + parsed.bodyStructure.count + 256 * parsed.parts.parts.count + 64 * chunks.count
    }
}

package final class MessageStaging: Sendable {
    private struct State: ~Copyable {
        /// What has come and was not yet parsed.
        var incoming = ByteBuffer()
        var parser = MessageParser()
        var pending: [UInt8] = []
        var chunks: [StoredChunk] = []
        var size = 0
        var cutHeader = false
        /// The message's beginning, of a message of which chunks were cut: for its preview.
        var head: [UInt8] = []
        var isFinished = false
        /// NUL may come, and is to be encoded; it has come.
        var takesBinary = false
        var holdsNUL = false
    }
    private let state: Mutex<State>
    private let limit: Int
    private let room: SpoolRoom
    private let threads: NIOThreadPool
    private let compression: Compression

    init(room: SpoolRoom, limit: Int, threads: NIOThreadPool, compression: Compression) {
        state = Mutex(State())
        self.room = room
        self.limit = min(limit, ChunkLayout.largestMessage)
        self.threads = threads
        self.compression = compression
    }

    /// Bytes that are collected before a thread is asked to work on them: a small message costs one jump, not one for
    /// each piece that the network brought.
    private static let batchSize = 128 * 1_024

    /// What comes may hold NUL: the parts with NUL will be stored in base64, so that every literal can hold them. To be
    /// called before such bytes are written.
    package func takeBinary() { state.withLock { $0.takesBinary = true } }

    /// Takes the message's next bytes.
    /// - Throws: `.limit` when the message is longer than allowed, `.unavailable` when the spool cannot be written.
    package func write(_ bytes: ByteBuffer) async throws(StoreError) {
        if try collect(bytes) {
            try await work { state throws(StoreError) in try self.takeIn(&state) }
        }
    }

    /// - Returns: true when there is enough to work on.
    private func collect(_ bytes: ByteBuffer) throws(StoreError) -> Bool {
        let limit = limit
        return try state.withLock { state throws(StoreError) in
            guard state.size + bytes.readableBytes <= limit else {
                throw .limit("the message is longer than the \(limit) bytes that are allowed")
            }
            state.size += bytes.readableBytes
            state.incoming.writeImmutableBuffer(bytes)
            return state.incoming.readableBytes >= Self.batchSize
        }
    }

    /// Parses what has come and cuts off the chunks that are full.
    private func takeIn(_ state: inout State) throws(StoreError) {
        let incoming = state.incoming
        state.incoming = ByteBuffer()
        // Not more than a chunk is copied at once.
        var rest = incoming.readableBytesView[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(ChunkLayout.size))
            rest = rest.dropFirst(part.count)
            if state.takesBinary, !state.holdsNUL {
                state.holdsNUL = ByteSearch.firstIndex(of: 0, in: part.span, from: 0) != nil
            }
            state.parser.consume(part)
            state.pending.append(contentsOf: part)
            try cutFullChunks(&state)
        }
    }

    /// Ends the message.
    package func finish() async throws(StoreError) -> StagedMessage { try await finishing().value() }

    /// Ends the message, while the caller goes on with the next one.
    package func finishing() -> Pending<StagedMessage> {
        let pending = Pending<StagedMessage>()
        finish { pending.resolve($0) }
        return pending
    }

    /// Ends the message and gives it to `take` on the thread that has worked on it.
    func finish(_ take: @escaping @Sendable (Result<StagedMessage, StoreError>) -> Void) {
        threads.submit { [self] work in
            guard case .active = work else { return take(.failure(.unavailable("the store is closed"))) }
            take(
                state.withLock { state in
                    Result { () throws(StoreError) in
                        let staged = try self.finish(&state)
                        return state.holdsNUL ? try self.withoutNUL(staged) : staged
                    }
                })
        }
    }

    private func finish(_ state: inout State) throws(StoreError) -> StagedMessage {
        guard !state.isFinished else { throw .refused(reason: "the message was already finished") }
        state.isFinished = true
        try takeIn(&state)
        let parsed = state.parser.finish()
        let preview = Self.preview(parsed.parts, state.cutHeader ? state.head : state.pending)
        if !state.cutHeader { try cutHeader(parsed.headerSize, &state) }
        while !state.pending.isEmpty { try cut(min(ChunkLayout.size, state.pending.count), &state) }
        return StagedMessage(
            parsed: parsed, chunks: state.chunks, room: room, compression: compression, preview: preview)
    }

    /// The message with its binary parts in base64, which are longer by a third: the limit was for what came.
    private func withoutNUL(_ staged: StagedMessage) throws(StoreError) -> StagedMessage {
        let parts = try staged.partsWithNUL(compression)
        guard !parts.isEmpty else { return staged }
        var state = State()
        try staged.rewritten(parts, compression) { (bytes) throws(StoreError) in
            state.size += bytes.count
            guard state.size <= ChunkLayout.largestMessage else {
                throw .limit("the message is too long when its binary parts are encoded")
            }
            state.incoming.writeBytes(bytes)
            if state.incoming.readableBytes >= Self.batchSize { try self.takeIn(&state) }
        }
        return try finish(&state)
    }

    /// Lets go of what was written; nothing else to do, the spool file has no name.
    package func discard() {
        state.withLock { state in
            state.isFinished = true
            state.incoming = ByteBuffer()
            state.pending = []
            state.head = []
            state.chunks = []
        }
    }

    private func work<T: Sendable>(
        _ body: @escaping @Sendable (inout State) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        do {
            return try await threads.runIfActive { [self] in
                state.withLock { state in
                    Result { () throws(StoreError) in try body(&state) }
                }
            }.get()
        } catch {
            throw StoreError(error, doing: "take in a message")
        }
    }

    private static let headSize = 96 * 1_024

    /// - Parameter head: the message's beginning; all of it when it is shorter than `headSize`.
    private static func preview(_ parts: PartIndex, _ head: [UInt8]) -> String? {
        MessagePreview.preview(of: parts) { range in
            range.upperBound <= head.count ? Array(head[range]) : nil
        }
    }

    private func cutFullChunks(_ state: inout State) throws(StoreError) {
        if !state.cutHeader, state.pending.count >= ChunkLayout.size {
            state.head = Array(state.pending.prefix(Self.headSize))
            try cutHeader(HeaderEnd.find(in: state.pending) ?? ChunkLayout.size, &state)
        }
        while state.cutHeader, state.pending.count >= ChunkLayout.size { try cut(ChunkLayout.size, &state) }
    }

    private func cutHeader(_ size: Int, _ state: inout State) throws(StoreError) {
        state.cutHeader = true
        let size = min(size, ChunkLayout.size, state.pending.count)
        if size > 0 { try cut(size, &state) }
    }

    private func cut(_ count: Int, _ state: inout State) throws(StoreError) {
        let bytes = state.pending.prefix(count)
        if let frame = compression.compress(bytes) {
            state.chunks.append(StoredChunk(encoding: 1, size: count, place: try room.place(frame)))
        } else {
            state.chunks.append(StoredChunk(encoding: 0, size: count, place: try room.place(Array(bytes))))
        }
        state.pending.removeFirst(count)
    }
}

/// Finds where the header block ends in the first bytes of a long message; a cut elsewhere would still be read right.
private enum HeaderEnd {
    /// The offset after the first empty line.
    static func find(in bytes: [UInt8]) -> Int? {
        var lineStart = 0
        for index in bytes.indices where bytes[index] == 0x0a {
            let length = index - lineStart
            if length == 0 || (length == 1 && bytes[lineStart] == 0x0d) { return index + 1 }
            lineStart = index + 1
        }
        return nil
    }
}
