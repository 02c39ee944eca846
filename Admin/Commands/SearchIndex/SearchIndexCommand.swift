// `martlet search-index`: what lets a search find without reading every message.

internal import ArgumentParser

struct SearchIndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search-index", abstract: "The index that makes searching fast.",
        discussion: """
            Every account has an index of its messages' text, which the server keeps up to date by itself. Searches \
            find the same without it, only more slowly: messages that it lacks are read.
            """,
        subcommands: [SearchIndexStatusCommand.self, SearchIndexRebuild.self])
}

/// One account's index.
struct SearchIndexFacts: Codable {
    let account: String
    let messages: Int
    let indexed: Int
    let purged: Int
    let sizeBytes: Int64
}
