// FETCH BINARY: a part's octets without their transfer encoding, decoded in pieces as they are sent.
//
// Theory. The reply says first how many octets come and whether there is a NUL among them, so a part is decoded twice:
// once to measure it, once to send it. Neither pass holds more than one chunk, and both stop where a job of the store
// should end and go on from there.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// Where a part lies in its message, and how it is encoded.
struct EncodedPart: Hashable, Sendable {
    let range: Range<Int>
    let encoding: TransferEncoding
}

/// Decodes a part from its beginning on.
struct PartDecoding: Sendable {
    private let body: BodyID
    private var rest: Range<Int>
    private var decoder: TransferDecoder
    private var isFinished = false

    init(_ part: EncodedPart, of body: BodyID) {
        self.body = body
        rest = part.range
        decoder = TransferDecoder(part.encoding)
    }

    /// The next octets, at most about a chunk of them; nil at the end.
    mutating func next(_ reader: AccountReader) throws -> [UInt8]? {
        var output: [UInt8] = []
        guard !rest.isEmpty else {
            guard !isFinished else { return nil }
            isFinished = true
            decoder.finish(into: &output)
            return output
        }
        var encoded = ByteBuffer()
        let count = try reader.bytes(of: body, range: rest, enough: 1, into: &encoded)
        guard count > 0 else { throw StoreError.broken("body \(body) is shorter than its message says") }
        rest = rest.dropFirst(count)
        decoder.decode(encoded.readableBytesUInt8Span, into: &output)
        return output
    }
}

/// One BINARY or BINARY.SIZE item on its way.
struct BinaryTransfer: Sendable {
    /// Encoded octets that one job of the store measures, about.
    private static let piecesPerJob = 16

    private let part: EncodedPart
    private let body: BodyID
    private let partial: FetchPartial?
    private var measuring: PartDecoding
    private var sending: PartDecoding?
    /// Decoded octets so far, of the pass that is under way.
    private var position = 0
    private(set) var size = 0
    private(set) var holdsNUL = false
    private(set) var isMeasured = false

    init(_ part: EncodedPart, of body: BodyID, partial: FetchPartial?) {
        self.part = part
        self.body = body
        self.partial = partial
        measuring = PartDecoding(part, of: body)
    }

    /// The decoded octets that are wanted; known once measured.
    var wanted: Range<Int> { partial?.range(in: size) ?? 0..<size }

    private func wanted(of piece: [UInt8], at start: Int, in range: Range<Int>) -> ArraySlice<UInt8> {
        let part = range.clamped(to: start..<start + piece.count)
        return piece[part.lowerBound - start..<part.upperBound - start]
    }

    /// Measures on. False when the job has done enough.
    mutating func measure(_ reader: AccountReader) throws -> Bool {
        let window = partial?.range(in: .max) ?? 0..<Int.max
        for _ in 0..<BinaryTransfer.piecesPerJob where !isMeasured {
            guard let piece = try measuring.next(reader) else {
                isMeasured = true
                break
            }
            holdsNUL = holdsNUL || wanted(of: piece, at: size, in: window).contains(0)
            size += piece.count
        }
        return isMeasured
    }

    /// Sends on until the buffer holds `enough`. False when there is more to send.
    mutating func send(into buffer: inout ByteBuffer, enough: Int, _ reader: AccountReader) throws -> Bool {
        let wanted = wanted
        var decoding = sending ?? PartDecoding(part, of: body)
        defer { sending = decoding }
        while position < wanted.upperBound {
            guard buffer.readableBytes < enough else { return false }
            guard let piece = try decoding.next(reader) else {
                throw StoreError.broken("body \(body) is shorter than it was a moment ago")
            }
            buffer.writeBytes(self.wanted(of: piece, at: position, in: wanted))
            position += piece.count
        }
        return true
    }
}
