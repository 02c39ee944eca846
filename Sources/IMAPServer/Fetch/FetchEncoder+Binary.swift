// FETCH's BINARY items (RFC 3516).

import IMAPSyntax
import Mail
import MailStore

extension FetchItem {
    var isBinary: Bool {
        switch self {
        case .binary, .binarySize: true
        default: false
        }
    }
}

extension FetchContent {
    /// A part's transfer encoding is none that can be undone.
    enum UnknownEncoding: Error { case found }
}

extension FetchEncoder {
    /// Before anything is said of a message: whether all that is to be decoded can be (RFC 3516 §4.3).
    func refuseUnknownEncodings(
        _ items: [FetchItem], _ content: inout FetchContent, _ reader: AccountReader
    ) throws {
        for item in items {
            guard let path = item.binaryPath else { continue }
            if try content.encodedPart(at: path, reader)?.encoding == .unknown {
                throw FetchContent.UnknownEncoding.found
            }
        }
    }

    /// - Returns: false when the piece is full, or the job long enough, before the item's end.
    func encode(
        binary item: FetchItem, _ content: inout FetchContent, _ progress: inout FetchProgress, _ reader: AccountReader
    ) throws -> Bool {
        guard let path = item.binaryPath else { return true }
        guard let part = try content.encodedPart(at: path, reader) else {
            absent(item, path, &progress)
            return true
        }
        var transfer = progress.binary ?? BinaryTransfer(part, of: content.body, partial: item.binaryPartial)
        progress.binary = nil
        if !transfer.isMeasured {
            guard try transfer.measure(reader) else {
                progress.binary = transfer
                return false
            }
            if case .binarySize = item {
                progress.writer.fetchBinarySize(path, transfer.size)
                return true
            }
            progress.writer.fetchBinary(
                path, offset: item.binaryPartial?.offset, size: transfer.wanted.count, holdsNUL: transfer.holdsNUL)
        }
        let isDone = try transfer.send(into: &progress.writer.buffer, enough: FetchEncoder.pieceSize, reader)
        if !isDone { progress.binary = transfer }
        return isDone
    }

    private func absent(_ item: FetchItem, _ path: [UInt32], _ progress: inout FetchProgress) {
        if case .binarySize = item {
            progress.writer.fetchBinarySize(path, 0)
        } else {
            progress.writer.fetchBinaryNil(path, offset: item.binaryPartial?.offset)
        }
    }
}

extension FetchItem {
    fileprivate var binaryPath: [UInt32]? {
        switch self {
        case .binary(let path, _, _), .binarySize(let path): path
        default: nil
        }
    }

    fileprivate var binaryPartial: FetchPartial? {
        if case .binary(_, _, let partial) = self { partial } else { nil }
    }
}
