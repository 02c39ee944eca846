// Digests, codes, randomness: published vectors and properties.

import MailCrypto
import NIOCore
import Testing

@Suite struct DigestTests {
    @Test(
        "FIPS 180-4 examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256(text: String, digest: String) throws {
        #expect(try hexadecimal(SHA256.hash(Array(text.utf8))) == digest)
        let running = try SHA256()
        for byte in text.utf8 { try running.update([byte]) }
        #expect(try hexadecimal(running.finalize()) == digest)
        // It starts afresh, and takes buffers.
        try running.update(ByteBuffer(string: text))
        #expect(try hexadecimal(running.finalize()) == digest)
    }

    /// RFC 2202 §3 and RFC 4231 §4, cases 1, 2 and 6 of each.
    @Test func hmacVectors() throws {
        let hi = Array("Hi There".utf8)
        let what = Array("what do ya want for nothing?".utf8)
        let large = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        let key20 = [UInt8](repeating: 0x0b, count: 20)
        #expect(
            try hexadecimal(HMAC.sha1(key: key20, message: hi)) == "b617318655057264e28bc0b6fb378c8ef146be00")
        #expect(
            try hexadecimal(HMAC.sha1(key: Array("Jefe".utf8), message: what))
                == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        #expect(
            try hexadecimal(HMAC.sha1(key: [UInt8](repeating: 0xaa, count: 80), message: large))
                == "aa4ae5e15272d00e95705637ce8a3b55ed402112")
        #expect(
            try hexadecimal(HMAC.sha256(key: key20, message: hi))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            try hexadecimal(HMAC.sha256(key: Array("Jefe".utf8), message: what))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            try hexadecimal(HMAC.sha256(key: [UInt8](repeating: 0xaa, count: 131), message: large))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(
            try hexadecimal(HMAC.sha256(key: [], message: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test(
        "PBKDF2 with HMAC-SHA-256: RFC 7914 §11, and the inputs of RFC 6070",
        arguments: [
            (
                "passwd", "salt", 1,
                "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                    + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
            ),
            (
                "Password", "NaCl", 80000,
                "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                    + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
            ),
            ("password", "salt", 2, "ae4d0c95af6b46d32d0adff928f06dd02a303f8e"),
            ("password", "salt", 4096, "c5e478d59288c841aa530db6845c4c8d962893a0"),
            (
                "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096,
                "348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c"
            ),
            ("", "salt", 1, "f135c27993baf98773c5cdb40a5706ce6a345cde61b000a67858650cd6a324d7"),
        ])
    func derivedKeys(password: String, salt: String, iterations: Int, expected: String) throws {
        let key = try PBKDF2.sha256(
            password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations,
            length: expected.utf8.count / 2)
        #expect(hexadecimal(key) == expected)
    }

    @Test func derivedKeysOfTextWithNUL() throws {
        let key = try PBKDF2.sha256(
            password: Array("pass\0word".utf8), salt: Array("sa\0lt".utf8), iterations: 4096, length: 16)
        #expect(hexadecimal(key) == "89b69d0516f829893c696226650a8687")
    }

    @Test("PBKDF2 refuses what it cannot do", arguments: [(0, 32), (-1, 32), (10_000_001, 32), (1, 0), (1, 1025)])
    func impossibleKeys(iterations: Int, length: Int) {
        #expect(throws: CryptoError.self) {
            try PBKDF2.sha256(password: [1], salt: [1], iterations: iterations, length: length)
        }
    }

    @Test("case 136: what is compared with a secret is compared whole, whatever its first bytes")
    func comparesAllBytes() {
        #expect(ConstantTime.equal([], []))
        #expect(ConstantTime.equal([1, 2, 3], [1, 2, 3]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2]))
    }

    @Test func randomBytesDiffer() throws {
        #expect(try SecureRandom.bytes(0).isEmpty)
        #expect(try SecureRandom.bytes(-1).isEmpty)
        #expect(try SecureRandom.bytes(32) != SecureRandom.bytes(32))
        #expect(try SecureRandom.bytes(100_000).count == 100_000)
    }

    @Test func generatedPasswordsAreTypable() throws {
        let letters = Set(RandomText.alphabet.map { Character(UnicodeScalar($0)) })
        #expect(letters.count == 32)
        #expect(letters.isDisjoint(with: "iloIOLu"))
        var seen = Set<String>()
        for _ in 0..<200 {
            let password = try RandomText.password()
            #expect(password.count == 29)
            #expect(password.split(separator: "-").map(\.count) == [4, 4, 4, 4, 4, 4])
            #expect(password.allSatisfy { $0 == "-" || letters.contains($0) })
            seen.insert(password)
        }
        #expect(seen.count == 200)
        #expect(try RandomText.password(groups: -5).count == 29)
        #expect(try RandomText.password(groups: 8).count == 39)
    }
}
