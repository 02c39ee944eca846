// A store in a directory of its own, checked and removed at the end of the test.

package import Logging
package import Mail
package import MailStore
import Foundation
import NIOCore

/// Makes a store for one test.
package struct TemporaryStore: Sendable {
    package let store: Store
    package let path: String

    /// Runs `test` with a new store, then checks the store's integrity and removes it.
    ///
    /// - Throws: what `test` throws, or `IntegrityFailure` when the store is not sound afterwards.
    package static func with<T: Sendable>(
        options: Store.Options = .init(), _ test: @Sendable (TemporaryStore) async throws -> T
    ) async throws -> T {
        let temporary = try await make(options: options)
        let result: T
        do {
            result = try await test(temporary)
        } catch {
            await temporary.abandon()
            throw error
        }
        try await temporary.end()
        return result
    }

    /// A new store, to be ended with `end`.
    package static func make(options: Store.Options = .init()) async throws -> TemporaryStore {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-test-\(UUID().uuidString)"
        let created = try await Store.create(at: path, hostname: "mail.example.org", logger: .quiet)
        await created.close()
        let store = try await Store.open(at: path, exclusive: true, options: options, logger: .quiet)
        return TemporaryStore(store: store, path: path)
    }

    /// Checks the store's integrity, closes and removes it.
    package func end() async throws {
        let report: IntegrityReport
        do {
            report = try await store.checkIntegrity()
        } catch {
            await abandon()
            throw error
        }
        await abandon()
        guard report.isClean else { throw IntegrityFailure(problems: report.problems) }
    }

    /// Closes and removes the store as it is.
    private func abandon() async {
        await store.close()
        try? FileManager.default.removeItem(atPath: path)
    }

    /// An account with the address, in a domain that is made when it is missing.
    package func account(_ address: String = "alice@example.org", passwordHash: String? = nil) async throws
        -> AccountStore
    {
        let address = try EmailAddress(address)
        if try await !store.directory.domains().contains(where: { $0.name == address.domain }) {
            try await store.directory.addDomain(address.domain, by: "test")
        }
        let record = try await store.directory.addAccount(
            address: address, displayName: "", passwordHash: passwordHash, quota: nil, by: "test")
        return try await store.account(record.id)
    }

    /// A message ready to be appended.
    package func message(
        _ text: String, flags: Flags = .none, date: MailDate = MailDate(secondsSince1970: 1_000_000_000, zoneMinutes: 0)
    ) async throws -> NewMessage {
        let staging = store.stage()
        try await staging.write(ByteBuffer(string: text))
        return NewMessage(try await staging.finish(), flags: flags, internalDate: date)
    }
}

package struct IntegrityFailure: Error, CustomStringConvertible {
    package let problems: [String]
    package var description: String { problems.joined(separator: "\n") }
}

extension Logger {
    /// Says nothing.
    package static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
