// What cracklib and we hold against a password, and what happens without its dictionary.

import Foundation
import Testing

@testable import MailCrypto

@Suite struct CommonPasswordsTests {
    private func objection(_ password: String, name: String = "alice") throws -> String? {
        try CommonPasswords().objection(to: Array(password.utf8), name: name)
    }

    @Test(
        "common passwords are refused",
        arguments: [
            "password", "iloveyou", "monkey123", "dragonfly", "drowssap", "PASSWORD1", "zxcvbnm,./",
            "123456789012345", "abcdefghijklmnop", "aaaaaaaaaaaaaaaaaaaa", "AliceAlice",
            "passwordpassword", "PasswordPasswordPass", "ab1ab1ab1ab1ab1ab1", "xy9$Lxy9$Lxy9$L", "a", "",
        ])
    func common(password: String) throws {
        #expect(try objection(password) != nil)
    }

    @Test(
        "long passwords of people and machines pass",
        arguments: [
            "correct horse battery staple", "7k2m-9xq4-hh3t-zz81-pq2w-6a8d", "Schokoladenkuchen am Sonntag",
            "the quick brown fox jumps over the lazy dog", "größe größe käse", "пароль из четырёх слов",
            "密码密码不是密码啊真的", "😀🐎🔋📎 emoji", "rgt8-Zw1qP",
        ])
    func good(password: String) throws {
        #expect(try objection(password) == nil)
    }

    /// Of those that are made here cracklib is not asked; one in many hundreds looks too simple to it by chance.
    @Test func randomPasswordsPassAlmostAlways() throws {
        let passwords = try (0..<100).map { _ in try RandomText.password() }
        let refused = try passwords.filter { try objection($0) != nil }
        #expect(refused.count <= 3, "\(refused)")
    }

    @Test("the answer says why") func reasons() throws {
        #expect(try objection("password") == "it is based on a dictionary word")
        #expect(try objection("drowssap") == "it is based on a (reversed) dictionary word")
        #expect(try objection("AliceAlice") == "it is based on your username")
        #expect(try objection("Wintersonne", name: "wintersonne") == "it is based on your username")
        #expect(try objection("Wintersonne", name: "bob") == nil)
        #expect(try objection("iloveyouiloveyou") == "it repeats a common password")
        #expect(try objection("kq7xWkq7xWkq7xW") == "it repeats a few characters")
        #expect(try objection("long enough\0but cut off") == "it contains a NUL")
    }

    @Test("the longest passwords are looked at", arguments: [255, 256, 1024])
    func longPasswords(length: Int) throws {
        let password = try SecureRandom.bytes(length).map { $0 | 0x80 }
        #expect(try CommonPasswords().objection(to: password, name: "alice") == nil)
        let name = String(repeating: "x", count: 5000)
        #expect(try CommonPasswords().objection(to: password, name: name) == nil)
    }

    @Test("many threads may ask at once")
    func parallel() async throws {
        let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let password = index % 2 == 0 ? "iloveyou" : "a staple and \(index) batteries"
                    return try (CommonPasswords().objection(to: Array(password.utf8), name: "x") != nil)
                        != (index % 2 == 0)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wrong == 0)
    }

    @Test("without its dictionary, or with another file in its place, the error says what to install")
    func noDictionary() throws {
        let folder = try TemporaryFolder()
        for ending in ["hwm", "pwd", "pwi"] { try folder.write("junk.\(ending)", "this is no dictionary") }
        for path in ["\(folder.path)/none", "\(folder.path)/junk", ""] {
            let error = #expect(throws: CryptoError.self) {
                try CommonPasswords(dictionary: path).objection(to: Array("a good one".utf8), name: "alice")
            }
            #expect(error?.description.contains("install the package cracklib-runtime") == true)
            #expect(error?.description.contains(path.isEmpty ? ".hwm" : path) == true)
        }
    }

    @Test(
        "repeated pieces",
        arguments: [
            ("", ""), ("a", "a"), ("aa", "a"), ("aaa", "a"), ("ab", "ab"), ("aba", "aba"), ("abab", "ab"),
            ("ababa", "ab"), ("abcabcab", "abc"), ("abcabd", "abcabd"), ("aabaab", "aab"), ("abcab", "abcab"),
        ])
    func pieces(text: String, piece: String) {
        #expect(Array(CommonPasswords.repeatedPiece(of: Array(text.utf8))) == Array(piece.utf8))
    }
}
