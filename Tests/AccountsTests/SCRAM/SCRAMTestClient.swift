// SCRAM-SHA-256 from the client's side, written from RFC 5802 and not from our server.

import Foundation
import MailCrypto
import Testing

/// One exchange of a client.
struct SCRAMTestClient {
    var header = "n,,"
    var binding: [UInt8] = []
    var name: String
    var password: String
    var nonce = "rOprNGfwEbeRWgbNEkqO"

    var bare: String { "n=\(name),r=\(nonce)" }
    var first: [UInt8] { Array("\(header)\(bare)".utf8) }

    /// `r`, `s` and `i` of a server-first message.
    static func fields(_ message: [UInt8]) throws -> (nonce: String, salt: [UInt8], iterations: Int) {
        let parts = String(decoding: message, as: UTF8.self).split(separator: ",").map(String.init)
        try #require(parts.count == 3)
        let salt = try #require(Data(base64Encoded: String(parts[1].dropFirst(2))))
        return (String(parts[0].dropFirst(2)), Array(salt), try #require(Int(parts[2].dropFirst(2))))
    }

    /// The client-final message, and the `v=` that the server must answer with.
    func final(_ serverFirst: [UInt8], nonce: String? = nil) throws -> (message: [UInt8], verifier: [UInt8]) {
        let (agreed, salt, iterations) = try Self.fields(serverFirst)
        let channel = Data(Array(header.utf8) + binding).base64EncodedString()
        let withoutProof = "c=\(channel),r=\(nonce ?? agreed)"
        let signed = Array("\(bare),\(String(decoding: serverFirst, as: UTF8.self)),\(withoutProof)".utf8)
        let salted = try PBKDF2.sha256(password: Array(password.utf8), salt: salt, iterations: iterations)
        let clientKey = try HMAC.sha256(key: salted, message: Array("Client Key".utf8))
        let signature = try HMAC.sha256(key: try SHA256.hash(clientKey), message: signed)
        let proof = Data(zip(clientKey, signature).map { $0 ^ $1 }).base64EncodedString()
        let serverKey = try HMAC.sha256(key: salted, message: Array("Server Key".utf8))
        let verifier = Data(try HMAC.sha256(key: serverKey, message: signed)).base64EncodedString()
        return (Array("\(withoutProof),p=\(proof)".utf8), Array("v=\(verifier)".utf8))
    }
}
