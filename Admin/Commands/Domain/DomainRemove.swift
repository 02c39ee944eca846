// `martlet domain remove`

internal import Accounts
internal import ArgumentParser

struct DomainRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a domain that has no accounts and no aliases left.",
        discussion: "Example:\n  martlet domain remove example.org")

    @Argument(help: "The domain, such as example.org.") var domain: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await StoreAccess.administration(data) { administration, _ in
            try await administration.removeDomain(domain)
        }
        try options.output.show(DomainAdd.Facts(domain: domain)) { "Domain \(Output.visible($0.domain)) removed." }
    }
}
