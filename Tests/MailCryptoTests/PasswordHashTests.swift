// Passwords at rest: vectors, round trips, and strings that ask too much.

import TestSupport
import Testing

@testable import MailCrypto

@Suite struct PasswordHashTests {
    /// Cheap, so that the tests are.
    static let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)

    @Test("RFC 9106 §5.3: the argon2id test vector")
    func vector() throws {
        let tag = try Argon2.id(
            password: [UInt8](repeating: 1, count: 32), salt: [UInt8](repeating: 2, count: 16),
            secret: [UInt8](repeating: 3, count: 8), associatedData: [UInt8](repeating: 4, count: 12),
            parameters: Argon2Parameters(memoryKiB: 32, iterations: 3, parallelism: 4), length: 32)
        #expect(
            hexadecimal(tag) == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")
    }

    @Test func makesTheDefaultFormAndVerifiesIt() throws {
        let phc = try PasswordHash.make(password: Array("korrekt häst".utf8))
        #expect(phc.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(phc.utf8.count == 31 + 22 + 1 + 43)
        #expect(PasswordHash.verify(password: Array("korrekt häst".utf8), phc: phc))
        #expect(!PasswordHash.verify(password: Array("korrekt hast".utf8), phc: phc))
        #expect(PasswordHash.parameters(of: phc) == Argon2Parameters())
        #expect(!PasswordHash.needsRehash(phc))
        #expect(PasswordHash.needsRehash(phc, wanted: Argon2Parameters(memoryKiB: 65536)))
        #expect(PasswordHash.needsRehash("$2y$10$abc"))
    }

    @Test func saltsDiffer() throws {
        let first = try PasswordHash.make(password: [1], parameters: Self.cheap)
        #expect(try first != PasswordHash.make(password: [1], parameters: Self.cheap))
    }

    @Test(arguments: [0, 1, 1024]) func lengthsOfPasswords(length: Int) throws {
        let password = [UInt8](repeating: 0xff, count: length)
        let phc = try PasswordHash.make(password: password, parameters: Self.cheap)
        #expect(PasswordHash.verify(password: password, phc: phc))
        #expect(!PasswordHash.verify(password: password + [0], phc: phc))
    }

    @Test("case 118: over 1024 bytes nothing is hashed")
    func tooLong() throws {
        let password = [UInt8](repeating: 1, count: 1025)
        #expect(throws: CryptoError.self) { try PasswordHash.make(password: password, parameters: Self.cheap) }
        let phc = try PasswordHash.make(password: Array(password.dropLast()), parameters: Self.cheap)
        #expect(!PasswordHash.verify(password: password, phc: phc))
    }

    /// Made by Debian's `argon2` program: `printf password | argon2 somesalt -id -t 2 -k 65536 -p 1 -e`.
    @Test func verifiesHashesOfOtherPrograms() {
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        #expect(PasswordHash.verify(password: Array("password".utf8), phc: phc))
        #expect(!PasswordHash.verify(password: Array("passwore".utf8), phc: phc))
    }

    static let salt = "AAAAAAAAAAAAAAAAAAAAAA"
    static let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    @Test(
        "case 117: strings that ask too much, or are not argon2id PHC strings, are refused at once",
        arguments: [
            "", "$", "$$$$$", "password", "$argon2id$v=19$m=19456,t=2,p=1$\(salt)",
            "$argon2id$v=19$m=4194304,t=1,p=1$\(salt)$\(hash)", "$argon2id$v=19$m=262145,t=1,p=1$\(salt)$\(hash)",
            "$argon2id$v=19$m=19456,t=2147483648,p=1$\(salt)$\(hash)",
            "$argon2id$v=19$m=19456,t=65,p=1$\(salt)$\(hash)", "$argon2id$v=19$m=262144,t=9,p=1$\(salt)$\(hash)",
            "$argon2id$v=19$m=19456,t=2,p=255$\(salt)$\(hash)", "$argon2id$v=19$m=19456,t=2,p=0$\(salt)$\(hash)",
            "$argon2id$v=19$m=19456,t=0,p=1$\(salt)$\(hash)", "$argon2id$v=19$m=7,t=2,p=1$\(salt)$\(hash)",
            "$argon2id$v=19$m=-1,t=2,p=1$\(salt)$\(hash)", "$argon2id$v=19$m=+64,t=2,p=1$\(salt)$\(hash)",
            "$argon2id$v=19$m=99999999999999999999,t=2,p=1$\(salt)$\(hash)",
            "$argon2id$v=19$t=2,m=64,p=1$\(salt)$\(hash)", "$argon2id$v=19$m=64,t=2,p=1,x=1$\(salt)$\(hash)",
            "$argon2i$v=19$m=64,t=2,p=1$\(salt)$\(hash)", "$argon2id$v=16$m=64,t=2,p=1$\(salt)$\(hash)",
            "$argon2id$m=64,t=2,p=1$\(salt)$\(hash)", "$argon2id$v=19$m=64,t=2,p=1$AAAA$\(hash)",
            "$argon2id$v=19$m=64,t=2,p=1$\(salt)$AAAA", "$argon2id$v=19$m=64,t=2,p=1$\(salt)==$\(hash)",
            "$argon2id$v=19$m=64,t=2,p=1$\(salt)$\(hash)$", "$argon2id$v=19$m=64,t=2,p=1$é\(salt)$\(hash)",
        ])
    func hostileStrings(phc: String) {
        let took = processorTime {
            #expect(PasswordHash.parameters(of: phc) == nil)
            #expect(!PasswordHash.verify(password: [1], phc: phc))
        }
        #expect(took < 1)
    }

    @Test("case 117: a salt of a megabyte is refused at once")
    func enormousSalt() {
        hostileStrings(phc: "$argon2id$v=19$m=64,t=2,p=1$\(String(repeating: "A", count: 1_000_000))$\(Self.hash)")
    }

    @Test func theMostThatIsAcceptedIsAcceptable() {
        #expect(Argon2Parameters(memoryKiB: 262_144, iterations: 8, parallelism: 16).areAcceptable)
        #expect(!Argon2Parameters(memoryKiB: .max, iterations: .max, parallelism: .max).areAcceptable)
    }

    @Test(arguments: 0..<70) func base64WithoutPadding(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
        let text = PHCString.encode(bytes)
        #expect(PHCString.decode(text[...]) == bytes)
        #expect(text.utf8.count == (length * 8 + 5) / 6)
    }

    @Test(arguments: ["A", "AB", "AAAAA", "AA=", "A A", "AAé"]) func notCanonicalBase64(text: String) {
        #expect(PHCString.decode(text[...]) == nil)
    }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
