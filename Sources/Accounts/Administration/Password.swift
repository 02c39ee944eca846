// Passwords that people choose: how they are spelt before hashing, and what is asked of them.

import MailCrypto
import Mail

/// What holds for every password, wherever it is set.
package enum Password {
    /// In Unicode code points, for a password that is an account's only factor (NIST SP 800-63B-4 §3.1.1.2).
    package static let shortest = 15
    /// In bytes of UTF-8; longer ones are refused before they are hashed.
    package static let longest = PasswordHash.longestPassword

    package enum Problem: Error, Hashable, Sendable {
        case notUTF8, empty
        case tooShort(characters: Int)
        case tooLong(bytes: Int)
        case controlCharacter

        package var explanation: String {
            switch self {
            case .notUTF8: "the password is not UTF-8 text"
            case .empty: "the password is empty; it needs at least \(Password.shortest) characters"
            case .tooShort(let characters):
                "the password has \(characters) characters; it needs at least \(Password.shortest) "
                    + "(or let one be generated)"
            case .tooLong(let bytes): "the password has \(bytes) bytes; the most is \(Password.longest)"
            case .controlCharacter: "the password holds a control character, such as a line end; leave it out"
            }
        }
    }

    /// The bytes that are hashed: in Unicode's normalisation form C, so that two keyboards type one password (RFC 8265
    /// §4.2). What is no UTF-8 stays as it is.
    static func canonical(_ password: [UInt8]) -> [UInt8] {
        guard password.count <= longest, let text = String(validating: password, as: UTF8.self) else { return password }
        return Array(text.normalizedToNFC.utf8)
    }

    /// The canonical form of a password that is to be set, once it satisfies the policy.
    package static func checked(_ password: [UInt8]) throws(Problem) -> [UInt8] {
        guard !password.isEmpty else { throw .empty }
        guard password.count <= longest else { throw .tooLong(bytes: password.count) }
        guard let text = String(validating: password, as: UTF8.self) else { throw .notUTF8 }
        for scalar in text.unicodeScalars where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
            throw .controlCharacter
        }
        let canonical = text.normalizedToNFC
        guard canonical.utf8.count <= longest else { throw .tooLong(bytes: canonical.utf8.count) }
        guard canonical.unicodeScalars.count >= shortest else {
            throw .tooShort(characters: canonical.unicodeScalars.count)
        }
        return Array(canonical.utf8)
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
