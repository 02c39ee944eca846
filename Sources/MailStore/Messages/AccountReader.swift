// Reading stored messages: one job on a reader thread, one consistent state of the file, bytes straight into a buffer.

import GRDB
package import Mail
package import NIOCore

extension AccountStore {
    /// Runs `work` on one of the account's reader threads.
    ///
    /// A guest reads while it may read the mailbox that its handle is bound to.
    ///
    /// Keep a job short (some 256 KiB of output): it holds a read transaction, and the account has few readers.
    /// - Parameters:
    ///   - isLong: a piece of something long, as a search; the others' short reads do not wait for it.
    ///   - isBrief: so little (some 128 KiB of output at most) that it is done on the caller's thread, an event loop,
    ///     where nothing has to come from the disk; it may run twice.
    package func read<T: Sendable>(
        isLong: Bool = false, isBrief: Bool = false, _ work: @escaping @Sendable (AccountReader) throws -> T
    ) async throws(StoreError) -> T {
        countRead()
        return try await file.read(isLong: isLong, isBrief: isBrief, checked(work))
    }

    /// Hands a job in that is like one of `read`, and whose answer is asked for later.
    /// - Parameter onlyIfSpare: not when it would take the last reader that is free; then nil is returned.
    package func startRead<T: Sendable>(
        onlyIfSpare: Bool = false, _ work: @escaping @Sendable (AccountReader) throws -> T
    ) -> Pending<T>? {
        countRead()
        return file.startRead(onlyIfSpare: onlyIfSpare, checked(work))
    }

    private func checked<T: Sendable>(
        _ work: @escaping @Sendable (AccountReader) throws -> T
    ) -> @Sendable (Database) throws -> T {
        let (compression, keys, guest, boundMailbox) = (compression, keys, guest, boundMailbox)
        return { db in
            if guest != nil { try db.requireReadable(boundMailbox, by: guest) }
            return try work(AccountReader(db: db, compression: compression, keys: keys))
        }
    }
}

