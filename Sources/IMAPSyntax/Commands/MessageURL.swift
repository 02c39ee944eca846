// The URL of a message, or of a part of one, as CATENATE takes it.

package import Mail
import NIOCore

/// An absolute path within the server that the session speaks to: `/mailbox;UIDVALIDITY=n/;UID=n/;SECTION=s` and so on
/// (RFC 5092 §11, RFC 4469 §3). Relative paths must not be accepted (RFC 5092 §7.2), and other servers are not asked.
package struct MessageURL: Hashable, Sendable {
    /// The mailbox's name, decoded.
    package var mailbox: String
    package var uidValidity: UInt32?
    package var uid: UID
    /// The whole message without one.
    package var section: Section
    package var partial: FetchPartial?

    /// - Parameter bytes: as the client wrote it.
    /// - Returns: nil for what is no such URL.
    package init?(_ bytes: [UInt8], limits: SyntaxLimits) {
        guard bytes.first == UInt8(ascii: "/"), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        let path = bytes.dropFirst()
        guard let end = path.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        var rest = URLParameters(path[end...])
        var name = path[..<end]
        if let validity = rest.take("UIDVALIDITY") {
            guard let number = URLParameters.number(validity), number > 0 else { return nil }
            uidValidity = number
            guard rest.takeSlash() else { return nil }
        } else {
            guard name.popLast() == UInt8(ascii: "/") else { return nil }
        }
        guard let decoded = URLParameters.decode(name), let mailbox = String(validating: decoded, as: UTF8.self),
            name.first != UInt8(ascii: "/"), !mailbox.isEmpty,
            let number = rest.take("UID").flatMap(URLParameters.number), let uid = UID(number)
        else { return nil }
        self.mailbox = mailbox
        self.uid = uid
        section = .whole
        guard readPart(&rest, limits), rest.isEmpty else { return nil }
    }

    // RFC 5092 §11: imessagepart = … [isection] [ipartial]
    private mutating func readPart(_ rest: inout URLParameters, _ limits: SyntaxLimits) -> Bool {
        guard rest.takeSlash() else { return true }
        if let encoded = rest.take("SECTION") {
            guard let text = URLParameters.decode(encoded), let section = MessageURL.section(text, limits) else {
                return false
            }
            self.section = section
            guard rest.takeSlash() else { return true }
        }
        guard let range = rest.take("PARTIAL") else { return false }
        let numbers = range.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), let offset = URLParameters.number(numbers[0]) else { return false }
        var count = UInt64.max
        if numbers.count == 2 {
            guard let given = URLParameters.number(numbers[1]), given > 0 else { return false }
            count = UInt64(given)
        }
        partial = FetchPartial(offset: UInt64(offset), count: count)
        return true
    }

    private static func section(_ text: [UInt8], _ limits: SyntaxLimits) -> Section? {
        var lexer = Lexer(ByteBuffer(bytes: [UInt8(ascii: "[")] + text + [UInt8(ascii: "]")]), limits: limits)
        guard let section = try? lexer.section(), lexer.atEnd else { return nil }
        return section
    }
}

/// `;NAME=value` after `;NAME=value`, with a `/` between.
private struct URLParameters {
    private var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest = text }

    var isEmpty: Bool { rest.isEmpty }

    mutating func takeSlash() -> Bool {
        guard rest.first == UInt8(ascii: "/") else { return false }
        rest.removeFirst()
        return true
    }

    /// The value, up to the next `/`, of the parameter that stands here, if it has that name.
    mutating func take(_ name: String) -> ArraySlice<UInt8>? {
        let start = Array(";\(name)=".utf8)
        guard rest.count > start.count, zip(rest, start).allSatisfy({ $0.asciiUppercased == $1 }) else { return nil }
        let value = rest.dropFirst(start.count)
        let end = value.firstIndex(of: UInt8(ascii: "/")) ?? value.endIndex
        rest = value[end...]
        return value[..<end]
    }

    static func number(_ digits: ArraySlice<UInt8>) -> UInt32? {
        guard !digits.isEmpty, digits.count <= 10, digits.allSatisfy(\.isASCIIDigit) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self))
    }

    /// Without its percent-encoding; nil where that is wrong.
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == UInt8(ascii: "%") else {
                result.append(text[index])
                index += 1
                continue
            }
            guard text.endIndex - index > 2, let high = hexadecimal(text[index + 1]),
                let low = hexadecimal(text[index + 2])
            else { return nil }
            result.append(high << 4 | low)
            index += 3
        }
        return result
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit &- 0x30
        case 0x41...0x46: digit &- 0x41 &+ 10
        case 0x61...0x66: digit &- 0x61 &+ 10
        default: nil
        }
    }
}
