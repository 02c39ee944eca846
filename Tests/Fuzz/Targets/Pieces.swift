// Bytes cut into pieces, as a network cuts them: what reads a stream must not see where.

enum Pieces {
    /// Byte by byte only so far: what comes in pieces of one byte takes long, and a longer input has no other cuts.
    private static let longestBytewise = 256

    /// The same bytes in several ways: in two, in pieces of different lengths, one by one. The cuts depend on the bytes
    /// alone.
    static func ways(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var random = Numbers(seed: hash(bytes))
        var ways = [inTwo(bytes, &random), inMany(bytes, &random)]
        if bytes.count <= longestBytewise { ways.append(bytes.map { [$0] }) }
        return ways
    }

    private static func inTwo(_ bytes: [UInt8], _ random: inout Numbers) -> [[UInt8]] {
        let cut = random.next(below: bytes.count + 1)
        return [Array(bytes[..<cut]), Array(bytes[cut...])]
    }

    private static func inMany(_ bytes: [UInt8], _ random: inout Numbers) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let length = min(bytes.count - start, 1 + random.next(below: random.next(below: 4) == 0 ? 400 : 12))
            pieces.append(Array(bytes[start..<(start + length)]))
            start += length
        }
        return pieces
    }

    /// FNV-1a.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01b3 }
    }
}

/// Numbers that look random and are the same for the same seed.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
