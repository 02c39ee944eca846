// Passwords that were right, or wrong, a short while ago: known again in microseconds, without being kept.
//
// Theory. What is kept is HMAC-SHA-256 under a key of this process of the credential and the password. The credential's
// row is read at each login all the same, and its id, `changed` and stored hash are part of what is hashed, so a row
// that was changed, removed or is another's never fits. Two sets of half the capacity: when the young one is full it
// becomes the old one; what is asked for in the old one moves to the young. So the last 5,000 different ones are always
// there.

internal import MailCrypto
internal import MailStore
internal import Synchronization

/// A bounded memory of password checks.
final class RememberedPasswords: Sendable {
    static let capacity = 10_000

    fileprivate struct State {
        var young: Set<[UInt8]> = []
        var old: Set<[UInt8]> = []
    }
    private let state = Mutex(State())
    /// Swift's own generator is the system's.
    private let key: [UInt8] = (0..<32).map { _ in UInt8.random(in: .min ... .max) }

    /// Whether `remember` was called with the same.
    func contains(_ credential: CredentialRecord, _ password: [UInt8]) throws -> Bool {
        contains(try code(credential, password))
    }

    /// As `contains`, and remembers it from now on.
    func remember(_ credential: CredentialRecord, _ password: [UInt8]) throws -> Bool {
        let code = try code(credential, password)
        return state.withLock { state in
            let wasThere = state.young.contains(code) || state.old.contains(code)
            state.insert(code)
            return wasThere
        }
    }

    var count: Int { state.withLock { $0.young.union($0.old).count } }

    private func contains(_ code: [UInt8]) -> Bool {
        state.withLock { state in
            if state.young.contains(code) { return true }
            guard state.old.contains(code) else { return false }
            state.insert(code)
            return true
        }
    }

    /// Every part with its length before it, so that no two different lists of parts are the same bytes.
    private func code(_ credential: CredentialRecord, _ password: [UInt8]) throws -> [UInt8] {
        var message: [UInt8] = []
        let numbers = "\(credential.accountID) \(credential.id) \(credential.changed)"
        for part in [Array(numbers.utf8), Array(credential.secret.utf8), password] {
            message += Array("\(part.count):".utf8) + part
        }
        return try HMAC.sha256(key: key, message: message)
    }
}

extension RememberedPasswords.State {
    fileprivate mutating func insert(_ code: [UInt8]) {
        if young.count >= RememberedPasswords.capacity / 2 {
            old = young
            young = []
        }
        young.insert(code)
    }
}
