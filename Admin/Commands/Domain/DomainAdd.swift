// `martlet domain add`

internal import Accounts
internal import ArgumentParser

struct DomainAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a domain, so that it can have accounts and aliases.",
        discussion: "Example:\n  martlet domain add example.org")

    @Argument(help: "The domain, such as example.org.") var domain: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable { let domain: String }

    func run() async throws {
        let name = try await StoreAccess.administration(data) { administration, _ in
            try await administration.addDomain(domain)
        }
        try options.output.show(Facts(domain: name)) { "Domain \($0.domain) added." }
    }
}
