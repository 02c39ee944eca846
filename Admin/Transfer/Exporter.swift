// Export: streams mailboxes out of an account, into mbox files or a Maildir.
//
// A message is read in pieces, each one job of the store's, and written with LF line ends, as both formats have them.
// No more than a header and one piece are in memory.

internal import Glibc
internal import Mail
internal import MailStore
internal import NIOCore

/// The formats that can be exported.
enum ExportFormat: String, CaseIterable, Sendable {
    case mbox, maildir
}

/// Where an exported mailbox goes: takes message after message.
protocol MessageWriter {
    mutating func begin(flags: Flags, date: MailDate, header: [UInt8], size: Int) throws
    /// Bytes of the message after its header, CRLF line ends, in pieces.
    mutating func write(_ bytes: [UInt8]) throws
    mutating func end() throws
    /// After the last message.
    mutating func close() throws
}

struct Exporter {
    static let pieceSize = 256 * 1024

    let account: AccountStore
    private(set) var doneBytes: Int64 = 0
    private(set) var doneMessages = 0

    init(account: AccountStore) { self.account = account }

    /// Writes the messages that the mailbox holds now; gives their number. One that is expunged meanwhile is left out.
    mutating func run(_ mailbox: MailboxName, to writer: inout any MessageWriter, bar: inout ProgressBar) async throws
        -> Int
    {
        let snapshot = try await account.view(of: mailbox).current
        var count = 0
        for index in 0..<snapshot.count {
            let entry = snapshot[index]
            let flags = snapshot.flagSets[entry.flagSet].flags
            do {
                try await export(entry, flags: flags, to: &writer)
                count += 1
            } catch StoreError.messageGone {
                continue
            }
            doneMessages += 1
            doneBytes += Int64(entry.size)
            bar.update(done: doneBytes, messages: doneMessages)
        }
        try writer.close()
        return count
    }

    private func export(_ entry: MessageEntry, flags: Flags, to writer: inout any MessageWriter) async throws {
        let body = entry.bodyID
        let (size, header, first) = try await account.read { reader in
            let (size, headerSize) = try reader.size(of: body)
            let header = try reader.header(of: body)
            var buffer = ByteBuffer()
            let end = min(size, headerSize + Exporter.pieceSize)
            if end > headerSize { try reader.bytes(of: body, range: headerSize..<end, into: &buffer) }
            return (size, header, buffer)
        }
        try writer.begin(flags: flags, date: entry.internalDate, header: header, size: size)
        try writer.write(Array(first.readableBytesView))
        var offset = header.count + first.readableBytes
        while offset < size {
            let range = offset..<min(size, offset + Exporter.pieceSize)
            let piece = try await account.read { reader in
                var buffer = ByteBuffer()
                try reader.bytes(of: body, range: range, into: &buffer)
                return buffer
            }
            try writer.write(Array(piece.readableBytesView))
            offset = range.upperBound
        }
        try writer.end()
    }
}
