// A reply: code, enhanced status code, text (RFC 5321 §4.2, RFC 2034), and its form on the wire.

package import NIOCore

/// One reply; each element of `lines` is a line.
package struct Reply: Hashable, Sendable {
    package let code: Int
    /// `5.1.1`; nil where RFC 2034 §4 has none (greeting, LHLO, 354).
    package let status: String?
    package let lines: [String]

    package init(_ code: Int, _ status: String?, _ lines: String...) {
        self.init(code, status, lines: lines)
    }

    package init(_ code: Int, _ status: String?, lines: [String]) {
        self.code = code
        self.status = status
        self.lines = lines
    }

    /// Whether the client may count on it: 2xx.
    package var isPositive: Bool { (200..<300).contains(code) }

    /// Control characters in a text become `?`, and what passes 400 bytes of it is cut.
    package func write(into buffer: inout ByteBuffer) {
        for (index, line) in lines.enumerated() {
            buffer.writeString("\(code)\(index == lines.count - 1 ? " " : "-")")
            if let status { buffer.writeString("\(status) ") }
            buffer.writeBytes(line.utf8.prefix(400).map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 })
            buffer.writeStaticString("\r\n")
        }
    }
}
