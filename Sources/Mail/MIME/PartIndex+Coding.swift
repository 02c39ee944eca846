// The part index as bytes, for the database.
//
// Layout, version 1: the version byte; the number of parts; then for each part its kind and encoding, its parent
// plus one (0 for none), header start, header length, body length, header and body lines, and its texts, each as a
// length and UTF-8. Numbers are unsigned LEB128. Fields may be added at the end under a new version only.

extension PartIndex {
    private static let version: UInt8 = 1

    /// Compact; `init(encoded:)` reads it back.
    package var encoded: [UInt8] {
        var output = [PartIndex.version]
        PartIndex.append(parts.count, to: &output)
        for part in parts { PartIndex.append(part, to: &output) }
        return output
    }

    private static func append(_ part: Part, to output: inout [UInt8]) {
        output.append(part.kind.rawValue | part.encoding.rawValue << 4 | (part.isAttachment ? 0x80 : 0))
        append(part.parent.map { $0 + 1 } ?? 0, to: &output)
        append(part.headerStart, to: &output)
        append(part.header.count, to: &output)
        append(part.body.count, to: &output)
        append(part.headerLines, to: &output)
        append(part.bodyLines, to: &output)
        append(part.type, to: &output)
        append(part.subtype, to: &output)
        // A missing text is told from an empty one by the number before it.
        append(part.charset, to: &output)
        append(part.fileName, to: &output)
    }

    private static func append(_ text: String?, to output: inout [UInt8]) {
        guard let text else { return append(0, to: &output) }
        append(text.utf8.count + 1, to: &output)
        output += text.utf8
    }

    private static func append(_ number: Int, to output: inout [UInt8]) {
        var rest = UInt64(max(0, number))
        while rest >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(truncatingIfNeeded: rest))
    }

    /// nil for anything that `encoded` did not write.
    package init?(encoded: [UInt8]) {
        var reader = Reader(bytes: encoded)
        // No part takes less than eleven bytes, so the count bounds what is reserved.
        guard reader.byte() == PartIndex.version, let count = reader.number(), count <= encoded.count / 11 else {
            return nil
        }
        var parts: [Part] = []
        parts.reserveCapacity(count)
        for index in 0..<count {
            guard let part = reader.part(before: index) else { return nil }
            parts.append(part)
        }
        guard reader.isAtEnd else { return nil }
        self.init(parts: parts)
    }

    private struct Reader {
        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.count }

        mutating func byte() -> UInt8? {
            guard position < bytes.count else { return nil }
            defer { position += 1 }
            return bytes[position]
        }

        /// 0 ..< 2^48, which no message reaches.
        mutating func number() -> Int? {
            var result: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 49, by: 7) {
                guard let byte = byte() else { return nil }
                result |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return result < 1 << 48 ? Int(result) : nil }
            }
            return nil
        }

        /// `.some(nil)` for a text that is missing, nil for broken bytes.
        mutating func text() -> String?? {
            guard let size = number() else { return nil }
            guard size > 0 else { return .some(nil) }
            guard size - 1 <= bytes.count - position else { return nil }
            defer { position += size - 1 }
            return String(validating: bytes[position..<(position + size - 1)], as: UTF8.self).map { .some($0) }
        }

        mutating func part(before index: Int) -> Part? {
            guard let first = byte(), let kind = Kind(rawValue: first & 0x0f),
                let encoding = TransferEncoding(rawValue: first >> 4 & 0x07), let parent = number(), parent <= index,
                let start = number(), let headerSize = number(), let bodySize = number(), let headerLines = number(),
                let bodyLines = number(), let type = text(), let type, let subtype = text(), let subtype,
                let charset = text(), let fileName = text()
            else { return nil }
            return Part(
                kind: kind, parent: parent == 0 ? nil : parent - 1, headerStart: start, bodyStart: start + headerSize,
                bodyEnd: start + headerSize + bodySize, headerLines: headerLines, bodyLines: bodyLines, type: type,
                subtype: subtype, encoding: encoding, charset: charset, fileName: fileName,
                isAttachment: first & 0x80 != 0)
        }
    }
}
