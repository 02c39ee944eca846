// QR codes, for a terminal and as a picture: what a telephone reads instead of a person typing it.

internal import CPNG
internal import CQREncode
internal import Glibc

/// A QR code (ISO/IEC 18004): a square of dark and light modules.
package struct QRCode: Sendable, Equatable {
    /// Modules on each side, without the quiet zone.
    package let size: Int
    /// Light modules that a reader needs on all four sides.
    package static let quietZone = 4
    /// The most pixels per module.
    package static let largestScale = 32

    private let dark: [Bool]

    /// The code of `text`, which has 1 to 2,953 bytes. A smudge over a seventh of it does no harm, or over a fourteenth
    /// when the text is longer than 2,331 bytes. Throws a `CryptoError` for an empty or longer text.
    package init(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard let length = Int32(exactly: bytes.count), length > 0 else {
            throw CryptoError("make a QR code of \(bytes.count) bytes")
        }
        guard
            let code = QRcode_encodeData(length, bytes, 0, QR_ECLEVEL_M)
                ?? QRcode_encodeData(length, bytes, 0, QR_ECLEVEL_L)
        else {
            let reason = errno == ERANGE ? "at most 2953 fit" : String(cString: strerror(errno))
            throw CryptoError("make a QR code of \(bytes.count) bytes", reasons: [reason])
        }
        defer { QRcode_free(code) }
        let side = Int(code.pointee.width)
        guard side > 0, let modules = code.pointee.data else { throw CryptoError("make a QR code") }
        size = side
        // The lowest bit is the colour, the others say what the module is for.
        dark = UnsafeBufferPointer(start: modules, count: side * side).map { $0 & 1 == 1 }
    }

    /// Whether the module in `row` and `column` is dark; all around the code it is light.
    package subscript(row: Int, column: Int) -> Bool {
        (0..<size).contains(row) && (0..<size).contains(column) && dark[row * size + column]
    }

    /// The code with its quiet zone in block characters, two modules above each other in one, lines ending in a line
    /// feed. Light modules are drawn and dark ones left out, which is right on a dark background. `coloured` sets both
    /// colours (white on black) for each line, which is right on every terminal.
    package func terminalText(coloured: Bool = false) -> String {
        let range = -QRCode.quietZone..<size + QRCode.quietZone
        return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { row in
            let line = range.map { column in
                switch (self[row, column], self[row + 1, column]) {
                case (false, false): "█"
                case (false, true): "▀"
                case (true, false): "▄"
                case (true, true): " "
                }
            }.joined()
            return coloured ? "\u{1b}[97;40m\(line)\u{1b}[0m\n" : line + "\n"
        }.joined()
    }

    /// The code with its quiet zone as a PNG file, each module `scale` pixels wide and high (1 to `largestScale`).
    package func png(scale: Int = 8) throws -> [UInt8] {
        guard (1...QRCode.largestScale).contains(scale) else {
            throw CryptoError("draw a QR code with \(scale) pixels a module; 1 to \(QRCode.largestScale) are possible")
        }
        let side = (size + 2 * QRCode.quietZone) * scale
        var pixels = [UInt8](repeating: 0xff, count: side * side)
        for y in 0..<side {
            for x in 0..<side where self[y / scale - QRCode.quietZone, x / scale - QRCode.quietZone] {
                pixels[y * side + x] = 0
            }
        }
        return try PNG.encode(grey: pixels, side: side)
    }
}

/// libpng's simplified interface.
private enum PNG {
    /// A square grey picture, a byte for each pixel, as a PNG file.
    static func encode(grey pixels: [UInt8], side: Int) throws -> [UInt8] {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(side)
        image.height = png_uint_32(side)
        image.format = png_uint_32(PNG_FORMAT_GRAY)
        defer { png_image_free(&image) }
        // Asked without memory it says how much it needs.
        var length: png_alloc_size_t = 0
        guard png_image_write_to_memory(&image, nil, &length, 0, pixels, 0, nil) != 0 else {
            throw CryptoError("draw a PNG")
        }
        var file = [UInt8](repeating: 0, count: Int(length))
        guard png_image_write_to_memory(&image, &file, &length, 0, pixels, 0, nil) != 0 else {
            throw CryptoError("draw a PNG")
        }
        return Array(file.prefix(Int(length)))
    }
}
