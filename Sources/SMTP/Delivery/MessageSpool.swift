// A message between the network and the accounts: in memory while it is small, else in a nameless file of `tmp/`.

import MailStore
import NIOCore
import NIOPosix

/// Takes a message in, piece by piece. What does not fit in `memoryLimit` goes to a file, on a thread that may block.
struct MessageSpool: Sendable {
    private let directory: String
    private let memoryLimit: Int
    private var file: SpoolFile?
    private var fileSize = 0
    /// The bytes after those in the file.
    private var tail = ByteBuffer()

    init(directory: String, memoryLimit: Int) {
        self.directory = directory
        self.memoryLimit = memoryLimit
    }

    mutating func write(_ bytes: ByteBuffer) async throws(StoreError) {
        tail.writeImmutableBuffer(bytes)
        guard tail.readableBytes > memoryLimit else { return }
        let (known, bytes, offset, directory) = (file, tail, fileSize, directory)
        file = try await SpooledMessage.blocking { () throws(StoreError) in
            let file: SpoolFile
            if let known { file = known } else { file = try SpoolFile(directory: directory) }
            try file.write(Array(bytes.readableBytesView), at: offset)
            return file
        }
        fileSize += bytes.readableBytes
        tail.clear()
    }

    /// The message as far as it has come.
    var message: SpooledMessage { SpooledMessage(file: file, fileSize: fileSize, tail: tail) }
}

/// A whole message, read as often as it has recipients.
struct SpooledMessage: Sendable {
    private static let pieceSize = 256 * 1_024

    fileprivate let file: SpoolFile?
    fileprivate let fileSize: Int
    fileprivate let tail: ByteBuffer
    /// Parsed and compressed, for several accounts.
    var staged: StagedMessage?

    fileprivate init(file: SpoolFile?, fileSize: Int, tail: ByteBuffer) {
        self.file = file
        self.fileSize = fileSize
        self.tail = tail
    }

    /// All of it is in memory.
    var isSmall: Bool { file == nil }

    /// In bytes.
    var size: Int { fileSize + tail.readableBytes }

    /// Gives the message to `take` in pieces of at most 256 KiB, in order.
    func forEachPiece(_ take: (ByteBuffer) async throws(StoreError) -> Void) async throws(StoreError) {
        var offset = 0
        while let file, offset < fileSize {
            let (start, count) = (offset, min(Self.pieceSize, fileSize - offset))
            try await take(
                try await Self.blocking { () throws(StoreError) in
                    ByteBuffer(bytes: try file.read(at: start, count: count))
                })
            offset += count
        }
        if tail.readableBytes > 0 { try await take(tail) }
    }

    /// Runs file work off the event loops.
    fileprivate static func blocking<T: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError>
        do {
            result = try await NIOThreadPool.singleton.runIfActive {
                Result { () throws(StoreError) in try work() }
            }
        } catch {
            throw .unavailable("the server is going down")
        }
        return try result.get()
    }
}
