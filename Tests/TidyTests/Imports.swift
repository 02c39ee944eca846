// The table of which module may import which: the arrows of the house go down, never up, never between peers.

/// An `import` as it stands in a file.
struct Import: Sendable, Hashable {
    let module: String
    let line: Int
}

extension SwiftText {
    var imports: [Import] {
        codeLines.enumerated().compactMap { index, line in
            let form = #/
                ^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:\w+\s+)?import\s+
                (?:(?:struct|class|enum|func|protocol|typealias|var|let)\s+)?(\w+)
                /#
            return line.firstMatch(of: form).map { Import(module: String($0.1), line: index + 1) }
        }
    }
}

/// The allowed imports of our own modules, all of them. A module that is missing here may not import any.
enum ImportTable {
    static let own: [String: Set<String>] = [
        "Mail": [],
        "IMAPSyntax": ["Mail"],
        "Sieve": ["Mail"],
        "MailCrypto": ["COpenSSL", "CArgon2", "CCrack", "CQREncode", "CPNG"],
        "Sockets": [],
        "Schema": [],
        "MailStore": ["Mail", "Schema", "Sockets", "CZstd", "CPositionedRead", "CSQLiteConfig"],
        "Accounts": ["Mail", "MailStore", "MailCrypto"],
        "MailAuth": ["Mail", "MailCrypto"],
        "IMAPServer": ["IMAPSyntax", "Mail", "MailStore", "Accounts", "MailCrypto", "Sockets", "CZlib"],
        "SMTP": ["Mail", "MailStore", "Accounts", "MailAuth", "Sieve", "MailCrypto", "Sockets"],
        "Web": ["Accounts", "MailStore", "Mail", "MailCrypto"],
        "martletd": [
            "IMAPServer", "SMTP", "Web", "Accounts", "MailAuth", "MailStore", "MailCrypto", "Sockets", "Mail",
            "CMalloc", "CProcess",
        ],
        "martlet": ["Accounts", "MailStore", "MailAuth", "Mail", "MailCrypto"],
        "InstructionCounts": ["IMAPServer", "IMAPSyntax", "Mail", "SMTP"],
        "Fuzz": ["IMAPServer", "IMAPSyntax", "SMTP", "Accounts", "MailStore", "MailCrypto", "Mail", "Sockets"],
        "TestSupport": ["Mail", "MailStore", "MailCrypto", "Accounts", "IMAPServer", "SMTP"],
    ]

    /// Everything that is ours, so that the rest is somebody's package or the system's.
    static let ours = Set(own.keys).union(own.values.joined())

    /// Packages that only some modules may see. What is not named here is free: NIO, Logging, Foundation and so on.
    static let reserved: [String: Set<String>] = [
        "GRDB": ["MailStore"],
        "GRDBSQLite": ["MailStore"],
        "SQLite3": ["MailStore"],
        "ArgumentParser": ["martlet", "martletd"],
        "Configuration": ["Accounts", "martletd", "martlet"],
        "ServiceLifecycle": ["martletd"],
        "Yams": ["Accounts", "martletd", "martlet"],
        "NIOPosix": [
            "MailStore", "Accounts", "IMAPServer", "SMTP", "Web", "martletd", "MailCrypto", "TestSupport", "Fuzz",
        ],
    ]

    /// What is wrong with a file's imports.
    static func violations(_ parsed: ParsedFile) -> [Violation] {
        let module = parsed.file.module
        return parsed.swift.imports.compactMap { found in
            if ours.contains(found.module), found.module != module, !mayImport(found.module, from: parsed.file) {
                return parsed.violation(found.line, "\(module) may not import \(found.module)")
            }
            if let few = reserved[found.module], !few.contains(subject(of: parsed.file)), !few.contains(module) {
                let owners = few.sorted().joined(separator: ", ")
                return parsed.violation(found.line, "\(found.module) belongs to \(owners)")
            }
            return nil
        }
    }

    /// The module that a test is about: the tests of MailStore may see what MailStore sees. Admin is module martlet.
    private static func subject(of file: SourceFile) -> String {
        switch file.module {
        case "AdminTests": return "martlet"
        case "MartletdTests": return "martletd"
        case let module: return module.hasSuffix("Tests") ? String(module.dropLast(5)) : module
        }
    }

    private static func mayImport(_ other: String, from file: SourceFile) -> Bool {
        guard file.components[0] == "Tests", file.module != "TestSupport" else {
            return own[file.module]?.contains(other) ?? false
        }
        return other == "TestSupport" || reach(of: subject(of: file)).contains(other)
    }

    /// A module and all that lies below it.
    private static func reach(of module: String) -> Set<String> {
        var found: Set<String> = []
        var waiting = [module]
        while let next = waiting.popLast() {
            guard found.insert(next).inserted else { continue }
            waiting += own[next] ?? []
        }
        return found
    }
}
