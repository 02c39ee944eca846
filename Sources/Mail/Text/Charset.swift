// Decodes the charsets of mail to Unicode, through glibc's iconv where it is not UTF-8 or Western.

import Glibc

/// Text in any charset as a String. Bad sequences become U+FFFD; nothing is an error.
package enum Charset {
    /// - Parameter charset: its name in any case; nil when none is given. US-ASCII, none and unknown ones are taken for
    ///   UTF-8 when the bytes are that, else for Windows-1252, which most such mail is in.
    package static func decode(_ bytes: [UInt8], charset: String?) -> String {
        switch kind(of: charset) {
        case .utf8: return String(decoding: bytes, as: UTF8.self)
        case .western: return decodeWestern(bytes)
        case .guess: return String(validating: bytes, as: UTF8.self) ?? decodeWestern(bytes)
        case .iconv(let name):
            guard let decoded = decodeWithIconv(bytes, from: name) else {
                return String(validating: bytes, as: UTF8.self) ?? decodeWestern(bytes)
            }
            return String(decoding: decoded, as: UTF8.self)
        }
    }

    /// True when text in this charset can be decoded and not merely guessed at.
    package static func isKnown(_ charset: String) -> Bool {
        switch kind(of: charset) {
        case .utf8, .western: true
        case .guess: asciiNames.contains(charset.asciiLowercased)
        case .iconv(let name): Converter(from: name) != nil
        }
    }

    /// True when the bytes decide what they are taken for, so that a piece of a text may be taken for something else.
    static func isGuessed(_ charset: String?) -> Bool { kind(of: charset) == .guess }

    /// True when `decode` makes of each byte of printable ASCII that character, whatever stands around it, and of no
    /// other byte such a character.
    static func writesASCII(_ charset: String?) -> Bool {
        switch kind(of: charset) {
        case .utf8, .western, .guess: true
        // Windows-1258 puts a letter and the mark behind it together.
        case .iconv(let name):
            !name.hasSuffix("1258")
                && ["iso-8859-", "windows-125", "cp125", "koi8-"].contains { name.asciiLowercased.hasPrefix($0) }
        }
    }

    private enum Kind: Hashable {
        case utf8, western, guess
        case iconv(String)
    }

    private static let asciiNames: Set<String> = ["us-ascii", "ascii", "ansi_x3.4-1968", "iso-ir-6", "cp367", "646"]
    private static let westernNames: Set<String> = [
        "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1", "windows-1252", "cp1252", "iso-ir-100",
    ]

    /// Names that mail uses for a charset of another name, or for a part of a larger one that senders mean.
    private static let aliases = [
        "gb2312": "GB18030", "gbk": "GB18030", "x-gbk": "GB18030", "ks_c_5601-1987": "CP949", "euc-kr": "CP949",
        "shift_jis": "CP932", "shift-jis": "CP932", "sjis": "CP932", "x-sjis": "CP932", "ms_kanji": "CP932",
        "unicode-1-1-utf-7": "UTF-7", "x-mac-roman": "MACINTOSH", "iso-8859-8-i": "ISO-8859-8",
        "iso-8859-11": "TIS-620", "windows-874": "CP874", "windows-31j": "CP932", "big5": "BIG5-HKSCS",
        "x-user-defined": "CP1252",
    ]

    /// Only these go to iconv: what mail is written in, and none of glibc's seldom tested converters.
    private static let families = [
        "iso-8859-", "iso8859-", "iso_8859-", "latin", "windows-125", "cp125", "koi8-", "euc-jp", "euc-tw", "euc-cn",
        "iso-2022-jp", "iso-2022-kr", "gb18030", "big5-hkscs", "cp949", "cp932", "cp936", "cp950", "cp874", "tis-620",
        "utf-7", "utf-16", "utf-32", "ucs-2", "ucs-4", "macintosh", "mac-cyrillic", "ibm437", "ibm85", "ibm866",
        "cp437", "cp85", "cp866", "viscii", "tcvn", "johab", "uhc", "hp-roman8", "armscii-8", "georgian-ps",
    ]

    private static func kind(of charset: String?) -> Kind {
        guard let charset else { return .guess }
        let name = charset.asciiLowercased.filter { $0 != " " && $0 != "\"" && $0 != "'" }
        guard (1...40).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else { return .guess }
        if name == "utf-8" || name == "utf8" { return .utf8 }
        if asciiNames.contains(name) { return .guess }
        if westernNames.contains(name) { return .western }
        let target = aliases[name] ?? name
        let key = target.asciiLowercased
        return families.contains(where: { key.hasPrefix($0) }) ? .iconv(target) : .guess
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+")
    }

    /// 0x80...0x9F of Windows-1252; 0 where it has nothing.
    private static let windows1252: [UInt32] = [
        0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
        0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e,
        0x0178,
    ]

    private static func decodeWestern(_ bytes: [UInt8]) -> String {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return String(decoding: bytes, as: UTF8.self) }
        var result = String.UnicodeScalarView()
        for byte in bytes {
            if (0x80...0x9f).contains(byte) {
                let scalar = Unicode.Scalar(windows1252[Int(byte) - 0x80])
                result.append(scalar.flatMap { $0.value == 0 ? nil : $0 } ?? "\u{fffd}")
            } else {
                result.append(Unicode.Scalar(byte))
            }
        }
        return String(result)
    }

    private static func decodeWithIconv(_ bytes: [UInt8], from charset: String) -> [UInt8]? {
        guard let converter = Converter(from: charset) else { return nil }
        return converter.convert(bytes)
    }
}

/// An open iconv conversion to UTF-8, closed with the value. The one place of Mail that hands memory to C.
private struct Converter: ~Copyable {
    private let handle: iconv_t

    /// nil when glibc does not have the charset.
    init?(from charset: String) {
        guard let handle = iconv_open("UTF-8", charset), UInt(bitPattern: handle) != UInt.max else { return nil }
        self.handle = handle
    }

    deinit { iconv_close(handle) }

    /// Every bad byte becomes U+FFFD. Each round consumes input or empties a full buffer, so it ends.
    func convert(_ bytes: [UInt8]) -> [UInt8] {
        var input = bytes
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 2)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var consumed = 0
        while consumed < input.count {
            let result = step(&input, from: consumed, into: &buffer)
            output += buffer[..<result.written]
            consumed += result.read
            if result.error == EILSEQ || result.error == EINVAL {
                output += [0xef, 0xbf, 0xbd]
                consumed += 1
            } else if result.error != 0, result.error != E2BIG {
                break
            } else if result.read == 0, result.written == 0 {
                break
            }
        }
        return output
    }

    private func step(
        _ input: inout [UInt8], from start: Int, into buffer: inout [UInt8]
    ) -> (read: Int, written: Int, error: Int32) {
        input.withUnsafeMutableBytes { source in
            buffer.withUnsafeMutableBytes { target in
                guard let sourceBase = source.baseAddress, let targetBase = target.baseAddress else {
                    return (0, 0, EINVAL)
                }
                var from: UnsafeMutablePointer<CChar>? = (sourceBase + start).assumingMemoryBound(to: CChar.self)
                var into: UnsafeMutablePointer<CChar>? = targetBase.assumingMemoryBound(to: CChar.self)
                var left = source.count - start
                var room = target.count
                let result = iconv(handle, &from, &left, &into, &room)
                let error = result == -1 ? errno : 0
                return (source.count - start - left, target.count - room, error)
            }
        }
    }
}
