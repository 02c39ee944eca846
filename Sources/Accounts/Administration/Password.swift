// Passwords that people choose: how they are spelt before hashing, and what is asked of them.

internal import Mail
internal import MailCrypto

/// What holds for every password, wherever it is set.
package enum Password {
    /// In Unicode code points, for a password that is an account's only factor (NIST SP 800-63B-4 §3.1.1.2).
    package static let shortest = 15
    /// The same with TOTP on: then nothing opens with the password alone.
    package static let shortestWithSecondFactor = 8
    /// In bytes of UTF-8; longer ones are refused before they are hashed.
    package static let longest = PasswordHash.longestPassword

    package enum Problem: Error, Hashable, Sendable {
        case notUTF8, empty
        case tooShort(characters: Int, least: Int = Password.shortest)
        case tooLong(bytes: Int)
        case controlCharacter
        /// A code point that RFC 8265 leaves out of passwords.
        case disallowed(codePoint: UInt32)
        case looksLikeAppPassword
        /// The account's address or a part of it.
        case isTheAddress
        /// cracklib's words for why it is easily guessed.
        case common(String)

        package var explanation: String {
            switch self {
            case .notUTF8: "the password is not UTF-8 text"
            case .empty: "the password is empty; it needs at least \(Password.shortest) characters"
            case .tooShort(let characters, let least):
                "the password has \(characters) characters; it needs at least \(least) (or let one be generated)"
            case .tooLong(let bytes): "the password has \(bytes) bytes; the most is \(Password.longest)"
            case .controlCharacter: "the password holds a control character, such as a line end; leave it out"
            case .disallowed(let codePoint):
                "the password holds U+\(String(codePoint, radix: 16, uppercase: true)), which RFC 8265 leaves out of "
                    + "passwords; leave it out"
            case .looksLikeAppPassword:
                "this has the form of an app password, which only the server makes; choose another one"
            case .isTheAddress: "the password is the account's own name; choose another one"
            case .common(let why): "the password is easily guessed: \(why); choose another one"
            }
        }
    }

    /// The bytes that are hashed (RFC 8265 §4.2): every space is U+0020, and normalisation form C, so that two
    /// keyboards type one password. What is no UTF-8 stays as it is.
    static func canonical(_ password: [UInt8]) -> [UInt8] {
        guard password.count <= longest, let text = String(validating: password, as: UTF8.self) else { return password }
        return Array(OpaqueString.mapped(text).utf8)
    }

    /// The canonical form of a password that is to be set, once it satisfies the policy, all but the dictionary's part.
    /// - Parameter least: characters that it needs.
    package static func checked(_ password: [UInt8], least: Int = shortest) throws(Problem) -> [UInt8] {
        guard !password.isEmpty else { throw .empty }
        guard password.count <= longest else { throw .tooLong(bytes: password.count) }
        guard let text = String(validating: password, as: UTF8.self) else { throw .notUTF8 }
        for scalar in text.unicodeScalars where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
            throw .controlCharacter
        }
        if let scalar = OpaqueString.disallowed(in: text) { throw .disallowed(codePoint: scalar.value) }
        let canonical = OpaqueString.mapped(text)
        guard canonical.utf8.count <= longest else { throw .tooLong(bytes: canonical.utf8.count) }
        let characters = canonical.unicodeScalars.count
        guard characters >= least else { throw .tooShort(characters: characters, least: least) }
        let bytes = Array(canonical.utf8)
        guard AppPasswordText.parse(bytes) == nil else { throw .looksLikeAppPassword }
        return bytes
    }

    /// Refuses what a guesser tries first for this account: its address, with or without its domain.
    static func refuseName(_ canonical: [UInt8], of address: EmailAddress) throws(Problem) {
        let text = String(decoding: canonical, as: UTF8.self).lowercased()
        let name = address.description.lowercased()
        if [name, address.localPart.lowercased(), address.domain, name + name].contains(text) { throw .isTheAddress }
    }
}

/// Where a new password comes from.
package enum PasswordChoice: Sendable {
    /// Made by the machine, and told once.
    case generated
    /// The bytes that a person typed, without a line end.
    case given([UInt8])
    /// None: the account receives mail, and nobody can log in.
    case none
}
