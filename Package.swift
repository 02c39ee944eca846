// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is built alike: warnings are errors, imports are private unless they say otherwise.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// Every symbol is bound at the start, and the tables of them are read-only from then on: full RELRO.
let bound: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martletd", targets: ["martletd"]),
        .executable(name: "martlet", targets: ["martlet"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 0
        .target(name: "Mail", swiftSettings: settings),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CCrack", providers: [.apt(["libcrack2-dev"])]),
        .systemLibrary(name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CPositionedRead"),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CSQLiteConfig"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // Floor 1
        .target(name: "IMAPSyntax", dependencies: ["Mail", nioCore], swiftSettings: settings),
        .target(name: "Sockets", dependencies: [nioCore], swiftSettings: settings),
        .target(
            name: "MailCrypto", dependencies: ["COpenSSL", "CArgon2", "CCrack", "CQREncode", "CPNG", nioCore],
            swiftSettings: settings),
        .target(
            name: "Schema", path: "schema",
            resources: [.embedInCode("account"), .embedInCode("directory")], swiftSettings: settings),
        // Floor 2
        .target(
            name: "MailStore",
            dependencies: [
                "Mail", "Schema", "Sockets", "CZstd", "CPositionedRead", "CSQLiteConfig", nioCore, nioPosix, grdb,
                grdbSQLite, log,
            ],
            swiftSettings: settings),
        // Floor 3
        .target(
            name: "Accounts",
            dependencies: ["Mail", "MailStore", "MailCrypto", nioCore, nioPosix, log, configuration, yams],
            swiftSettings: settings),
        // Floor 4
        .target(
            name: "IMAPServer",
            dependencies: [
                "IMAPSyntax", "Mail", "MailStore", "Accounts", "MailCrypto", "Sockets", "CZlib", nioCore, nioPosix, log,
                metrics,
            ],
            swiftSettings: settings),
        .target(
            name: "SMTP",
            dependencies: ["Mail", "MailStore", "Accounts", "MailCrypto", "Sockets", nioCore, nioPosix, log, metrics],
            swiftSettings: settings),
        // Floor 5
        .executableTarget(
            name: "martletd",
            dependencies: [
                "IMAPServer", "SMTP", "Accounts", "Mail", "MailStore", "MailCrypto", "Sockets", "CMalloc", "CProcess",
                nioCore, nioPosix, log, metrics, lifecycle, unixSignals, argumentParser,
            ],
            swiftSettings: settings, linkerSettings: bound),
        .executableTarget(
            name: "martlet",
            dependencies: ["Accounts", "MailStore", "Mail", "MailCrypto", nioCore, argumentParser, log],
            path: "Admin", exclude: ["quickstart", "make-admin-doc"], swiftSettings: settings, linkerSettings: bound),
        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["Mail", "MailStore", "MailCrypto", nioCore, nioPosix, log], path: "Tests/TestSupport",
            swiftSettings: settings),
        .executableTarget(
            name: "InstructionCounts", dependencies: ["IMAPServer", "IMAPSyntax", "Mail", "SMTP", nioCore],
            path: "Tests/InstructionCounts", exclude: ["counts.txt"], swiftSettings: settings),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "IMAPServer", "IMAPSyntax", "SMTP", "Accounts", "MailStore", "MailCrypto", "Mail", "Sockets",
                "TestSupport", nioCore, nioPosix, nioEmbedded, log,
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: settings),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Replay", swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
        .testTarget(name: "MailTests", dependencies: ["Mail", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "IMAPSyntaxTests", dependencies: ["IMAPSyntax", "Mail", "TestSupport", nioCore],
            swiftSettings: settings),
        .testTarget(name: "SocketsTests", dependencies: ["Sockets", nioCore, nioEmbedded], swiftSettings: settings),
        .testTarget(
            name: "MailCryptoTests",
            dependencies: ["MailCrypto", "COpenSSL", "TestSupport", nioCore, nioPosix, nioEmbedded],
            swiftSettings: settings),
        .testTarget(
            name: "MailStoreTests",
            dependencies: ["MailStore", "Mail", "Schema", "TestSupport", nioCore, grdb, grdbSQLite],
            swiftSettings: settings),
        .testTarget(
            name: "AccountsTests",
            dependencies: ["Accounts", "MailStore", "Mail", "MailCrypto", "TestSupport", log],
            swiftSettings: settings),
        .testTarget(
            name: "IMAPServerTests",
            dependencies: [
                "IMAPServer", "IMAPSyntax", "Mail", "MailStore", "Accounts", "MailCrypto", "Sockets", "TestSupport",
                nioCore, nioPosix, nioEmbedded,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MartletdTests",
            dependencies: [
                "martletd", "Accounts", "IMAPServer", "MailCrypto", "MailStore", "SMTP", "Sockets", "CProcess",
                "TestSupport", nioCore, nioPosix, log,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SMTPTests",
            dependencies: [
                "SMTP", "Mail", "MailStore", "Accounts", "MailCrypto", "TestSupport", nioCore, nioPosix, nioEmbedded,
                log,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AdminTests",
            dependencies: [
                "martlet", "Accounts", "MailStore", "Mail", "MailCrypto", "TestSupport", nioCore, log, argumentParser,
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

// Tests/Fuzz/run names libFuzzer's archive: then our modules report to it which way they go, and there is a program that
// tries inputs.
if let libFuzzer = Context.environment["MARTLET_LIBFUZZER"] {
    for target in package.targets where target.type == .regular {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer"])]
    }
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/Engine/CFuzzer"),
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzTargets", "TestSupport", "CFuzzer"], path: "Tests/Fuzz/Engine/Fuzz",
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags([libFuzzer]), .linkedLibrary("stdc++"), .linkedLibrary("m")]),
    ]
}
