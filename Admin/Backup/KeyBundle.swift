// The server's own secrets in one file, to be kept apart from the backups: whoever has both can read everything.

internal import Foundation
internal import MailStore

struct KeyBundle: Codable, Sendable {
    static let currentFormat = 1
    private static let longest: Int64 = 1 << 20

    struct File: Codable, Sendable {
        /// As in a data directory.
        let path: String
        /// Base64.
        let content: Data
    }

    let format: Int
    let martlet: String
    let made: Date
    let files: [File]

    /// The paths of what a data directory has of them.
    static func paths(in data: DataDirectory) throws -> [String] {
        try ["keys", "tls"].flatMap { folder in
            try FileFacts.names(in: "\(data.root)/\(folder)").map { "\(folder)/\($0)" }.filter { path in
                isName(path) && (try? FileFacts(path: "\(data.root)/\(path)"))?.kind == .file
            }
        }
    }

    /// `keys/totp.key`, `tls/cert.pem`: one name in one of the two folders, which does not begin with a dot.
    private static func isName(_ path: String) -> Bool {
        path.wholeMatch(of: /(?:keys|tls)\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/) != nil
    }

    init(of data: DataDirectory) throws {
        format = KeyBundle.currentFormat
        martlet = Martlet.version
        made = Date()
        files = try KeyBundle.paths(in: data).map { path in
            guard try FileFacts(path: "\(data.root)/\(path)").size <= KeyBundle.longest else {
                throw Failure("\(data.root)/\(path) is too long for a key or a certificate")
            }
            return File(path: path, content: try Data(contentsOf: URL(fileURLWithPath: "\(data.root)/\(path)")))
        }
    }

    init(readFrom path: String) throws {
        guard try FileFacts(path: path).size <= 64 * KeyBundle.longest else { throw KeyBundle.noBundle(path) }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        guard let bundle = try? decoder.decode(KeyBundle.self, from: bytes), bundle.format <= KeyBundle.currentFormat,
            bundle.files.allSatisfy({ KeyBundle.isName($0.path) }),
            Set(bundle.files.map(\.path)).count == bundle.files.count
        else { throw KeyBundle.noBundle(path) }
        self = bundle
    }

    private static func noBundle(_ path: String) -> Failure {
        Failure("\(path) holds no keys as \"martlet backup keys\" writes them")
    }

    /// Puts the files into a data directory that has none of them yet.
    func write(to root: String) throws {
        for file in files { try BackupBytes.write([UInt8](file.content), to: "\(root)/\(file.path)") }
    }
}
