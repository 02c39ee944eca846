// Finding and copying bytes quickly: memory calls and vectors behind bounds that Swift checks.

import Glibc

package enum ByteSearch {
    /// The first place of `byte` at or after `start`; nil when there is none or `start` is out of bounds.
    /// - Parameter end: nothing is looked at from here on; nil for the end of the bytes.
    @inline(__always)
    package static func firstIndex(
        of byte: UInt8, in bytes: Span<UInt8>, from start: Int, to end: Int? = nil
    ) -> Int? {
        let end = min(end ?? bytes.count, bytes.count)
        guard start >= 0, start < end else { return nil }
        return bytes.withUnsafeBufferPointer { buffer -> Int? in
            guard let base = buffer.baseAddress,
                let found = memchr(base + start, Int32(byte), end - start)
            else { return nil }
            return UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// The first place of either byte within the range, which is cut to what there is; nil when there is none.
    static func firstIndex(of byte: UInt8, or other: UInt8, in bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        let range = range.clamped(to: 0..<bytes.count)
        return bytes.withUnsafeBufferPointer { buffer -> Int? in
            var place = range.lowerBound
            while place &+ block <= range.upperBound, !isEither(byte, other, in: buffer, place) { place &+= block }
            while place < range.upperBound {
                if buffer[place] == byte || buffer[place] == other { return place }
                place &+= 1
            }
            return nil
        }
    }

    /// Whether all bytes of the range, which is cut to what there is, are ASCII.
    static func isASCII(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let range = range.clamped(to: 0..<bytes.count)
        return bytes.withUnsafeBufferPointer { buffer in
            var all: UInt8 = 0
            var place = range.lowerBound
            while place < range.upperBound {
                all |= buffer[place]
                place &+= 1
            }
            return all < 0x80
        }
    }

    /// Bytes that are looked at together. Loops of this length without a branch become vector instructions.
    fileprivate static let block = 64

    /// Whether the block from `start` on has either byte.
    @inline(__always)
    private static func isEither(
        _ byte: UInt8, _ other: UInt8, in buffer: UnsafeBufferPointer<UInt8>, _ start: Int
    ) -> Bool {
        guard start >= 0, start &+ block <= buffer.count, let base = buffer.baseAddress else { return false }
        let text = base + start
        var any: UInt8 = 0
        var lane = 0
        while lane < 64 {
            any |= (text[lane] == byte ? 1 : 0) | (text[lane] == other ? 1 : 0)
            lane &+= 1
        }
        return any != 0
    }
}

/// Printable ASCII to look for without regard to case, many places at a time.
///
/// Theory. At each place two bytes of the text are compared, those that are the rarest in mail; the rest only where
/// both are right. A text that is made so that this happens everywhere is given up, for a search that is linear in any
/// text.
struct CaselessPattern: Hashable, Sendable {
    /// What was found in a text.
    enum Outcome: Hashable, Sendable {
        case found(at: Int)
        case absent
        /// Looked at in vain from here on; another way is to go on.
        case tooHard(from: Int)
    }

    /// In upper case.
    let key: [UInt8]
    /// Two places in the key, the first before the second where it has two bytes.
    private let first: Int
    private let second: Int

    /// nil unless the key is printable ASCII in upper case, one byte at least.
    init?(folded key: [UInt8]) {
        guard !key.isEmpty, key.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0.asciiUppercased == $0 }) else { return nil }
        let rarest = key.indices.sorted { (Self.frequency(key[$0]), $0) < (Self.frequency(key[$1]), $1) }
        let places = rarest.prefix(2).sorted()
        self.key = key
        first = places[0]
        second = places[places.count - 1]
    }

    /// The higher, the oftener a byte occurs in text and markup; 0 for what is not among the common.
    private static func frequency(_ byte: UInt8) -> Int {
        common.firstIndex(of: byte).map { common.count - $0 } ?? 0
    }

    private static let common = Array(" ETAONISRHLDCUMFPGWYBV.,<>=\"/-0123456789KXJQZ:;'".utf8)

    /// The first place in the range, which is cut to what there is.
    func find(in bytes: Span<UInt8>, _ range: Range<Int>) -> Outcome {
        let range = range.clamped(to: 0..<bytes.count)
        guard range.count >= key.count else { return .absent }
        return bytes.withUnsafeBufferPointer { find(in: $0, range) }
    }

    /// - Parameter range: within the text, and no shorter than the key.
    private func find(in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Outcome {
        let lastPlace = range.upperBound - key.count
        var effort = 1_024 + 4 * range.count
        var place = range.lowerBound
        while place <= lastPlace {
            if place &+ ByteSearch.block &- 1 <= lastPlace, !mayBegin(in: text, place) {
                place &+= ByteSearch.block
                continue
            }
            for at in place...min(place &+ ByteSearch.block &- 1, lastPlace) {
                if isMatch(text, at, &effort) { return .found(at: at) }
            }
            guard effort >= 0 else { return .tooHard(from: place) }
            place &+= ByteSearch.block
        }
        return .absent
    }

    /// Whether both bytes are right anywhere in the block of places from `start` on.
    @inline(__always)
    private func mayBegin(in text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        guard start >= 0, start &+ second &+ ByteSearch.block <= text.count, let base = text.baseAddress else {
            return true
        }
        let (one, two) = (base + start + first, base + start + second)
        let (bit, otherBit) = (Self.caseBit(key[first]), Self.caseBit(key[second]))
        let (byte, otherByte) = (key[first] | bit, key[second] | otherBit)
        var any: UInt8 = 0
        var lane = 0
        while lane < 64 {
            let difference = ((one[lane] | bit) ^ byte) | ((two[lane] | otherBit) ^ otherByte)
            any |= difference == 0 ? 1 : 0
            lane &+= 1
        }
        return any != 0
    }

    /// What letters of both cases differ in.
    @inline(__always)
    private static func caseBit(_ byte: UInt8) -> UInt8 { byte.isASCIILetter ? 0x20 : 0 }

    @inline(__always)
    private func isMatch(_ text: UnsafeBufferPointer<UInt8>, _ place: Int, _ effort: inout Int) -> Bool {
        var index = 0
        while index < key.count, text[place &+ index].asciiUppercased == key[index] { index &+= 1 }
        effort &-= index
        return index == key.count
    }
}

extension [UInt8] {
    /// The bytes from `start` up to `end` of a span; nothing when the bounds are wrong.
    mutating func append(contentsOf bytes: Span<UInt8>, from start: Int, to end: Int) {
        guard start >= 0, start < end, end <= bytes.count else { return }
        bytes.withUnsafeBufferPointer { append(contentsOf: $0[start..<end]) }
    }
}
