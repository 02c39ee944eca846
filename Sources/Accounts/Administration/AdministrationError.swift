// What the administration of accounts refuses, each with words for the person who asked.

package import Mail
package import MailStore

/// A refusal. Whatever was asked has not been done.
package enum AdministrationError: Error, Hashable, Sendable {
    case badAddress(String, EmailAddress.Problem)
    case badDomain(String, EmailAddress.Problem)
    /// `[192.0.2.1]` receives no mail here.
    case addressLiteral(String)
    case detailInAddress(String)
    case badQuota(Int64)
    case badDisplayName(String)
    case badPassword(Password.Problem)
    case noSuchDomain(String)
    case noSuchAccount(String)
    case noSuchAlias(String)
    case noTargets(String)
    case noSuchCapability(String)
    /// The machine that hashes passwords is overloaded or out of memory.
    case hashingFailed(String)
    case credential(CredentialProblem)
    case store(StoreError)

    package var explanation: String {
        switch self {
        case .badAddress(let text, let problem): "\"\(text)\" is no address: \(problem.explanation)"
        case .badDomain(let text, let problem): "\"\(text)\" is no domain: \(problem.explanation)"
        case .addressLiteral(let text):
            "\"\(text)\" is an address literal; a domain here has a name, such as example.org"
        case .detailInAddress(let text):
            "\"\(text)\" holds a \"+\", which separates the address from the mailbox; leave out the \"+\" and the rest"
        case .badQuota(let bytes): "a quota of \(bytes) bytes is not possible; give 0 or more, or none"
        case .badDisplayName(let problem): "the display name \(problem)"
        case .badPassword(let problem): problem.explanation
        case .noSuchDomain(let name): "there is no domain \"\(name)\" here; add it with: martlet domain add \(name)"
        case .noSuchAccount(let name): "there is no account \"\(name)\""
        case .noSuchAlias(let name): "there is no alias \"\(name)\""
        case .noTargets(let name): "the alias \"\(name)\" needs at least one account that it leads to"
        case .noSuchCapability(let name):
            "\"\(name)\" is no IMAP capability that can be switched; \"martlet capability show\" lists them"
        case .hashingFailed(let why): "the password could not be hashed: \(why)"
        case .credential(let problem): problem.explanation
        case .store(let error): error.explanation
        }
    }

    /// Whether something named was not there: exit status 2 of the CLI, 404 of a web page.
    package var isNotFound: Bool {
        switch self {
        case .noSuchDomain, .noSuchAccount, .noSuchAlias, .store(.notFound), .store(.mailboxNotFound): true
        case .credential(let problem): problem.isNotFound
        default: false
        }
    }
}
