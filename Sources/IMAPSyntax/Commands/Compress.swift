// COMPRESS: what follows on this connection is compressed.

import Mail

/// RFC 4978 §3.
package struct Compress: Hashable, Sendable {
    /// In upper case; DEFLATE is the only one there is.
    package var algorithm: String

    package init(algorithm: String) { self.algorithm = algorithm }
}

extension Lexer {
    // RFC 4978 §5: compress = "COMPRESS" SP algorithm
    mutating func compress() throws(SyntaxError) -> Compress {
        try space()
        let algorithm = try atom("a compression algorithm").asciiUppercased
        guard algorithm == "DEFLATE" else {
            throw SyntaxError("unknown compression algorithm \(algorithm); DEFLATE is the only one")
        }
        return Compress(algorithm: algorithm)
    }
}
