// The part index as bytes: there and back, and never a trap.

import Mail
import TestSupport
import Testing

@Suite struct PartIndexTests {
    private static let sample = MessageParser.parse(
        message(
            """
            Content-Type: multipart/mixed; boundary=a

            --a
            Content-Type: text/plain; charset=KOI8-R
            Content-Transfer-Encoding: base64

            x
            --a
            Content-Type: message/rfc822

            Subject: s

            y
            --a
            Content-Type: application/pdf; name="é.pdf"
            Content-Disposition: attachment
            Content-Transfer-Encoding: x-odd

            z
            --a--
            """)
    ).parts

    @Test func thereAndBack() {
        let decoded = PartIndex(encoded: PartIndexTests.sample.encoded)
        #expect(decoded == PartIndexTests.sample)
        #expect(decoded?.parts.last?.fileName == "é.pdf")
        #expect(decoded?.parts.last?.isAttachment == true)
        #expect(decoded?.parts.last?.encoding == .unknown)
        #expect(decoded?.parts[1].charset == "koi8-r")
        #expect(decoded?.parts[1].encoding == .base64)
    }

    @Test func everyCutIsRefused() {
        let encoded = PartIndexTests.sample.encoded
        for count in 0..<encoded.count {
            #expect(PartIndex(encoded: Array(encoded[..<count])) == nil)
        }
        #expect(PartIndex(encoded: encoded + [0]) == nil)
    }

    @Test func garbageNeverTraps() {
        var random = SeededRandom()
        let encoded = PartIndexTests.sample.encoded
        for _ in 0..<20_000 {
            var broken = encoded
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<broken.count, using: &random)
                broken[index] =
                    [.random(in: 0...255, using: &random), 0xff, 0x80, 0].randomElement(using: &random) ?? 0
            }
            guard let index = PartIndex(encoded: broken) else { continue }
            for part in index.parts {
                #expect(
                    part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd && part.bodyEnd <= index.size)
            }
            for path in [[1], [2], [2, 1], [3], [1, 1]] as [[UInt32]] {
                if let range = index.range(of: Section(path: path)) { #expect(range.upperBound <= index.size) }
            }
        }
        #expect(PartIndex(encoded: []) == nil)
        #expect(PartIndex(encoded: [1] + [UInt8](repeating: 0xff, count: 100)) == nil)
        #expect(PartIndex(encoded: [2, 1]) == nil)
    }

    @Test func brokenTreesAreRefused() {
        var parts = PartIndexTests.sample.parts
        parts[1].parent = 3
        #expect(PartIndex(parts: parts) == nil)
        parts = PartIndexTests.sample.parts
        parts[2].bodyEnd = 1_000_000
        #expect(PartIndex(parts: parts) == nil)
        #expect(PartIndex(parts: []) == nil)
    }
}

@Suite struct TransferDecoderTests {
    @Test(arguments: [
        ("TWFu", "Man"), ("TWE=", "Ma"), ("TQ==", "M"), ("TQ==\r\nTQ==", "MM"), ("T W\r\nF!u", "Man"), ("TWF", "Ma"),
        ("T", ""),
        ("", ""), ("====", ""), ("TQ=TQ==", "MM"),
    ])
    func base64(_ given: String, expected: String) {
        check(given, expected, .base64)
    }

    @Test(arguments: [
        ("a=20b", "a b"), ("a=\r\nb", "ab"), ("a=\nb", "ab"), ("a=  \r\nb", "ab"), ("a  \r\nb", "a\r\nb"),
        ("=C3=A9", "é"),
        ("=c3=a9", "é"), ("a=", "a"), ("a=4", "a=4"), ("a=zz", "a=zz"), ("a==41", "a=A"), ("a=4=41", "a=4A"), ("", ""),
        ("a b", "a b"), ("a ", "a "), ("=3D=3D", "=="), ("a= x", "a= x"),
    ])
    func quotedPrintable(_ given: String, expected: String) {
        check(given, expected, .quotedPrintable)
    }

    /// Whole, and byte by byte.
    private func check(_ given: String, _ expected: String, _ encoding: TransferEncoding) {
        #expect(text(TransferDecoder.decode(bytes(given), encoding)) == expected)
        var decoder = TransferDecoder(encoding)
        var output: [UInt8] = []
        for byte in given.utf8 { decoder.decode([byte].span, into: &output) }
        decoder.finish(into: &output)
        #expect(text(output) == expected)
    }

    @Test func quotedPrintableInAnyPieces() {
        var generator = SeededRandom()
        let pieces = ["=D0", "=9f", "=", "=4", "=4=41", "=zz", " ", "=20", "=\r\n", "\r\n", "text", "\t", "é"]
        for _ in 0..<500 {
            let sent = bytes((0..<60).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined())
            let whole = TransferDecoder.decode(sent, .quotedPrintable)
            var decoder = TransferDecoder(.quotedPrintable)
            var (output, rest): ([UInt8], ArraySlice<UInt8>) = ([], sent[...])
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 1...7, using: &generator)))
                decoder.decode(piece.span, into: &output)
                rest = rest.dropFirst(piece.count)
            }
            decoder.finish(into: &output)
            #expect(output == whole)
        }
    }

    @Test("case 98: unknown encodings leave the bytes alone", arguments: ["x-uuencode", "8bit", "foo", "", "binary"])
    func others(_ name: String) {
        let encoding = TransferEncoding(name: bytes(name))
        #expect(text(TransferDecoder.decode(bytes("=41 QQ=="), encoding)) == "=41 QQ==")
    }

    @Test("case 98: encodings are linear and bounded", arguments: ["=", " ", "=\r\n", "= ", "=4", "A", "\t\r"])
    func linear(_ piece: String) {
        for encoding in [TransferEncoding.base64, .quotedPrintable] {
            func body(_ count: Int) -> [UInt8] { bytes(String(repeating: piece, count: count)) }
            #expect(growth(to: 40_000, of: body) { _ = TransferDecoder.decode($0, encoding) } < 1.5)
        }
    }
}
