// The authenticator's beginning and end, and what it learns in between: bans, counters, certificates, the SCRAM key.

internal import MailCrypto
internal import MailStore

extension Authenticator {
    /// Sources known from the history, at the most.
    private static let mostHistory = 50_000

    /// Reads what the process before left, once; a login waits for it. Call it before the first connection, so that
    /// bans hold from there on.
    /// - Throws: `StoreError` when the directory cannot be read.
    package func prepare() async throws {
        if memory.isPrepared { return }
        try await memory.prepare { [self] in
            let directory = store.directory
            memory.setWatch(directory.watchChanges { [weak self] in self?.directoryChanged() })
            limiter.load(
                guesses: try await directory.guesses(),
                history: try await directory.loginHistory(of: nil, limit: Self.mostHistory),
                bans: try await directory.bans(), at: now)
            memory.enrolled = try await enrolledKinds()
            readSCRAMKey()
        }
    }

    /// Without its key SCRAM is not offered; with another key strangers would see other salts than before.
    private func readSCRAMKey() {
        do throws(KeyFile.Problem) {
            memory.setSCRAMKey(try KeyFile(path: "\(store.layout.keys)/scram.key").loadOrMake().rawBytes)
        } catch {
            memory.setSCRAMKey(nil)
            log.withoutSCRAM(error.explanation)
        }
    }

    /// Somebody changed the directory, perhaps another process: bans may have come or gone.
    private func directoryChanged() {
        memory.refresh { [weak self] in
            guard let self else { return }
            let directory = store.directory
            do {
                let guesses = try await directory.guesses()
                let bans = try await directory.bans()
                memory.enrolled = try await enrolledKinds()
                limiter.refresh(guesses: guesses, bans: bans, pending: recorder.pendingBans)
            } catch {
                log.cannotRead(error)
            }
        }
    }

    private func enrolledKinds() async throws(StoreError) -> EnrolledKinds {
        EnrolledKinds(
            certificates: try await store.directory.hasCredentials(of: .certificate),
            appPasswords: try await store.directory.hasCredentials(of: .appPassword))
    }

    /// Whether a client of that address may connect at all: false for a banned network. In memory, from any thread.
    package func mayConnect(_ address: String) -> Bool {
        guard let address = IPAddress(address) else { return true }
        return limiter.mayConnect(address, at: now)
    }

    /// Whether any client certificate is enrolled, so that TLS should ask for one.
    package var asksForCertificates: Bool { memory.enrolled.certificates }

    /// Notes what a client calls itself after its login (IMAP's ID), for the history; at most 256 bytes of it.
    package func noteClient(_ login: Login, client: String) {
        guard !client.isEmpty else { return }
        recorder.named(login, client: String(decoding: client.utf8.prefix(256), as: UTF8.self))
    }

    /// Stores what logins have left so far.
    package func flush() async { await recorder.store(everything: true) }

    /// Stores the rest; call it before the store is closed.
    package func close() async {
        memory.setWatch(nil)
        await flush()
    }
}
