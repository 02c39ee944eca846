// What a credential may be used for and from where, as app passwords and certificate logins are told it.

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import MailStore

/// `--scope`, `--from`.
struct CredentialOptions: ParsableArguments {
    @Option(
        name: .customLong("scope"),
        help: ArgumentHelp(
            """
            What it is good for: imap, pop, smtp, sieve, jmap (default: all of them); read-only besides, so that it \
            can look at mail and not change it. Several: --scope imap --scope smtp, or --scope imap,smtp.
            """, valueName: "scope"),
        transform: Typed.scopes)
    var scopeLists: [Set<CredentialScope>] = []

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp(
            "A network that it may be used from, such as 192.0.2.0/24 (default: any). May be repeated.",
            valueName: "cidr"),
        transform: Typed.network)
    var networks: [String] = []

    var scopes: Set<CredentialScope> { scopeLists.reduce(into: []) { $0.formUnion($1) } }
}

extension Typed {
    /// One scope, or several between commas.
    static func scopes(_ text: String) throws -> Set<CredentialScope> {
        let words = text.lowercased().split(separator: ",", omittingEmptySubsequences: false)
        return Set(
            try words.map { word in
                let word = word.filter { $0 != " " }
                guard let scope = CredentialScope(rawValue: word) else {
                    let known = CredentialScope.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Mistake(description: "\"\(word)\" is no scope; there are \(known)")
                }
                return scope
            })
    }

    /// An address or a network, in the one form that is kept.
    static func network(_ text: String) throws -> String {
        do throws(Network.Problem) { return try Network(text).description } catch {
            throw Mistake(description: error.explanation)
        }
    }
}

/// How people are shown what limits a credential.
enum CredentialWords {
    static let order = CredentialScope.allCases

    /// In the order of the enumeration.
    static func names(_ scopes: Set<CredentialScope>) -> [String] {
        order.filter(scopes.contains).map(\.rawValue)
    }

    /// `all`, or the scopes.
    static func scopes(_ names: [String]) -> String {
        let all = order.filter { $0 != .readOnly }.map(\.rawValue)
        return names == all ? "all" : names.joined(separator: ", ")
    }

    static func networks(_ networks: [String]) -> String {
        networks.isEmpty ? "anywhere" : networks.joined(separator: ", ")
    }

    /// `never`, or when; with a word when that is past.
    static func expiry(_ date: Date?, isExpired: Bool = false) -> String {
        date.map { "\(Moment.text($0))\(isExpired ? " (expired)" : "")" } ?? "never"
    }

    /// `main password`, or the id and label of another credential.
    static func name(_ kind: CredentialKind, id: String?, label: String?) -> String {
        guard let id else { return kind == .password ? "main password" : kind.rawValue }
        let short = kind == .certificate ? shortFingerprint(id) : id
        return label.map { "\(short) \"\($0)\"" } ?? short
    }

    /// Enough of a certificate's fingerprint to tell it from others.
    static func shortFingerprint(_ fingerprint: String) -> String { String(fingerprint.prefix(16)) }
}