/// Access to stored bodies inside a read job; must not leave it.
package struct AccountReader {
    let db: Database
    let compression: Compression
    var keys: MessageKeys?
    /// For those who go through messages part by part.
    let pieces = BodyPieces()
    /// For those who list messages.
    let outlines = FoundOutlines()

    /// The octets of the whole message, and of its header block with the empty line.
    package func size(of body: BodyID) throws -> (size: Int, headerSize: Int) {
        let found = try db.first("SELECT size, header_size FROM body WHERE id = ?", .int(body.rawValue)) {
            (size: Int($0.int(0)), headerSize: Int($0.int(1)))
        }
        return try require(found)
    }

    /// The message with a UID in the mailbox of that name; nil when there is none.
    package func message(
        _ uid: UID, in mailbox: MailboxName
    ) throws -> (body: BodyID, size: Int, uidValidity: UIDValidity)? {
        let found = try db.first(
            """
            SELECT message.body_id, message.size, mailbox.uid_validity FROM mailbox
            JOIN message ON message.mailbox_id = mailbox.id
            WHERE mailbox.name = ? AND mailbox.deleted_at IS NULL AND message.uid = ?
            """, .text(mailbox.text), .int(uid.rawValue)
        ) { (BodyID(rawValue: $0.int(0)), Int($0.int(1)), UIDValidity($0.uint32(2))) }
        guard let (body, size, validity) = found, let validity else { return nil }
        return (body, size, validity)
    }

    package func parts(of body: BodyID) throws -> PartIndex {
        let encoded = try require(
            try db.first("SELECT parts FROM body WHERE id = ?", .int(body.rawValue)) { $0.blob(0) })
        guard let parts = PartIndex(encoded: encoded) else {
            throw StoreError.broken("body \(body) has an unreadable part index; \"martlet check\" tells more")
        }
        return parts
    }

    /// The Date header's value, nil when it had none that made sense.
    package func sentDate(of body: BodyID) throws -> MailDate? {
        try require(
            try db.first("SELECT sent_date FROM body WHERE id = ?", .int(body.rawValue)) { row in
                [row.optionalInt(0).map { MailDate(packed: $0) }]
            })[0]
    }

    /// When the message came into this mailbox, in seconds since 1970; nil when it is not there.
    package func saveDate(of uid: UID, in mailbox: MailboxID) throws -> Int64? {
        try db.first(
            "SELECT save_date FROM message WHERE mailbox_id = ? AND uid = ?", .int(mailbox.rawValue),
            .int(uid.rawValue)
        ) { $0.int(0) }
    }

    /// Appends the message's bytes in a range, as far as they exist. Only the chunks that it touches are read.
    ///
    /// Goes on until `enough` bytes are appended, and to the end of the chunk that brings them: whoever goes on from
    /// there decompresses no chunk twice.
    /// - Returns: how many bytes were appended.
    @discardableResult
    package func bytes(
        of body: BodyID, range: Range<Int>, enough: Int = .max, into buffer: inout ByteBuffer
    ) throws -> Int {
        guard !range.isEmpty else { return 0 }
        let before = buffer.readableBytes
        var number = 0
        var start = 0
        if range.lowerBound > 0, let first = try chunkSize(body, 0), range.lowerBound >= first {
            (number, start) = ChunkLayout.chunk(at: range.lowerBound, behind: first)
        }
        while start < range.upperBound, buffer.readableBytes - before < enough {
            let wanted = (max(range.lowerBound, start) - start)..<(range.upperBound - start)
            guard let size = try append(body, chunk: number, wanted, to: &buffer) else {
                if number == 0 { _ = try self.size(of: body) }
                break
            }
            start += size
            number += 1
        }
        return buffer.readableBytes - before
    }

    /// The header block with its empty line.
    package func header(of body: BodyID) throws -> [UInt8] {
        let size = try size(of: body).headerSize
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        try bytes(of: body, range: 0..<size, into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// The whole message; for a long one ask for ranges.
    package func message(_ body: BodyID) throws -> [UInt8] {
        let size = try size(of: body).size
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        try bytes(of: body, range: 0..<size, into: &buffer)
        return Array(buffer.readableBytesView)
    }

    func chunkSize(_ body: BodyID, _ number: Int) throws -> Int? {
        try db.first("SELECT size FROM body_chunk WHERE id = ?", .int(ChunkLayout.key(body, chunk: number))) {
            Int($0.int(0))
        }
    }

    /// Appends a part of one chunk; returns the chunk's size, nil when there is no such chunk.
    private func append(
        _ body: BodyID, chunk number: Int, _ wanted: Range<Int>, to buffer: inout ByteBuffer
    ) throws -> Int? {
        try withChunk(body, number) { size, isCompressed, data in
            let wanted = wanted.clamped(to: 0..<size)
            if !isCompressed {
                guard data.count == size else { return false }
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: data[wanted]))
                return true
            }
            if wanted == 0..<size { return compression.decompress(data, size: size, into: &buffer) }
            var whole = ByteBuffer()
            guard size <= ChunkLayout.size, compression.decompress(data, size: size, into: &whole) else {
                return false
            }
            buffer.writeImmutableBuffer(whole.getSlice(at: wanted.lowerBound, length: wanted.count) ?? ByteBuffer())
            return true
        }
    }

    /// Calls `use` with a chunk as it is stored, and the size of what it holds; it says whether it is whole.
    /// - Returns: that size; nil when there is no such chunk.
    func withChunk(
        _ body: BodyID, _ number: Int,
        _ use: (_ size: Int, _ isCompressed: Bool, _ data: UnsafeRawBufferPointer) -> Bool
    ) throws -> Int? {
        try db.first(
            "SELECT encoding, size, data FROM body_chunk WHERE id = ?", .int(ChunkLayout.key(body, chunk: number))
        ) { row in
            let size = Int(row.int(1))
            guard size > 0, row.withBlob(2, { use(size, row.int(0) != 0, $0) }) else {
                throw StoreError.broken("chunk \(number) of body \(body) is damaged; \"martlet check\" tells more")
            }
            return size
        }
    }

    private func require<T>(_ found: T?) throws -> T {
        guard let found else { throw StoreError.messageGone }
        return found
    }
}
