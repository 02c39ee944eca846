// THREAD and UID THREAD.

import Mail

/// RFC 5256 §3.
package struct Thread: Hashable, Sendable {
    /// Which numbers the reply lists.
    package var numbering: MessageNumbering
    package var algorithm: ThreadAlgorithm
    package var charset: String
    package var key: SearchKey

    package init(numbering: MessageNumbering, algorithm: ThreadAlgorithm, charset: String, key: SearchKey) {
        self.numbering = numbering
        self.algorithm = algorithm
        self.charset = charset
        self.key = key
    }

    /// The search whose results are threaded.
    package var search: Search { Search(numbering: numbering, charset: charset, key: key) }
}

/// How messages are put into threads. The raw value is the name on the wire.
package enum ThreadAlgorithm: String, CaseIterable, Hashable, Sendable {
    // RFC 5256 §3
    case orderedSubject = "ORDEREDSUBJECT"
    case references = "REFERENCES"
    /// As REFERENCES, but by references alone, threads in the order of their newest message.
    case refs = "REFS"
}

extension Lexer {
    // RFC 5256 §5: thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria
    mutating func thread(_ numbering: MessageNumbering) throws(SyntaxError) -> Thread {
        try space()
        let name = try atom("a threading algorithm").asciiUppercased
        guard let algorithm = ThreadAlgorithm(rawValue: name) else {
            throw SyntaxError("unknown threading algorithm \"\(name)\"")
        }
        try space()
        let charset = try charset()
        try space()
        return Thread(numbering: numbering, algorithm: algorithm, charset: charset, key: try searchKeys())
    }
}
