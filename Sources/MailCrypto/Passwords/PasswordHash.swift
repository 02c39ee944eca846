// Passwords at rest: argon2id (RFC 9106) in PHC strings, and what hostile PHC strings may not ask of us.

internal import CArgon2

/// What argon2id costs. RFC 9106 §3.1: memory in KiB, passes over it, and lanes.
package struct Argon2Parameters: Hashable, Sendable {
    package var memoryKiB: UInt32
    package var iterations: UInt32
    package var parallelism: UInt32

    /// The default is OWASP's second choice, about 30 ms: 19 MiB, two passes, one lane.
    package init(memoryKiB: UInt32 = 19456, iterations: UInt32 = 2, parallelism: UInt32 = 1) {
        self.memoryKiB = memoryKiB
        self.iterations = iterations
        self.parallelism = parallelism
    }

    /// What one verification may cost at the most, whoever wrote the hash: 256 MiB, and in all passes together 2 GiB.
    package static let most = Argon2Parameters(memoryKiB: 262_144, iterations: 64, parallelism: 16)
    static let mostPassKiB: UInt64 = 2_097_152

    /// Whether a verification with these parameters is one that we do. At least 8 KiB per lane (RFC 9106 §3.1).
    package var areAcceptable: Bool {
        (1...Argon2Parameters.most.parallelism).contains(parallelism)
            && (1...Argon2Parameters.most.iterations).contains(iterations)
            && (8 * parallelism...Argon2Parameters.most.memoryKiB).contains(memoryKiB)
            && UInt64(memoryKiB) * UInt64(iterations) <= Argon2Parameters.mostPassKiB
    }
}

/// Hashes of passwords as PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
package enum PasswordHash {
    /// The longest password that is hashed, in bytes.
    package static let longestPassword = 1024

    /// Hashes `password` under a fresh salt of 16 bytes. Takes about 30 ms and 19 MiB with the default parameters: call
    /// it in a `HashingPool`. Throws for a password over `longestPassword` bytes and for unacceptable parameters.
    package static func make(password: [UInt8], parameters: Argon2Parameters = Argon2Parameters()) throws -> String {
        guard password.count <= longestPassword else {
            throw CryptoError("hash a password of \(password.count) bytes; the most is \(longestPassword)")
        }
        guard parameters.areAcceptable else { throw CryptoError("hash with parameters \(parameters)") }
        let salt = try SecureRandom.bytes(16)
        let hash = try Argon2.id(password: password, salt: salt, parameters: parameters, length: 32)
        return PHCString(parameters: parameters, salt: salt, hash: hash).text
    }

    /// Whether `password` is the one that `phc` was made from. False, and at once, for a string that is not an argon2id
    /// PHC string or asks for more than `Argon2Parameters.most`. Costs what the string says: call it in a
    /// `HashingPool`.
    package static func verify(password: [UInt8], phc: String) -> Bool {
        guard password.count <= longestPassword, let parsed = PHCString(phc) else { return false }
        guard
            let hash = try? Argon2.id(
                password: password, salt: parsed.salt, parameters: parsed.parameters, length: parsed.hash.count)
        else { return false }
        return ConstantTime.equal(hash, parsed.hash)
    }

    /// The parameters of `phc`; nil for a string that `verify` would refuse unseen.
    package static func parameters(of phc: String) -> Argon2Parameters? {
        PHCString(phc)?.parameters
    }

    /// Whether `phc` was made with other parameters than `wanted`, and is due to be made anew at the next login.
    package static func needsRehash(_ phc: String, wanted: Argon2Parameters = Argon2Parameters()) -> Bool {
        parameters(of: phc) != wanted
    }
}

/// libargon2, version 0x13.
enum Argon2 {
    /// RFC 9106 §3.1. `parameters` must be acceptable; memory is wiped by the library.
    static func id(
        password: [UInt8], salt: [UInt8], secret: [UInt8] = [], associatedData: [UInt8] = [],
        parameters: Argon2Parameters, length: Int
    ) throws -> [UInt8] {
        guard parameters.areAcceptable, (4...1024).contains(length), salt.count >= 8, salt.count <= 1024 else {
            throw CryptoError("hash with argon2id parameters \(parameters)")
        }
        var password = password
        var salt = salt
        var secret = secret
        var associatedData = associatedData
        var out = [UInt8](repeating: 0, count: length)
        let status = password.withUnsafeMutableBufferPointer { password in
            salt.withUnsafeMutableBufferPointer { salt in
                secret.withUnsafeMutableBufferPointer { secret in
                    associatedData.withUnsafeMutableBufferPointer { data in
                        out.withUnsafeMutableBufferPointer { out in
                            var context = argon2_context(
                                out: out.baseAddress, outlen: UInt32(truncatingIfNeeded: out.count),
                                pwd: password.baseAddress, pwdlen: UInt32(truncatingIfNeeded: password.count),
                                salt: salt.baseAddress, saltlen: UInt32(truncatingIfNeeded: salt.count),
                                secret: secret.baseAddress, secretlen: UInt32(truncatingIfNeeded: secret.count),
                                ad: data.baseAddress, adlen: UInt32(truncatingIfNeeded: data.count),
                                t_cost: parameters.iterations, m_cost: parameters.memoryKiB,
                                lanes: parameters.parallelism, threads: parameters.parallelism,
                                version: UInt32(ARGON2_VERSION_13.rawValue), allocate_cbk: nil, free_cbk: nil,
                                flags: 0)
                            return argon2id_ctx(&context)
                        }
                    }
                }
            }
        }
        guard status == ARGON2_OK.rawValue else {
            throw CryptoError("hash with argon2id", reasons: [String(cString: argon2_error_message(status))])
        }
        return out
    }
}
