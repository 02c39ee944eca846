// What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 §3): enough to check a proof, too little to make one.
//
// Theory. Who reads these keys can test guesses at the password at 4,096 HMACs each, far below argon2id's price, and
// can pose as the server. So they are made of app passwords only, whose 130 random bits nobody guesses at any price.

internal import MailCrypto

/// The keys of one spelling of one password.
package struct SCRAMKeys: Hashable, Sendable, CustomStringConvertible {
    /// RFC 7677 §4: at least 4,096. What the text is hashed with is random, so more would buy nothing.
    package static let iterations = 4_096
    /// Keys with more rounds are not read.
    static let mostIterations = 1_000_000

    package let salt: [UInt8]
    package let iterations: Int
    package let storedKey: [UInt8]
    package let serverKey: [UInt8]

    /// Keys of `password`, as RFC 5802 §3 derives them; `password` is the canonical form of RFC 8265 §4.2. Takes a
    /// millisecond for 4,096 iterations.
    package static func make(
        password: [UInt8], salt: [UInt8], iterations: Int = SCRAMKeys.iterations
    ) throws -> SCRAMKeys {
        let salted = try PBKDF2.sha256(password: password, salt: salt, iterations: iterations)
        let clientKey = try HMAC.sha256(key: salted, message: Array("Client Key".utf8))
        return SCRAMKeys(
            salt: salt, iterations: iterations, storedKey: try SHA256.hash(clientKey),
            serverKey: try HMAC.sha256(key: salted, message: Array("Server Key".utf8)))
    }

    /// Whether the proof was made with the password that these keys are of (RFC 5802 §3).
    func accept(proof: [UInt8], authMessage: [UInt8]) throws -> Bool {
        guard proof.count == SHA256.length else { return false }
        let signature = try HMAC.sha256(key: storedKey, message: authMessage)
        let clientKey = zip(proof, signature).map { $0 ^ $1 }
        return ConstantTime.equal(try SHA256.hash(clientKey), storedKey)
    }

    /// What shows the client that the server holds the keys.
    func serverSignature(authMessage: [UInt8]) throws -> [UInt8] {
        try HMAC.sha256(key: serverKey, message: authMessage)
    }

    /// Without the keys: descriptions end in logs.
    package var description: String { "SCRAMKeys(\(iterations) iterations)" }
}

extension SCRAMKeys {
    private static let scheme = "SCRAM-SHA-256"

    /// As PostgreSQL writes them: `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, the last three in base64.
    package var text: String {
        "\(Self.scheme)$\(iterations):\(Self.base64(salt))$\(Self.base64(storedKey)):\(Self.base64(serverKey))"
    }

    /// Several, for a credential's `scram` column: separated by a space.
    package static func text(of keys: [SCRAMKeys]) -> String { keys.map(\.text).joined(separator: " ") }

    /// Reads what `text(of:)` wrote; what is none is left out, so that it lets nobody in.
    package static func list(_ text: String) -> [SCRAMKeys] {
        text.split(separator: " ").compactMap { SCRAMKeys(text: String($0)) }
    }

    /// Reads what `text` wrote; nil for anything else.
    package init?(text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.scheme else { return nil }
        let cost = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        let keys = parts[2].split(separator: ":", omittingEmptySubsequences: false)
        guard cost.count == 2, keys.count == 2, let iterations = Int(cost[0]),
            (1...Self.mostIterations).contains(iterations),
            let salt = SASLBase64.decode(cost[1].utf8), !salt.isEmpty,
            let storedKey = SASLBase64.decode(keys[0].utf8), storedKey.count == SHA256.length,
            let serverKey = SASLBase64.decode(keys[1].utf8), serverKey.count == SHA256.length
        else { return nil }
        self.init(salt: salt, iterations: iterations, storedKey: storedKey, serverKey: serverKey)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        String(decoding: SASLBase64.encode(bytes), as: UTF8.self)
    }
}
