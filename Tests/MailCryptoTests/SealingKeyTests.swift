// Sealed secrets open with the right key in the right place, and in no other case.

import MailCrypto
import Testing

@Suite struct SealingKeyTests {
    @Test(arguments: [0, 1, 20, 1000]) func opensWhatItSealed(length: Int) throws {
        let key = try SealingKey.make()
        let secret = try SecureRandom.bytes(length)
        let place = Array("account 7, credential 12".utf8)
        let sealed = try key.seal(secret, associatedData: place)
        #expect(sealed.count == length + SealingKey.overhead)
        #expect(try key.open(sealed, associatedData: place) == secret)
        #expect(try sealed != key.seal(secret, associatedData: place))
        #expect(throws: CryptoError.self) { try key.open(sealed, associatedData: place + [0]) }
        #expect(throws: CryptoError.self) { try key.open(sealed, associatedData: []) }
        #expect(throws: CryptoError.self) { try SealingKey.make().open(sealed, associatedData: place) }
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: CryptoError.self) { try key.open(changed, associatedData: place) }
        }
        for count in 0..<min(sealed.count, 64) {
            #expect(throws: CryptoError.self) { try key.open(Array(sealed.prefix(count)), associatedData: place) }
        }
    }

    /// The GCM specification's test case 16 (McGrew and Viega), which NIST took over.
    @Test func vector() throws {
        let key = try #require(SealingKey(bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")))
        let sealed = bytes(
            "cafebabefacedbaddecaf888"
                + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                + "76fc6ece0f4e1768cddf8853bb2d551b")
        let data = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let secret =
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        #expect(try hexadecimal(key.open(sealed, associatedData: data)) == secret)
    }

    @Test("case 135: a missing, empty or zero key is no key", arguments: [0, 16, 31, 33, 64])
    func wrongLengths(length: Int) {
        #expect(SealingKey([UInt8](repeating: 1, count: length)) == nil)
        #expect(SealingKey([UInt8](repeating: 0, count: 32)) == nil)
    }

    @Test func descriptionsDoNotHoldTheKey() throws {
        #expect("\(try SealingKey.make())" == "SealingKey")
    }

    private func bytes(_ text: String) -> [UInt8] {
        let digits = text.compactMap { $0.hexDigitValue.map(UInt8.init) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
