// The options and arguments that many commands share, and how their text is read.

internal import ArgumentParser
internal import Foundation
internal import Mail

/// `--data`.
struct DataOptions: ParsableArguments {
    static let standardPath = "/var/lib/martlet"

    @Option(
        name: .customLong("data"),
        help: ArgumentHelp(
            "The data directory (default: MARTLET_DATA, else \(DataOptions.standardPath)).", valueName: "dir"),
        completion: .directory)
    var path: String?

    /// The data directory as an absolute path.
    var directory: String {
        let chosen = path ?? ProcessInfo.processInfo.environment["MARTLET_DATA"].flatMap { $0.isEmpty ? nil : $0 }
        return URL(fileURLWithPath: chosen ?? DataOptions.standardPath).path
    }

    mutating func validate() throws {
        if path == "" { throw ValidationError("--data must name a directory; it is empty.") }
    }
}

/// `--json`.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print the facts as JSON.")
    var isJSON = false

    var output: Output { Output(isJSON: isJSON) }
}

/// Turns what was typed into the house's types; what is wrong becomes a usage error that names the value.
enum Typed {
    /// What ArgumentParser shows after "The value '…' is invalid for '…':".
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    static func address(_ text: String) throws -> EmailAddress {
        do { return try EmailAddress(text) } catch { throw Mistake(description: error.explanation) }
    }

    static func domain(_ text: String) throws -> String {
        do { return try EmailAddress.checkedDomain(text) } catch {
            throw Mistake(description: "\(error.explanation); write a domain as example.org")
        }
    }

    static func mailbox(_ text: String) throws -> MailboxName {
        do { return try MailboxName(text) } catch {
            throw Mistake(description: "\(error.explanation); write it as Sent or Lists/Swift")
        }
    }

    /// As headers write it; people leave the angle brackets out.
    static func messageID(_ text: String) -> String { text.hasPrefix("<") ? text : "<\(text)>" }

    /// nil for `none`.
    static func quota(_ text: String) throws -> Int64? {
        if text.lowercased() == "none" { return nil }
        guard let count = ByteCount(text) else {
            throw Mistake(description: "write a quota as 500M, 5G or a number of bytes, or as none")
        }
        return count.bytes
    }
}
