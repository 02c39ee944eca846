// Packs of header fields: what is found in a pack is what is found in the header, whatever the header looks like.

import Mail
import TestSupport
import Testing

@Suite struct ListedFieldsTests {
    /// The chosen fields with the empty line, from a pack that lies behind other bytes.
    private func selected(_ header: [UInt8], _ fields: [String]) throws -> [UInt8] {
        let pack = try #require(ListedFields.pack(header))
        let choice = try #require(ListedFields.Choice(fields))
        let bytes = [1, 2, 3] + pack + [4]
        var found: [UInt8] = []
        let place = 3..<3 + pack.count
        #expect(ListedFields.forEachRun(of: choice, in: place, of: bytes) { found += bytes[$0] })
        #expect(ListedFields.size(of: choice, in: place, of: bytes) == found.count)
        return found + [0x0d, 0x0a]
    }

    static let lines = [
        "From: a\r\n", "TO: b,\r\n", " c\r\n", "\td\r\n", "Subject : x\r\n", "subject: y\n", "X-Other: z\r\n",
        "no colon\r\n", "Date:\r\n", "date\r\n", ": empty\r\n", " \r\n", "Cc: \0\u{e9}\r\n", "Message-ID:<1@x>\r\n",
        "References: <a@b>\r\n", "\r", "Reply-To: open", "\r\n", "Received: by x\r\n", "From a@b Mon\r\n",
        "List-Id\t:\tq\r\n",
    ]

    @Test("a pack gives what the header gives, for headers and choices at random", arguments: [1, 2, 3, 4] as [UInt64])
    func same(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...12, using: &random)
            let header = bytes((0..<count).map { _ in Self.lines.randomElement(using: &random) ?? "" }.joined())
            let wanted = ListedFields.names.shuffled(using: &random).prefix(Int.random(in: 0...20, using: &random))
            let fields = wanted.map { Bool.random(using: &random) ? $0 : $0.uppercased() }
            let expected = HeaderFilter.filter(header, fields: fields, not: false)
            #expect(try selected(header, fields) == expected, "seed \(seed): \(text(header)) \(fields)")
        }
    }

    @Test func otherNamesHaveNoChoice() {
        #expect(ListedFields.Choice(["From", "X-Other"]) == nil)
        #expect(ListedFields.Choice([""]) == nil)
        #expect(ListedFields.Choice(["FROM", "from", "References"]) != nil)
        #expect(ListedFields.names.count <= 64 && Set(ListedFields.names).count == ListedFields.names.count)
    }

    @Test("what is too long has no pack")
    func bounds() {
        #expect(ListedFields.pack(bytes("To: " + String(repeating: "x", count: 9_000) + "\r\n")) == nil)
        #expect(ListedFields.pack(bytes(String(repeating: "To: x\r\n", count: 256))) == nil)
        #expect(ListedFields.pack(bytes(String(repeating: "To: x\r\n", count: 255))) != nil)
        #expect(ListedFields.pack(bytes(String(repeating: "To: 45678901234567890\r\n", count: 255))) != nil)
        #expect(ListedFields.pack(bytes(String(repeating: "X-Other: x\r\n", count: 90_000))) == [0])
        #expect(ListedFields.pack([]) == [0])
    }

    @Test("bytes that are no pack are refused, and nothing outside is read")
    func damaged() throws {
        let pack = try #require(ListedFields.pack(bytes("From: a\r\nTo: b\r\n")))
        let choice = try #require(ListedFields.Choice(["from", "to"]))
        for length in 0..<pack.count {
            #expect(ListedFields.size(of: choice, in: 0..<length, of: pack) == nil)
        }
        for place in 0..<pack.count {
            for value in [0, 1, 2, 0x7f, 0xff] as [UInt8] {
                var broken = pack
                broken[place] = value
                _ = ListedFields.forEachRun(of: choice, in: 0..<broken.count, of: broken) {
                    #expect($0.lowerBound >= 0 && $0.upperBound <= broken.count)
                }
            }
        }
        #expect(ListedFields.size(of: choice, in: 0..<pack.count + 1, of: pack) == nil)
    }
}

/// The same numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
