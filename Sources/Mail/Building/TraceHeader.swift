// The header lines that delivery puts in front of a message; none can break out of its line.

/// Return-Path, Delivered-To and Received (RFC 5321 §4.4), each a whole line or folded lines with CRLF.
package enum TraceHeader {
    /// - Parameter sender: the reverse-path without angle brackets; nil or empty for a bounce.
    package static func returnPath(_ sender: String?) -> [UInt8] { line("Return-Path", "<\(sender ?? "")>") }

    package static func deliveredTo(_ recipient: String) -> [UInt8] { line("Delivered-To", recipient) }

    /// - Parameters:
    ///   - client: what the client called itself in EHLO or LHLO.
    ///   - clientAddress: its address, or nil on a unix socket.
    ///   - server: our host name.
    ///   - transport: `LMTP`, `ESMTPS` … (RFC 3848).
    ///   - id: our name for the transaction.
    ///   - recipient: when there is only one.
    package static func received(
        from client: String, clientAddress: String?, by server: String, with transport: String, id: String,
        recipient: String?, date: MailDate
    ) -> [UInt8] {
        var text = "from \(safe(client))"
        if let clientAddress { text += " ([\(safe(clientAddress))])" }
        text += "\r\n\tby \(safe(server)) with \(safe(transport)) id \(safe(id))"
        if let recipient { text += "\r\n\tfor <\(safe(recipient))>" }
        return Array("Received: \(text);\r\n\t\(date.rfc5322)\r\n".utf8)
    }

    private static func line(_ name: String, _ value: String) -> [UInt8] {
        Array("\(name): \(safe(value))\r\n".utf8)
    }

    /// Control characters become `?`; 900 bytes at most, so that no line passes 998 (RFC 5322 §2.1.1).
    private static func safe(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var size = 0
        for scalar in text.unicodeScalars {
            size += UTF8.width(scalar)
            guard size <= 900 else { break }
            result.append(scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? "?" : scalar)
        }
        return String(result)
    }
}
