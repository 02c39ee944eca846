// `martlet init`

internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import Mail
internal import MailCrypto
internal import MailStore

struct InitCommand: AsyncParsableCommand {
    /// Apple's devices take no server certificate that is good for more than 825 days.
    static let selfSignedDays = 820

    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new data directory.",
        discussion: """
            Makes the directory with its database, a commented martlet.yaml and, unless --certificate and --key name \
            files to copy, a certificate of its own for HOSTNAME, which mail clients will ask you to trust. A \
            directory that holds data already is left as it is, and an interrupted init leaves no half-made one. \
            Run as root on an empty directory that belongs to another user, it works as that user, so that the server \
            can run as that user too.

            Examples:
              martlet init --hostname mail.example.org
              martlet init --hostname localhost --data ./mail
            """)

    @Option(
        help: ArgumentHelp("The name under which clients reach this server.", valueName: "name"),
        transform: Typed.domain)
    var hostname: String
    @Option(help: ArgumentHelp("A certificate chain in PEM to copy.", valueName: "file"), completion: .file())
    var certificate: String?
    @Option(help: ArgumentHelp("Its private key in PEM to copy.", valueName: "file"), completion: .file())
    var key: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let dataDirectory: String
        let hostname: String
        let configuration: String
        let certificate: String
        let isSelfSigned: Bool
        let fingerprint: String
    }

    mutating func validate() throws {
        if (certificate == nil) != (key == nil) {
            throw ValidationError("--certificate and --key belong together; give both or neither.")
        }
    }

    func run() async throws {
        let path = data.directory
        let pair = try certificatePair()
        try InitCommand.checkTarget(path)
        try StoreAccess.becomeOwner(of: path)
        let fingerprint = try await InitCommand.place(path).make { staging in
            try await InitCommand.fill(staging, for: path, hostname: hostname, pair)
        }
        let layout = DataDirectory(path)
        let facts = Facts(
            dataDirectory: path, hostname: hostname, configuration: layout.configuration,
            certificate: layout.tlsCertificate, isSelfSigned: certificate == nil, fingerprint: fingerprint)
        try options.output.show(facts, text: text)
    }

    /// The data directory as one that is there whole or not at all.
    static func place(_ path: String) -> StagedDirectory {
        let database = ["directory.db", "directory.db-wal", "directory.db-shm", "directory.db.lock"]
        let others = ["accounts", "keys", "tls", "tmp", "martlet.yaml"]
        return StagedDirectory(path: path, mark: "directory.db", names: Set(database + others))
    }

    /// Makes all that a data directory holds in `staging`; `path` is what it will be called. Gives the certificate's
    /// fingerprint.
    static func fill(
        _ staging: String, for path: String, hostname: String, _ pair: CertificatePair
    ) async throws -> String {
        let store = try await Store.create(at: staging, hostname: hostname, logger: StoreAccess.logger())
        return try await StoreAccess.finish(store) { store in
            try write(pair.certificate, to: store.layout.tlsCertificate)
            try write(pair.key, to: store.layout.tlsKey)
            try write(
                Array(StarterConfiguration.text(hostname: hostname, dataDirectory: path).utf8),
                to: store.layout.configuration)
            let files = CertificateFiles(
                certificateChain: store.layout.tlsCertificate, privateKey: store.layout.tlsKey)
            return try CertificateInfo.load(files).fingerprint
        }
    }

    /// In PEM.
    typealias CertificatePair = (certificate: [UInt8], key: [UInt8])

    /// Read and matched before anything is made.
    private func certificatePair() throws -> CertificatePair {
        guard let certificate, let key else {
            return try InitCommand.selfSigned(hostname)
        }
        let files = CertificateFiles(certificateChain: certificate, privateKey: key)
        let info = try CertificateInfo.load(files)
        if !info.isFor(hostname: hostname) {
            options.output.remark(
                "Beware: \(certificate) is for \(info.names.joined(separator: ", ")), not for \(hostname).")
        }
        return (try InitCommand.read(certificate), try InitCommand.read(key))
    }

    static func selfSigned(_ hostname: String) throws -> CertificatePair {
        let made = try SelfSignedCertificate.make(
            hostname: hostname, alternativeNames: hostname == "localhost" ? ["127.0.0.1", "::1"] : ["localhost"],
            validDays: selfSignedDays)
        return (Array(made.certificatePEM.utf8), Array(made.privateKeyPEM.utf8))
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let pieces = try FilePieces(path: path)
        var bytes: [UInt8] = []
        while bytes.count < 1 << 20, let piece = try pieces.next() { bytes += piece }
        return bytes
    }

    /// Refuses a place where no data directory can be made.
    static func checkTarget(_ path: String) throws {
        guard FileFacts.exists(path) else {
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileFacts.isDirectory(parent) else {
                throw Failure("cannot make \(path): there is no directory \(parent). Make it first, or choose another.")
            }
            guard access(parent, W_OK) == 0 else {
                throw Failure("cannot make \(path): \(StoreAccess.userName(geteuid())) may not write in \(parent)")
            }
            return
        }
        guard FileFacts.isDirectory(path) else { throw Failure("\(path) exists and is no directory") }
        guard !FileFacts.exists("\(path)/directory.db") else {
            throw Failure("\(path) holds Martlet data already; nothing was changed")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw Failure("\(path) may not be written to by \(StoreAccess.userName(geteuid()))")
        }
        guard try InitCommand.place(path).holdsOnlyLeavings() else {
            throw Failure("\(path) is not empty; nothing was changed. Choose a new or an empty directory.")
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try NewFile(path: path)
        try file.write(bytes)
        try file.close()
    }

    private func text(_ facts: Facts) -> String {
        let origin = facts.isSelfSigned ? " (signed by itself, for \(InitCommand.selfSignedDays) days)" : ""
        return """
        Data directory \(facts.dataDirectory) made for \(facts.hostname).
        \(FactSheet.text([
            ("Configuration", facts.configuration),
            ("Certificate", facts.certificate + origin),
            ("SHA-256", facts.fingerprint),
        ]))
        Next\(data.path == nil ? "" : " (each with --data \(facts.dataDirectory))"): martlet domain add example.org, \
        martlet user add alice@example.org, then start martletd.
        """
    }
}
