// What can go wrong in OpenSSL and libargon2, in words; and the hygiene of OpenSSL's per-thread error queue.

internal import COpenSSL

/// A cryptographic operation that failed: what was tried, and what the library said.
package struct CryptoError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as the continuation of "cannot": "make a key".
    package let operation: String
    /// The library's reasons, oldest first; empty when it gave none.
    package let reasons: [String]

    package init(_ operation: String, reasons: [String] = []) {
        self.operation = operation
        self.reasons = reasons
    }

    package var description: String {
        "cannot \(operation)" + (reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))")
    }
}

/// OpenSSL's error queue. It belongs to the thread, not to the connection, and an event loop's thread serves thousands
/// of connections: an entry that one leaves behind would make `SSL_get_error` report a failure for the next. So it is
/// cleared before every operation whose result is read through it, and drained into the error of the one that failed.
enum OpenSSLErrors {
    /// Before OpenSSL is first used: it shall not tear itself down at exit, for event loops may still be in it.
    private static let setUp: Void = {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }()

    /// Forgets whatever an earlier operation on this thread left.
    static func clear() {
        setUp
        ERR_clear_error()
    }

    /// Takes all entries out, oldest first, at most 16 of them.
    static func drain() -> [String] {
        var reasons: [String] = []
        while reasons.count < 16 {
            let code = ERR_get_error()
            if code == 0 { break }
            reasons.append(text(of: code))
        }
        ERR_clear_error()
        return reasons
    }

    private static func text(of code: UInt) -> String {
        if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
        var buffer = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &buffer, buffer.count)
        let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
        return String(decoding: buffer[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension CryptoError {
    /// The error of an OpenSSL call that has just failed on this thread; empties the queue.
    static func openSSL(_ operation: String) -> CryptoError {
        CryptoError(operation, reasons: OpenSSLErrors.drain())
    }
}
