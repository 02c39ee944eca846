// SCRAM's messages (RFC 5802 §5 and §7): read strictly, bounded, without any meaning of their own.

/// Why a message is refused; for the log.
enum SCRAMProblem: String, Error, Hashable, Sendable {
    /// No message of the grammar.
    case malformed
    /// A mandatory extension (`m=`), which no RFC defines.
    case extension_ = "extension"
    /// A channel binding other than tls-exporter, or none that this connection has.
    case channelBindingType = "channel-binding-type"
    /// The client asks for a binding without -PLUS, or for none with it.
    case channelBindingUse = "channel-binding-use"
    /// The client thinks that the server has no binding: somebody took -PLUS out of the list.
    case downgrade
    /// The binding, or the header that was sent first, is another one.
    case channelBinding = "channel-binding"
    /// Not the nonce that was agreed.
    case nonce
    /// Said out of turn.
    case order
}

/// `client-first-message`: `gs2-header client-first-message-bare`.
struct SCRAMClientFirst: Hashable, Sendable {
    /// `gs2-cbind-flag = ("p=" cb-name) / "n" / "y"`.
    enum BindingFlag: Hashable, Sendable {
        /// The client cannot bind.
        case no
        /// The client can, and believes that the server cannot.
        case unasked
        case type(String)
    }
    static let longestNonce = 256

    let flag: BindingFlag
    /// Empty when the client acts for itself.
    let authorizationID: [UInt8]
    let name: [UInt8]
    let nonce: [UInt8]
    /// The bytes up to and with the second comma, which come back in `c=`.
    let header: [UInt8]
    /// What is signed.
    let bare: [UInt8]

    init(_ message: [UInt8]) throws(SCRAMProblem) {
        let parts = message.split(separator: SCRAMText.comma, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        flag = try Self.flag(parts[0])
        authorizationID = try Self.authorizationID(parts[1])
        bare = Array(parts[2])
        header = Array(message.dropLast(bare.count))
        let fields = bare.split(separator: SCRAMText.comma, omittingEmptySubsequences: false)
        if let first = fields.first, first.starts(with: "m=".utf8) { throw .extension_ }
        guard fields.count >= 2, let name = SCRAMText.value("n", fields[0]),
            let nonce = SCRAMText.value("r", fields[1]), SCRAMText.isNonce(nonce), nonce.count <= Self.longestNonce,
            fields.dropFirst(2).allSatisfy(SCRAMText.isExtension)
        else { throw .malformed }
        self.name = try SCRAMText.name(name)
        self.nonce = Array(nonce)
    }

    private static func flag(_ text: ArraySlice<UInt8>) throws(SCRAMProblem) -> BindingFlag {
        if text.elementsEqual("n".utf8) { return .no }
        if text.elementsEqual("y".utf8) { return .unasked }
        guard let type = SCRAMText.value("p", text), !type.isEmpty, type.count <= 64,
            let name = String(validating: type, as: UTF8.self)
        else { throw .malformed }
        return .type(name)
    }

    private static func authorizationID(_ text: ArraySlice<UInt8>) throws(SCRAMProblem) -> [UInt8] {
        if text.isEmpty { return [] }
        guard let name = SCRAMText.value("a", text) else { throw .malformed }
        return try SCRAMText.name(name)
    }
}

/// `client-final-message`: `channel-binding "," nonce ["," extensions] "," proof`.
struct SCRAMClientFinal: Hashable, Sendable {
    let binding: [UInt8]
    let nonce: [UInt8]
    let proof: [UInt8]
    /// What is signed: everything before the proof.
    let withoutProof: [UInt8]

    init(_ message: [UInt8]) throws(SCRAMProblem) {
        let fields = message.split(separator: SCRAMText.comma, omittingEmptySubsequences: false)
        guard fields.count >= 3, let last = fields.last,
            let binding = SCRAMText.value("c", fields[0]).flatMap(SASLBase64.decode),
            let nonce = SCRAMText.value("r", fields[1]),
            let proof = SCRAMText.value("p", last).flatMap(SASLBase64.decode),
            fields.dropFirst(2).dropLast().allSatisfy(SCRAMText.isExtension)
        else { throw .malformed }
        self.binding = binding
        self.nonce = Array(nonce)
        self.proof = proof
        withoutProof = Array(message.dropLast(last.count + 1))
    }
}

/// The pieces of the grammar.
enum SCRAMText {
    static let comma = UInt8(ascii: ",")

    /// What stands behind `letter=`.
    static func value(_ letter: Character, _ field: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        field.starts(with: "\(letter)=".utf8) ? field.dropFirst(2) : nil
    }

    /// `saslname`: a comma is written `=2C`, an equals sign `=3D`, and neither stands otherwise.
    static func name(_ text: ArraySlice<UInt8>) throws(SCRAMProblem) -> [UInt8] {
        var name: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte != 0 else { throw .malformed }
            guard byte == UInt8(ascii: "=") else {
                name.append(byte)
                continue
            }
            let code = rest.prefix(2)
            if code.elementsEqual("2C".utf8) {
                name.append(comma)
            } else if code.elementsEqual("3D".utf8) {
                name.append(byte)
            } else {
                throw .malformed
            }
            rest = rest.dropFirst(2)
        }
        guard !name.isEmpty else { throw .malformed }
        return name
    }

    /// `printable`: ASCII that is visible, without the comma.
    static func isNonce(_ text: ArraySlice<UInt8>) -> Bool {
        !text.isEmpty && text.allSatisfy { (0x21...0x7e).contains($0) && $0 != comma }
    }

    /// `attr-val`: a letter, `=` and something; what it means is none of ours (RFC 5802 §5.1).
    static func isExtension(_ field: ArraySlice<UInt8>) -> Bool {
        guard let letter = field.first, field.count >= 3, field.dropFirst().first == UInt8(ascii: "=") else {
            return false
        }
        return (0x41...0x5a).contains(letter) || (0x61...0x7a).contains(letter)
    }
}
