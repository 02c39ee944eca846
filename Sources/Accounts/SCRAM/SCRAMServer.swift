// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS from the server's side (RFC 5802, RFC 7677, RFC 9266): pure, bounded, no I/O.
//
// States. `first`: waiting for the client-first message. `named`: the name is known and salt and nonce are to be given
// with `challenge`. `final`: the server-first message is out. `over`: everything further is refused. Each step leaves
// its state before it looks at the message, so no message is read twice and nothing follows an error.

/// One exchange.
struct SCRAMServer: Sendable {
    /// Who wants to log in.
    struct Named: Hashable, Sendable {
        let name: [UInt8]
        let authorizationID: [UInt8]
    }
    /// What the client offers as evidence, and what it and the server have said so far.
    struct Evidence: Hashable, Sendable {
        let proof: [UInt8]
        let authMessage: [UInt8]
    }
    private enum State {
        case first
        case named(SCRAMClientFirst)
        case final(SCRAMClientFirst, serverFirst: [UInt8], nonce: [UInt8])
        case over
    }

    static let bindingType = "tls-exporter"
    private let isPlus: Bool
    private let binding: [UInt8]?
    private var state = State.first

    /// - Parameters:
    ///   - isPlus: the client chose -PLUS.
    ///   - binding: the connection's tls-exporter bytes; nil when it has none, so that -PLUS was not offered.
    init(isPlus: Bool, binding: [UInt8]?) {
        self.isPlus = isPlus
        self.binding = binding
    }

    /// Reads the client's first message.
    mutating func clientFirst(_ message: [UInt8]) throws(SCRAMProblem) -> Named {
        guard case .first = state else { throw fail(.order) }
        state = .over
        let first = try SCRAMClientFirst(message)
        try check(first.flag)
        state = .named(first)
        return Named(name: first.name, authorizationID: first.authorizationID)
    }

    /// RFC 5802 §6: a binding is used exactly with -PLUS, and a client that believes that there is none to use must not
    /// be on a connection that has one.
    private func check(_ flag: SCRAMClientFirst.BindingFlag) throws(SCRAMProblem) {
        switch flag {
        case .type(let type):
            guard isPlus else { throw .channelBindingUse }
            guard type == Self.bindingType, binding != nil else { throw .channelBindingType }
        case .no:
            if isPlus { throw .channelBindingUse }
        case .unasked:
            if isPlus { throw .channelBindingUse }
            if binding != nil { throw .downgrade }
        }
    }

    /// The server's first message.
    /// - Parameter nonce: the server's part, in visible ASCII without commas.
    mutating func challenge(salt: [UInt8], iterations: Int, nonce: [UInt8]) throws(SCRAMProblem) -> [UInt8] {
        guard case .named(let first) = state else { throw fail(.order) }
        let both = first.nonce + nonce
        var message = Array("r=".utf8) + both
        message += Array(",s=".utf8) + SASLBase64.encode(salt)
        message += Array(",i=\(iterations)".utf8)
        state = .final(first, serverFirst: message, nonce: both)
        return message
    }

    /// Reads the client's final message.
    mutating func clientFinal(_ message: [UInt8]) throws(SCRAMProblem) -> Evidence {
        guard case .final(let first, let serverFirst, let nonce) = state else { throw fail(.order) }
        state = .over
        let final = try SCRAMClientFinal(message)
        guard final.nonce == nonce else { throw .nonce }
        let bound: [UInt8] = isPlus ? binding ?? [] : []
        guard final.binding == first.header + bound else { throw .channelBinding }
        var signed = first.bare + [SCRAMText.comma]
        signed += serverFirst + [SCRAMText.comma]
        return Evidence(proof: final.proof, authMessage: signed + final.withoutProof)
    }

    private mutating func fail(_ problem: SCRAMProblem) -> SCRAMProblem {
        state = .over
        return problem
    }
}
