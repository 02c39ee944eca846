// The martlet.yaml that init writes is right as it is, and with every key brought to life.

import Accounts
import Foundation
import Testing

@testable import martlet

private func load(_ text: String) async throws -> LoadedConfiguration {
    let path = "\(NSTemporaryDirectory())/martlet-\(UUID().uuidString).yaml"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await ServerConfiguration.load(dataDirectory: "/srv/mail", file: path, environment: [:])
}

@Test("as it is written, every value is the default")
func startsWithDefaults() async throws {
    let loaded = try await load(StarterConfiguration.text(hostname: "mail.example.org", dataDirectory: "/srv/mail"))
    #expect(loaded.configuration == ServerConfiguration(dataDirectory: "/srv/mail"))
}

@Test("without its comment marks, every key is there with its default")
func livesUncommented() async throws {
    let text = StarterConfiguration.text(hostname: "mail.example.org", dataDirectory: "/srv/mail")
    // A "#" before a key or an indented key is a mark; one before a space and a word begins a remark.
    let alive = text.split(separator: "\n").map { line in
        line.hasPrefix("#") && !(line.hasPrefix("# ") && !line.hasPrefix("#  "))
            ? String(line.dropFirst()) : String(line)
    }
    let loaded = try await load(alive.joined(separator: "\n"))
    var expected = ServerConfiguration(dataDirectory: "/srv/mail")
    expected.hostname = "mail.example.org"
    #expect(loaded.configuration == expected)
    for entry in loaded.entries {
        guard case .file = entry.place else {
            Issue.record("\(entry.key.name) is not in the file")
            continue
        }
    }
}
