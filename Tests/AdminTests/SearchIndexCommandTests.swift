// `martlet search-index`, as people run it.

import Foundation
import Testing

@Suite struct SearchIndexCommandTests {
    private struct Facts: Decodable, Equatable {
        let account: String
        let messages: Int
        let indexed: Int
        let purged: Int
        let sizeBytes: Int
    }

    @Test func statusAndRebuild() async throws {
        try await CommandPlace.with { place in
            let file = "\(place.directory)/one.eml"
            try Data("Subject: needle\r\n\r\ntext\r\n".utf8).write(to: URL(fileURLWithPath: file))
            try await place.done("message", "import", "alice@example.org", file)
            let before = try await place.run(["search-index", "status", "--json"]).facts([Facts].self)
            #expect(before.map(\.account) == ["alice@example.org"])
            #expect(before.map(\.messages) == [1] && before.map(\.indexed) == [0])
            let made = try await place.run(["search-index", "rebuild", "alice@example.org"])
            #expect(made.status == 0 && made.output.hasPrefix("1 message indexed, "), "\(made)")
            #expect(made.errors == "")
            let after = try await place.run(["search-index", "status", "alice@example.org", "--json"])
            #expect(try after.facts([Facts].self).map(\.indexed) == [1])
            let table = try await place.run(["search-index", "status"])
            #expect(table.output.hasPrefix("ACCOUNT"))
            let check = try await place.run(["check"])
            #expect(check.status == 0, "\(check.output)")
            let unknown = try await place.run(["search-index", "rebuild", "bob@example.org"])
            #expect(unknown.status == 2)
        }
    }
}
