// The files of a store as a crash leaves them: a copy of all of them, as they are while it is open.

import Foundation
import GRDB
import MailStore
import TestSupport

/// A data directory that nobody has open.
struct CrashedStore: Sendable {
    let path: String

    func database(of account: AccountStore) -> String { "\(path)/accounts/\(account.id).db" }

    /// Opens it, does `work` and closes it, whatever comes.
    func open<T: Sendable>(
        acceptingLoss: Bool = false, _ work: @Sendable (Store) async throws -> T
    ) async throws -> T {
        var options = Store.Options()
        options.acceptsLoss = acceptingLoss
        let store = try await Store.open(at: path, exclusive: true, options: options, logger: .quiet)
        do {
            let value = try await work(store)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    /// Another of the same.
    func copy() throws -> CrashedStore {
        let copy = CrashedStore(path: "\(path)-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        return copy
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

extension TemporaryStore {
    /// The files as they are now, to be changed and opened by `test`.
    func crashed<T: Sendable>(_ test: @Sendable (CrashedStore) async throws -> T) async throws -> T {
        let crashed = CrashedStore(path: path + "-crashed-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: path, toPath: crashed.path)
        defer { crashed.remove() }
        return try await test(crashed)
    }
}

/// Changes a file past the store, as another program could.
func plant(_ sql: String, in path: String) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
}
