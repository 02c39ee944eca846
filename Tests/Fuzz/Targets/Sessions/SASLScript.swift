// The client's part of a SASL exchange: what an input says, its blanks filled in.

import Accounts
import MailCrypto

struct SASLScript {
    private var given: ArraySlice<[UInt8]>
    private let appPassword: [UInt8]
    private let binding: [UInt8]
    /// What was said so far, filled in.
    private(set) var said: [[UInt8]] = []
    private var serverFirst: [UInt8] = []
    private(set) var hasProof = false

    init(_ given: [[UInt8]], appPassword: String, binding: [UInt8]) {
        self.given = given[...]
        self.appPassword = Array(appPassword.utf8)
        self.binding = binding
    }

    /// The next response; nil when the input has no more.
    mutating func next(_ challenge: [UInt8]) -> [UInt8]? {
        guard let text = given.popFirst() else { return nil }
        if !challenge.isEmpty { serverFirst = challenge }
        var response: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let blank = rest.first else {
                response.append(byte)
                continue
            }
            rest = rest.dropFirst()
            response += fill(blank, response)
        }
        said.append(response)
        return response
    }

    private mutating func fill(_ blank: UInt8, _ before: [UInt8]) -> [UInt8] {
        switch blank {
        case UInt8(ascii: "a"): return appPassword
        case UInt8(ascii: "0"): return [0]
        case UInt8(ascii: "b"): return binding
        case UInt8(ascii: "r"): return field("r") ?? []
        case UInt8(ascii: "p"): return proof(before) ?? []
        default: return [UInt8(ascii: "%"), blank]
        }
    }

    /// Of the server's first message.
    private func field(_ name: String) -> [UInt8]? {
        serverFirst.split(separator: UInt8(ascii: ",")).first { $0.starts(with: Array("\(name)=".utf8)) }
            .map { Array($0.dropFirst(2)) }
    }

    /// RFC 5802 §3, of what the client has said: its first message without the header, and `before` without `,p=`.
    private mutating func proof(_ before: [UInt8]) -> [UInt8]? {
        let comma = UInt8(ascii: ",")
        guard let first = said.first, let salt = field("s").flatMap({ SASLBase64.decode($0) }),
            let bare = Self.behindHeader(first), before.count >= 3,
            let salted = try? PBKDF2.sha256(password: appPassword, salt: salt, iterations: SCRAMKeys.iterations),
            let clientKey = try? HMAC.sha256(key: salted, message: Array("Client Key".utf8)),
            let storedKey = try? SHA256.hash(clientKey),
            let signature = try? HMAC.sha256(
                key: storedKey, message: bare + [comma] + serverFirst + [comma] + before.dropLast(3))
        else { return nil }
        hasProof = true
        return SASLBase64.encode(zip(clientKey, signature).map { $0 ^ $1 })
    }

    private static func behindHeader(_ message: [UInt8]) -> [UInt8]? {
        let parts = message.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? Array(parts[2]) : nil
    }

    /// Whether what was said can only come from somebody who knows a password of Alice's.
    func knows(_ mechanism: SASLMechanism, _ password: String) -> Bool {
        switch mechanism {
        case .external: return false
        case .scramSHA256, .scramSHA256Plus: return hasProof
        case .plain, .login:
            let last = said.last.map(Self.letters) ?? ""
            return last.hasSuffix(password.uppercased()) || last.contains(Self.letters(appPassword))
        }
    }

    /// App passwords are read without regard to case and to what groups them.
    private static func letters(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.filter { $0 != 0x20 && $0 != UInt8(ascii: "-") }, as: UTF8.self).uppercased()
    }
}
