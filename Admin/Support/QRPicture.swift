// QR codes as commands show them.

internal import Glibc
internal import MailCrypto

enum QRPicture {
    /// Pixels of one module in a PNG.
    private static let scale = 8

    /// For standard output, without a final line end. On a terminal it sets its own colours, so that it can be read on
    /// a light background too.
    static func terminalText(_ text: String) throws -> String {
        let picture = try QRCode(text).terminalText(coloured: isatty(STDOUT_FILENO) == 1)
        return picture.hasSuffix("\n") ? String(picture.dropLast()) : picture
    }

    static func png(_ text: String) throws -> [UInt8] { try QRCode(text).png(scale: scale) }
}
