// What RFC 5321 says of the bytes after DATA, in the plainest way: the model for the reader.

enum DataModel {
    private static let end = Array("\r\n.\r\n".utf8)

    /// The message in `bytes`, and what follows it; nil for both when it has no end.
    static func read(_ bytes: [UInt8]) -> (message: [UInt8]?, rest: [UInt8]?) {
        // The CR LF of the DATA command is the first line's.
        let text = Array("\r\n".utf8) + bytes
        guard let place = (0...text.count).first(where: { text[$0...].starts(with: end) }) else { return (nil, nil) }
        let lines = Array(text[..<(place + 2)])
        return (normalized(unstuffed(lines)), Array(text[(place + end.count)...]))
    }

    /// Without the first dot after each CR LF, and without the CR LF at the beginning.
    private static func unstuffed(_ lines: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for (index, byte) in lines.enumerated().dropFirst(2) {
            let isDot = byte == UInt8(ascii: ".") && lines[index - 1] == 0x0a && lines[index - 2] == 0x0d
            if !isDot { result.append(byte) }
        }
        return result
    }

    /// A bare LF is a line end like any other.
    static func normalized(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for (index, byte) in text.enumerated() {
            if byte == 0x0a, index == 0 || text[index - 1] != 0x0d { result.append(0x0d) }
            result.append(byte)
        }
        return result
    }

    /// With a dot before each dot that begins a line.
    static func stuffed(_ message: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for (index, byte) in message.enumerated() {
            let isFirst = index == 0 || index > 1 && message[index - 1] == 0x0a && message[index - 2] == 0x0d
            if byte == UInt8(ascii: "."), isFirst { result.append(byte) }
            result.append(byte)
        }
        return result
    }
}
