// What of the machine the server may touch: Landlock's rules, where the kernel has them.
//
// Theory. The rules are entered by the one thread that there is, before any other begins: they hold for a thread and
// for those that it starts. They can only be made stricter afterwards, so they are made of what is known then: the
// configuration as it was read early (a changed path needs a restart anyway). A certificate is renewed by putting
// another file in its place, often behind a symbolic link: so its folder is allowed, and the one that the link leads
// to.
// What was open before stays usable: the log, and the standard output.
//
// Allowed are: everything in the data directory but to execute; sockets, to be made and removed, where LMTP listens; to
// read certificates and what the libraries below us look up (charsets of iconv, zones, cracklib's words, OpenSSL's
// configuration, threads in /proc, cores in /sys). Nothing may be executed, no TCP connection made, no process outside
// be signalled.

import Accounts
import CProcess
import Glibc

/// The rules, before they are entered.
struct Sandbox {
    /// Rights on files, as Landlock numbers them.
    struct Rights: OptionSet, Hashable {
        let rawValue: UInt64

        static let execute = Rights(rawValue: 1 << 0)
        static let writeFile = Rights(rawValue: 1 << 1)
        static let readFile = Rights(rawValue: 1 << 2)
        static let readFolder = Rights(rawValue: 1 << 3)
        static let removeFolder = Rights(rawValue: 1 << 4)
        static let removeFile = Rights(rawValue: 1 << 5)
        static let makeFolder = Rights(rawValue: 1 << 7)
        static let makeFile = Rights(rawValue: 1 << 8)
        static let makeSocket = Rights(rawValue: 1 << 9)
        /// From version 2, 3 and 5 on.
        static let moveBetweenFolders = Rights(rawValue: 1 << 13)
        static let truncate = Rights(rawValue: 1 << 14)
        static let controlDevice = Rights(rawValue: 1 << 15)

        /// All of version 1.
        static let first = Rights(rawValue: 1 << 13 - 1)
        static let read: Rights = [.readFile, .readFolder]
        static let everything: Rights = [
            .read, .writeFile, .removeFolder, .removeFile, .makeFolder, .makeFile, .makeSocket, .moveBetweenFolders,
            .truncate,
        ]
        /// Of a single file; the others are of folders.
        static let ofFiles: Rights = [.execute, .writeFile, .readFile, .truncate, .controlDevice]

        /// Those that a version knows.
        static func known(to version: Int32) -> Rights {
            var rights = first
            if version >= 2 { rights.insert(.moveBetweenFolders) }
            if version >= 3 { rights.insert(.truncate) }
            if version >= 5 { rights.insert(.controlDevice) }
            return rights
        }
    }

    struct Rule: Hashable {
        let path: String
        let rights: Rights
    }

    private static let readable = [
        "/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/var/cache/cracklib", "/var/lib/cracklib",
    ]
    private static let devices = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"]
    /// To make a TCP connection; from version 4 on.
    private static let connectTCP: UInt64 = 1 << 1
    /// Abstract unix sockets, and signals, of processes outside; from version 6 on.
    private static let scopes: UInt64 = 1 << 0 | 1 << 1

    let rules: [Rule]

    /// - Parameter target: where a path leads when its symbolic links are followed; nil when nowhere.
    init(
        dataDirectory: String, configuration: ServerConfiguration, target: (String) -> String? = Self.target
    ) {
        var rules = [Rule(path: dataDirectory, rights: .everything)]
        rules += Self.readable.map { Rule(path: $0, rights: .read) }
        rules += Self.devices.map { Rule(path: $0, rights: [.readFile, .writeFile]) }
        for path in [configuration.tlsCertificate, configuration.tlsKey] {
            rules.append(Rule(path: Self.folder(path), rights: .read))
            if let target = target(path) { rules.append(Rule(path: Self.folder(target), rights: .read)) }
        }
        for case .unix(let path) in configuration.lmtp {
            rules.append(Rule(path: Self.folder(path), rights: [.makeSocket, .removeFile]))
        }
        var seen: Set<Rule> = []
        self.rules = rules.filter { seen.insert($0).inserted }
    }

    /// Holds this thread, and all that it begins, to the rules.
    /// - Returns: the version of Landlock; nil where the kernel has none or will not.
    func enter() -> Int32? {
        let version = martlet_landlock_version()
        guard version >= 1 else { return nil }
        let known = Rights.known(to: version)
        let set = martlet_landlock_rules(
            known.rawValue, version >= 4 ? Self.connectTCP : 0, version >= 6 ? Self.scopes : 0, version)
        guard set >= 0 else { return nil }
        defer { close(set) }
        for rule in rules { Self.allow(rule, known, in: set) }
        guard martlet_no_new_rights() == 0, martlet_landlock_enter(set) == 0 else { return nil }
        return version
    }

    /// What is not there needs no rule.
    private static func allow(_ rule: Rule, _ known: Rights, in set: Int32) {
        let path: Int32 = 0o10_000_000
        let place = open(rule.path, path | O_CLOEXEC)
        guard place >= 0 else { return }
        defer { close(place) }
        var information = stat()
        guard fstat(place, &information) == 0 else { return }
        var rights = rule.rights.intersection(known)
        if information.st_mode & S_IFMT != S_IFDIR { rights.formIntersection(.ofFiles) }
        _ = martlet_landlock_allow(set, place, rights.rawValue)
    }

    private static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func target(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
