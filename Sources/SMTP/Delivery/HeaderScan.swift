// What delivery needs of a message's header, found while the message streams by: signs that it goes round in circles.

import Mail
import NIOCore

/// Counts Received lines and keeps Delivered-To lines. Memory is bounded: a line's first 1,000 bytes, a hundred
/// addresses.
struct HeaderScan: Sendable {
    private static let longestLine = 1_000
    private static let mostDeliveredTo = 100

    private(set) var receivedLines = 0
    /// The lookup keys of the addresses that the message was delivered to before.
    private(set) var deliveredTo: Set<String> = []
    private var line: [UInt8] = []
    private var isOver = false

    /// The message's next bytes, lines ended by CR LF.
    mutating func consume(_ bytes: ByteBuffer) {
        guard !isOver else { return }
        for byte in bytes.readableBytesView {
            if byte == 0x0a {
                endLine()
                if isOver { return }
            } else if line.count < Self.longestLine {
                line.append(byte)
            }
        }
    }

    private mutating func endLine() {
        if line.last == 0x0d { line.removeLast() }
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            isOver = true
            line = []
            return
        }
        if value(of: "received:") != nil {
            receivedLines += 1
        } else if deliveredTo.count < Self.mostDeliveredTo, let value = value(of: "delivered-to:"),
            let text = String(validating: value, as: UTF8.self), let address = try? EmailAddress(text)
        {
            deliveredTo.insert(address.lookupKey)
        }
    }

    private func value(of name: String) -> ArraySlice<UInt8>? {
        guard line.count >= name.utf8.count,
            line.prefix(name.utf8.count).elementsEqual(name.utf8, by: { $0.asciiLowercased == $1 })
        else { return nil }
        return line.dropFirst(name.utf8.count)
    }
}
