// What the process knows besides the directory: read once, then kept up with the directory's changes.

internal import MailCrypto
internal import MailStore
internal import Synchronization

/// Which kinds of credentials anybody has: what nobody has is not asked for or offered.
struct EnrolledKinds: Sendable {
    var certificates = false
    var appPasswords = false
}

/// The state of an `Authenticator` apart from its limits.
final class AuthenticatorMemory: Sendable {
    private struct State {
        var preparation: Task<Void, any Error>?
        var isPrepared = false
        var scramKey: [UInt8]?
        var isWithoutSCRAM = false
        var enrolled = EnrolledKinds()
        var watch: Watch?
        var isRefreshing = false
        var mustRefresh = false
    }
    private let state = Mutex(State())

    /// Passwords that were right, and main passwords that were wrong.
    let right = RememberedPasswords()
    let wrong = RememberedPasswords()

    var scramKey: [UInt8]? { state.withLock { $0.scramKey } }
    var hasSCRAM: Bool { state.withLock { !$0.isWithoutSCRAM } }
    var isPrepared: Bool { state.withLock { $0.isPrepared } }
    var enrolled: EnrolledKinds {
        get { state.withLock { $0.enrolled } }
        set { state.withLock { $0.enrolled = newValue } }
    }

    func setSCRAMKey(_ key: [UInt8]?) {
        state.withLock { state in
            state.scramKey = key
            state.isWithoutSCRAM = key == nil
        }
    }

    func setWatch(_ watch: Watch?) {
        let old = state.withLock { state in
            defer { state.watch = watch }
            return state.watch
        }
        old?.cancel()
    }

    /// Runs `work` once for all who call; after an error the next call runs it again.
    func prepare(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let task: Task<Void, any Error>? = state.withLock { state in
            if state.isPrepared { return nil }
            if let running = state.preparation { return running }
            let new = Task { try await work() }
            state.preparation = new
            return new
        }
        guard let task else { return }
        let result = await task.result
        state.withLock { state in
            if case .success = result { state.isPrepared = true }
            state.preparation = nil
        }
        try result.get()
    }

    /// Runs `work` soon; once more, but not twice at a time, when it is asked for while it runs.
    func refresh(_ work: @escaping @Sendable () async -> Void) {
        let isFirst = state.withLock { state in
            state.mustRefresh = true
            defer { state.isRefreshing = true }
            return !state.isRefreshing
        }
        guard isFirst else { return }
        Task { [self] in
            while beginRefresh() { await work() }
        }
    }

    private func beginRefresh() -> Bool {
        state.withLock { state in
            state.isRefreshing = state.mustRefresh
            state.mustRefresh = false
            return state.isRefreshing
        }
    }
}
