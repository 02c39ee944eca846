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
        return bytes.withUnsafeBytes { buffer -> Int? in
            let one = Vector(repeating: byte)
            let two = Vector(repeating: other)
            var place = range.lowerBound
            while place + Vector.scalarCount <= range.upperBound {
                let vector = buffer.loadUnaligned(fromByteOffset: place, as: Vector.self)
                if let first = firstLane((vector .== one) .| (vector .== two)) { return place + first }
                place += Vector.scalarCount
            }
            while place < range.upperBound {
                if buffer[place] == byte || buffer[place] == other { return place }
                place += 1
            }
            return nil
        }
    }

    /// Whether all bytes of the range, which is cut to what there is, are ASCII.
    static func isASCII(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let range = range.clamped(to: 0..<bytes.count)
        return bytes.withUnsafeBufferPointer { buffer in buffer[range].reduce(0, |) } < 0x80
    }

    fileprivate typealias Vector = SIMD32<UInt8>

    /// The lanes that are set, eight to a number, a byte each.
    @inline(__always)
    fileprivate static func lanes(_ mask: SIMDMask<SIMD32<Int8>>) -> SIMD4<UInt64> {
        unsafeBitCast(mask, to: SIMD4<UInt64>.self)
    }

    @inline(__always)
    private static func firstLane(_ mask: SIMDMask<SIMD32<Int8>>) -> Int? {
        let lanes = lanes(mask)
        guard lanes[0] | lanes[1] | lanes[2] | lanes[3] != 0 else { return nil }
        for word in 0..<4 where lanes[word] != 0 { return word * 8 + lanes[word].trailingZeroBitCount / 8 }
        return nil
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
        return bytes.withUnsafeBytes { text in key.withUnsafeBytes { Self.find($0, first, second, text, range) } }
    }

    /// Bits that letters of both cases have in common, and others that are not to be looked at.
    @inline(__always)
    private static func caseBit(_ byte: UInt8) -> UInt8 { byte.isASCIILetter ? 0x20 : 0 }

    /// - Parameter range: within the text, and no shorter than the key.
    private static func find(
        _ key: UnsafeRawBufferPointer, _ first: Int, _ second: Int, _ text: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> Outcome {
        let bits = (caseBit(key[first]), caseBit(key[second]))
        let vectorBits = (ByteSearch.Vector(repeating: bits.0), ByteSearch.Vector(repeating: bits.1))
        let wanted = (
            ByteSearch.Vector(repeating: key[first] | bits.0), ByteSearch.Vector(repeating: key[second] | bits.1)
        )
        let lastPlace = range.upperBound - key.count
        var effort = 1_024 + 4 * range.count
        var place = range.lowerBound
        while place + 31 <= lastPlace {
            let one = text.loadUnaligned(fromByteOffset: place + first, as: ByteSearch.Vector.self)
            let two = text.loadUnaligned(fromByteOffset: place + second, as: ByteSearch.Vector.self)
            let lanes = ByteSearch.lanes(((one | vectorBits.0) .== wanted.0) .& ((two | vectorBits.1) .== wanted.1))
            if lanes[0] | lanes[1] | lanes[2] | lanes[3] != 0 {
                for word in 0..<4 {
                    var rest = lanes[word]
                    while rest != 0 {
                        let lane = rest.trailingZeroBitCount / 8
                        rest &= ~(0xff << UInt64(lane * 8))
                        let at = place + word * 8 + lane
                        if isMatch(key, text, at, &effort) { return .found(at: at) }
                    }
                }
                if effort < 0 { return .tooHard(from: place) }
            }
            place += 32
        }
        while place <= lastPlace {
            if isMatch(key, text, place, &effort) { return .found(at: place) }
            if effort < 0 { return .tooHard(from: place) }
            place += 1
        }
        return .absent
    }

    @inline(__always)
    private static func isMatch(
        _ key: UnsafeRawBufferPointer, _ text: UnsafeRawBufferPointer, _ place: Int, _ effort: inout Int
    ) -> Bool {
        var index = 0
        while index < key.count, text[place + index].asciiUppercased == key[index] { index += 1 }
        effort -= index + 1
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
