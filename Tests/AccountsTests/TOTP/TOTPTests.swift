// One-time passwords against the vectors of their RFCs.

import Accounts
import Testing

/// RFC 4226 appendix D and RFC 6238 appendix B: the secret of the SHA-1 vectors.
private let secret = Array("12345678901234567890".utf8)

@Suite struct HOTPTests {
    @Test(
        "RFC 4226 appendix D",
        arguments: [
            (UInt64(0), "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (4, "338314"), (5, "254676"),
            (6, "287922"), (7, "162583"), (8, "399871"), (9, "520489"),
        ])
    func vectors(counter: UInt64, code: String) throws {
        #expect(try HOTP.code(secret: secret, counter: counter) == code)
    }

    @Test func countersToTheEnd() throws {
        #expect(try HOTP.code(secret: secret, counter: .max).count == 6)
        #expect(try HOTP.code(secret: [], counter: 0).count == 6)
    }
}

@Suite struct TOTPTests {
    @Test(
        "RFC 6238 appendix B, SHA-1",
        arguments: [
            (Int64(59), "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"), (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ])
    func vectors(time: Int64, code: String) throws {
        let step = TOTP.step(at: time)
        #expect(try HOTP.code(secret: secret, counter: UInt64(step), digits: 8) == code)
        #expect(try TOTP.code(secret: secret, step: step) == code.suffix(6))
    }

    @Test(
        "the window is one step either way, and what was used is past",
        arguments: [
            (Int64(-2), Int64(0), false), (-1, 0, true), (0, 0, true), (1, 0, true), (2, 0, false),
            (0, 41_152_262, true), (0, 41_152_263, false), (-1, 41_152_262, false), (1, 41_152_263, true),
        ])
    func window(offset: Int64, lastStep: Int64, isGood: Bool) throws {
        let time: Int64 = 1_234_567_890
        let code = try TOTP.code(secret: secret, step: TOTP.step(at: time) + offset)
        let step = try TOTP.match(code: Array(code.utf8), secret: secret, at: time, after: lastStep)
        #expect(step == (isGood ? TOTP.step(at: time) + offset : nil))
    }

    @Test(
        "what is no code",
        arguments: [
            "", "00592", "0059240", "00592a", "-005924x", "００５９２４", "005924\n", String(repeating: "0", count: 99),
        ])
    func noCode(text: String) throws {
        #expect(try TOTP.match(code: Array(text.utf8), secret: secret, at: 1_234_567_890, after: -1) == nil)
    }

    @Test func aSpaceInTheMiddle() throws {
        #expect(try TOTP.match(code: Array("005 924".utf8), secret: secret, at: 1_234_567_890, after: -1) == 41_152_263)
        #expect(try TOTP.match(code: Array("005924".utf8), secret: secret, at: .min, after: -1) == nil)
    }

    @Test func uri() {
        #expect(
            TOTP.uri(secret: secret, account: "älice+x@example.org", issuer: "mail.example.org:25")
                == "otpauth://totp/mail.example.org%3A25:%C3%A4lice%2Bx@example.org"
                + "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=mail.example.org%3A25"
                + "&algorithm=SHA1&digits=6&period=30")
    }
}

@Suite struct Base32Tests {
    @Test(
        "RFC 4648 §10, without padding",
        arguments: [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ])
    func vectors(text: String, encoded: String) {
        #expect(Base32.encode(Array(text.utf8)) == encoded)
    }
}
