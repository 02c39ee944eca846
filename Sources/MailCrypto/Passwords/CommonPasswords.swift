// Passwords that are guessed first: words, names and patterns that cracklib knows.
//
// Theory. libcrack keeps the dictionary that it has open, and more, in variables of its own, so in one process only one
// thread may be in it: `inLibrary`. Given a user's name it leaves the system's password file alone, which knows nothing
// of our accounts; and it sees 255 bytes at most, up to the first NUL. It writes on standard error when the dictionary
// is not there, so we look before it does. What it misses is a common password said twice: that we look for ourselves.

internal import CCrack
internal import Glibc
internal import Synchronization

/// The passwords that attackers try first.
package struct CommonPasswords: Sendable {
    /// The dictionary's path, without the endings of its three files.
    package let dictionary: String

    private static let inLibrary = Mutex(())
    /// A piece under this many bytes makes no password, however often it is said.
    private static let shortestPiece = 8

    /// `dictionary` is a path as cracklib has it, without an ending; the default is the system's.
    package init(dictionary: String? = nil) {
        self.dictionary = dictionary ?? GetDefaultCracklibDict().map { String(cString: $0) } ?? ""
    }

    /// Why `password` (UTF-8) is too easily guessed for the account called `name`, as in "it is based on a dictionary
    /// word"; nil when nothing is known against it. Length is the caller's affair. Takes a millisecond or two and reads
    /// files: call it off the event loops. Throws a `CryptoError` when the dictionary cannot be read.
    package func objection(to password: [UInt8], name: String) throws -> String? {
        try findDictionary()
        guard !password.contains(0) else { return "it contains a NUL" }
        if let objection = try look(up: password, name: name) { return objection }
        let piece = CommonPasswords.repeatedPiece(of: password)
        guard piece.count < password.count else { return nil }
        if piece.count < CommonPasswords.shortestPiece { return "it repeats a few characters" }
        return try look(up: Array(piece), name: name) == nil ? nil : "it repeats a common password"
    }

    private func look(up password: [UInt8], name: String) throws -> String? {
        let text = password.map { CChar(bitPattern: $0) } + [0]
        let answer = CommonPasswords.inLibrary.withLock { _ in
            FascistCheckUser(text, dictionary, name, "").map { String(cString: $0) }
        }
        if answer == "error loading dictionary" { throw unreadable("it is no dictionary of cracklib's") }
        return answer.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
    }

    private func findDictionary() throws {
        for ending in [".hwm", ".pwd", ".pwi"] where access(dictionary + ending, R_OK) != 0 {
            throw unreadable("\(dictionary)\(ending): \(String(cString: strerror(errno)))")
        }
    }

    private func unreadable(_ reason: String) -> CryptoError {
        CryptoError(
            "read cracklib's dictionary \(dictionary)",
            reasons: [reason, "install the package cracklib-runtime, or run update-cracklib"])
    }

    /// The piece that `password` repeats at least twice over, its last time perhaps not to the end; else all of it.
    /// The piece's length is the password's less its longest border, which is found as Knuth, Morris and Pratt do.
    static func repeatedPiece(of password: [UInt8]) -> ArraySlice<UInt8> {
        guard password.count > 1 else { return password[...] }
        var borders = [Int](repeating: 0, count: password.count)
        for end in 1..<password.count {
            var border = borders[end - 1]
            while border > 0, password[border] != password[end] { border = borders[border - 1] }
            borders[end] = password[border] == password[end] ? border + 1 : 0
        }
        let period = password.count - borders[password.count - 1]
        return period <= password.count / 2 ? password[..<period] : password[...]
    }
}
