// How commands get at the store: beside a running server, as the data directory's owner, with complaints that help.

internal import Accounts
internal import Foundation
internal import Glibc
internal import Logging
internal import MailCrypto
internal import MailStore

enum StoreAccess {
    /// Opens the store for `work` and closes it afterwards.
    /// - Parameters:
    ///   - exclusive: only while no server runs.
    ///   - acceptsLoss: also files that have lost something that was acknowledged.
    static func with<Result>(
        _ data: DataOptions, exclusive: Bool = false, acceptsLoss: Bool = false,
        _ work: (Store) async throws -> Result
    ) async throws -> Result {
        let layout = try layout(data)
        var settings = Store.Options()
        settings.acceptsLoss = acceptsLoss
        let store = try await Store.open(at: layout.root, exclusive: exclusive, options: settings, logger: logger())
        return try await finish(store, work)
    }

    /// The data directory, as its owner, with nothing in it opened.
    static func layout(_ data: DataOptions) throws -> DataDirectory {
        let path = data.directory
        try check(path)
        try becomeOwner(of: path)
        return DataDirectory(path)
    }

    /// The rules of accounts over the store, with whoever typed as the actor.
    static func administration<Result>(
        _ data: DataOptions, _ work: (AccountAdministration, Store) async throws -> Result
    ) async throws -> Result {
        let actor = actor()
        return try await with(data) { store in
            let parameters = await hashingParameters(data)
            return try await work(AccountAdministration(store: store, parameters: parameters, actor: actor), store)
        }
    }

    /// What the server's configuration lets a hash cost. One that is wrong is `config check`'s to complain about: the
    /// default does until the owner's next login.
    private static func hashingParameters(_ data: DataOptions) async -> Argon2Parameters {
        (try? await ConfigCommand.load(data, file: nil).configuration.argon2) ?? Argon2Parameters()
    }

    /// The store and one account of it.
    static func account<Result>(
        _ address: String, _ data: DataOptions, _ work: (AccountRecord, AccountStore, Store) async throws -> Result
    ) async throws -> Result {
        try await administration(data) { administration, store in
            let record = try await administration.account(address)
            return try await work(record, try await store.account(record.id), store)
        }
    }

    static func finish<Result>(_ store: Store, _ work: (Store) async throws -> Result) async throws -> Result {
        do {
            let result = try await work(store)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }

    /// Only what goes wrong, on standard error.
    static func logger() -> Logger {
        var logger = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }

    /// `cli:alice`, for the audit trail; behind sudo, who called it.
    static func actor() -> String {
        let environment = ProcessInfo.processInfo.environment
        if getuid() == 0, let caller = environment["SUDO_USER"], !caller.isEmpty { return "cli:\(caller)" }
        return "cli:\(userName(getuid()))"
    }

    private static func check(_ path: String) throws {
        guard FileFacts.exists(path) else {
            throw Failure(
                "there is no data directory at \(path). Make one with \"martlet init\", or name yours with --data or "
                    + "MARTLET_DATA")
        }
        guard FileFacts.isDirectory(path) else { throw Failure("\(path) is no directory, so no data directory") }
        guard access(path, X_OK) == 0 || geteuid() == 0 else { throw notOurs(path) }
        guard FileFacts.exists("\(path)/directory.db") else {
            throw Failure(
                "\(path) holds no Martlet data (there is no directory.db in it). Make some with "
                    + "\"martlet init\", or name your data directory with --data or MARTLET_DATA")
        }
        guard access("\(path)/directory.db", R_OK | W_OK) == 0 || geteuid() == 0 else { throw notOurs(path) }
    }

    private static func notOurs(_ path: String) -> Failure {
        let owner = (try? FileFacts(path: path)).map { userName($0.owner) } ?? "another user"
        return Failure(
            "\(path) belongs to \(owner), and \(userName(geteuid())) may not use it. Run this as \(owner) or as root: "
                + "sudo -u \(owner) martlet …")
    }

    /// Root becomes the owner of the data directory for good, so that no file in it is left to root, where the server,
    /// which runs as the owner, could not open it.
    static func becomeOwner(of path: String) throws {
        guard geteuid() == 0 else { return }
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_uid != 0 else { return }
        var groups = [facts.st_gid]
        guard setgroups(1, &groups) == 0, setgid(facts.st_gid) == 0, setuid(facts.st_uid) == 0 else {
            throw Failure(
                "cannot become \(userName(facts.st_uid)), who owns \(path): \(String(cString: strerror(errno)))")
        }
    }

    static func userName(_ id: uid_t) -> String {
        guard let entry = getpwuid(id), let name = entry.pointee.pw_name else { return "uid \(id)" }
        return String(cString: name)
    }
}
