// One-time passwords: HOTP (RFC 4226) and, with the time as its counter, TOTP (RFC 6238). Pure.

import Mail
internal import MailCrypto

/// HOTP with HMAC-SHA-1.
package enum HOTP {
    /// The code of `counter`, with leading zeros (RFC 4226 §5.3).
    /// - Parameter digits: 6 to 8.
    package static func code(secret: [UInt8], counter: UInt64, digits: Int = TOTP.digits) throws -> String {
        let message = (0..<8).map { UInt8(truncatingIfNeeded: counter >> UInt64(56 - 8 * $0)) }
        let hash = try HMAC.sha1(key: secret, message: message)
        let offset = Int((hash.last ?? 0) & 15)
        let truncated = hash.dropFirst(offset).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let modulus = (0..<digits).reduce(UInt32(1)) { power, _ in power &* 10 }
        let text = String(modulus == 0 ? truncated : truncated % modulus)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// TOTP as every authenticator app has it: SHA-1, six digits, steps of 30 seconds.
package enum TOTP {
    package static let digits = 6
    /// In seconds.
    package static let period: Int64 = 30
    /// RFC 4226 §4 R6: 160 bits.
    package static let secretLength = 20
    /// Steps that a clock may be off, either way (RFC 6238 §5.2, §6).
    package static let window: Int64 = 1

    /// The step that holds the second `time` since 1970; 0 before that.
    package static func step(at time: Int64) -> Int64 { max(0, time) / period }

    package static func code(secret: [UInt8], step: Int64) throws -> String {
        try HOTP.code(secret: secret, counter: UInt64(max(0, step)))
    }

    /// The step within the window around `time` whose code this is and that comes after `lastStep`; nil for none. Every
    /// step of the window is computed and compared in constant time, whichever fits.
    package static func match(
        code: [UInt8], secret: [UInt8], at time: Int64, after lastStep: Int64
    ) throws -> Int64? {
        guard let code = digits(in: code) else { return nil }
        let current = step(at: time)
        var found: Int64?
        for candidate in (current - window)...(current + window) {
            let expected = Array(try self.code(secret: secret, step: candidate).utf8)
            if ConstantTime.equal(expected, code), candidate > lastStep, candidate >= 0 { found = found ?? candidate }
        }
        return found
    }

    /// The six digits of what somebody typed, without the space that apps show in the middle; nil for anything else.
    static func digits(in code: [UInt8]) -> [UInt8]? {
        guard code.count <= 64 else { return nil }
        let typed = code.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "-") }
        guard typed.count == digits, typed.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return typed
    }

    /// The `otpauth` URI that authenticator apps read, usually from a QR code. `issuer` is the server's name.
    package static func uri(secret: [UInt8], account: String, issuer: String) -> String {
        let issuer = escaped(issuer)
        return "otpauth://totp/\(issuer):\(escaped(account))?secret=\(Base32.encode(secret))&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=\(digits)&period=\(period)"
    }

    /// Percent-encoding of everything but RFC 3986 §2.3's unreserved characters; `@` may stand in a path.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x40:
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }
}
