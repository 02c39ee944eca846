// One message for several accounts: parsed and compressed once, and under other header lines for each of them.

package import Mail

extension StagedMessage {
    /// The same message under these lines, which delivery writes above it: whole, and none of those that parsing looks
    /// at. Its body is shared; only its header is compressed anew.
    /// - Returns: nil where it has to be staged by itself.
    package func under(_ lines: [UInt8]) -> StagedMessage? {
        guard let first = chunks.first, first.size == parsed.headerSize, first.size + lines.count <= ChunkLayout.size,
            parsed.size + lines.count <= ChunkLayout.largestMessage, case .memory(let stored) = first.place,
            let parsed = parsed.under(lines),
            let header = first.encoding == 1 ? compression.decompress(stored, size: first.size) : stored,
            header.first != 0x20, header.first != 0x09,
            let chunk = try? StoredChunk(lines + header, compression, in: room)
        else { return nil }
        return StagedMessage(
            parsed: parsed, chunks: [chunk] + chunks.dropFirst(), room: room, compression: compression,
            preview: preview)
    }
}

extension StoredChunk {
    init(_ bytes: [UInt8], _ compression: Compression, in room: SpoolRoom) throws(StoreError) {
        if let frame = compression.compress(bytes[...]) {
            self.init(encoding: 1, size: bytes.count, place: try room.place(frame))
        } else {
            self.init(encoding: 0, size: bytes.count, place: try room.place(bytes))
        }
    }
}

extension AccountStore {
    /// Adds a message to a mailbox without waiting.
    package func appending(
        _ staged: StagedMessage, internalDate: MailDate, to name: MailboxName
    ) -> Pending<AppendOutcome> {
        let pending = Pending<AppendOutcome>()
        submit(NewMessage(staged, internalDate: internalDate), to: name, pending)
        return pending
    }
}
