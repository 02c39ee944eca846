// base64 as a Content-Transfer-Encoding: in lines of 76 characters (RFC 2045 §6.8).

/// Encodes octets that come in pieces; where they are cut changes nothing.
package struct Base64Lines: Sendable {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let octetsPerLine = 57

    private var bits: UInt32 = 0
    private var held = 0
    private var onLine = 0

    package init() {}

    package mutating func encode(_ octets: ArraySlice<UInt8>, into output: inout [UInt8]) {
        for octet in octets {
            bits = bits << 8 | UInt32(octet)
            held += 1
            if held == 3 { writeGroup(into: &output) }
        }
    }

    /// Ends the last group; the last line has no line end.
    package mutating func finish(into output: inout [UInt8]) {
        guard held > 0 else { return }
        let padding = 3 - held
        bits <<= UInt32(8 * padding)
        writeGroup(into: &output)
        output.replaceSubrange(output.count - padding..<output.count, with: Array(repeating: 0x3d, count: padding))
    }

    private mutating func writeGroup(into output: inout [UInt8]) {
        if onLine == Base64Lines.octetsPerLine {
            output += [0x0d, 0x0a]
            onLine = 0
        }
        for shift: UInt32 in [18, 12, 6, 0] { output.append(Base64Lines.alphabet[Int(bits >> shift & 63)]) }
        bits = 0
        held = 0
        onLine += 3
    }
}
