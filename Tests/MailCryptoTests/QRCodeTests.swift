// QR codes: what another program reads from the picture and from the terminal is what was put in.

import Foundation
import MailCrypto
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct QRCodeTests {
    static let zbarimg = "/usr/bin/zbarimg"
    static let hasReader = FileManager.default.isExecutableFile(atPath: zbarimg)
    static let uri =
        "otpauth://totp/Martlet:alice%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Martlet&digits=6"

    static let texts = [
        "x", uri, "Grüße aus Köln – 你好", "line one\nline two\n", String(repeating: "app password 7k2m ", count: 40),
        String(repeating: "0123456789abcdef", count: 145), String(repeating: "z", count: 2953),
    ]

    private func read(_ picture: [UInt8], name: String) async throws -> String {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/\(name)"
        try Data(picture).write(to: URL(fileURLWithPath: path))
        let result = try await runChild(
            Self.zbarimg, ["--quiet", "--nodbus", "--raw", "-Sdisable", "-Sqrcode.enable", path])
        #expect(result.status == 0, "\(result.output)")
        // One line feed is zbarimg's own.
        return String(decoding: result.standardOutput.dropLast(), as: UTF8.self)
    }

    @Test("the picture reads back", .enabled(if: hasReader), arguments: texts.indices)
    func picture(index: Int) async throws {
        let text = Self.texts[index]
        let png = try QRCode(text).png(scale: 4)
        #expect(png.prefix(8) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        let found = try await read(png, name: "code.png")
        #expect(found == text)
    }

    @Test("the terminal's text reads back", .enabled(if: hasReader), arguments: texts.indices, [false, true])
    func terminal(index: Int, coloured: Bool) async throws {
        let text = Self.texts[index]
        let lines = try QRCode(text).terminalText(coloured: coloured)
        let found = try await read(Self.bitmap(of: lines, scale: 4), name: "code.pbm")
        #expect(found == text)
    }

    /// What a terminal with a dark background shows, as a portable bitmap: 1 is black.
    private static func bitmap(of text: String, scale: Int) -> [UInt8] {
        let rows = text.split(separator: "\n").flatMap { line in
            let blocks = line.filter { "█▀▄ ".contains($0) }
            return [blocks.map { $0 == "▄" || $0 == " " }, blocks.map { $0 == "▀" || $0 == " " }]
        }
        let pixels = rows.flatMap { row in
            let line = row.flatMap { [String](repeating: $0 ? "1" : "0", count: scale) }.joined(separator: " ")
            return [String](repeating: line, count: scale)
        }
        let header = "P1\n\((rows.first?.count ?? 0) * scale) \(rows.count * scale)\n"
        return Array((header + pixels.joined(separator: "\n") + "\n").utf8)
    }

    @Test func shapeOfTheTerminalText() throws {
        let code = try QRCode(Self.uri)
        let lines = code.terminalText().split(separator: "\n")
        #expect(lines.count == (code.size + 8 + 1) / 2)
        #expect(lines.allSatisfy { $0.count == code.size + 8 })
        #expect(lines.prefix(2).allSatisfy { $0.allSatisfy { $0 == "█" } })
        #expect(lines.suffix(2).allSatisfy { $0.allSatisfy { $0 == "█" } })
        let coloured = code.terminalText(coloured: true).split(separator: "\n")
        #expect(coloured.count == lines.count)
        for (plain, line) in zip(lines, coloured) { #expect(line == "\u{1b}[97;40m\(plain)\u{1b}[0m") }
        // A corner pattern, and light outside.
        #expect(code[0, 0] && code[0, 6] && code[6, 0] && !code[1, 1] && code[3, 3])
        #expect(!code[-1, 0] && !code[0, code.size] && !code[.max, .min])
    }

    @Test func picturesAreAsLargeAsAsked() throws {
        let code = try QRCode("x")
        #expect(code.size == 21)
        for scale in [1, 8, 32] {
            let png = try code.png(scale: scale)
            let side = UInt32((21 + 8) * scale)
            #expect(Array(png[16..<24]) == [side, side].flatMap { side in
                [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: side >> $0) }
            })
        }
    }

    @Test func equalTextsHaveEqualCodes() throws {
        #expect(try QRCode(Self.uri) == QRCode(Self.uri))
        #expect(try QRCode(Self.uri) != QRCode(Self.uri + "x"))
    }

    @Test("what cannot be drawn is refused")
    func refused() throws {
        for text in ["", String(repeating: "z", count: 2954), String(repeating: "z", count: 1_000_000)] {
            #expect(throws: CryptoError.self) { try QRCode(text) }
        }
        for scale in [0, -1, 33, Int.max, Int.min] {
            #expect(throws: CryptoError.self) { try QRCode("x").png(scale: scale) }
        }
    }
}
