// One connection of IMAP, watched: whatever the client says, there are answers that the server must never give.

import TestSupport

/// Used by one task.
final class IMAPConversation {
    private let client: ClientEnd
    private var sent: [UInt8] = []
    private var heard: [UInt8] = []
    private var enabled: Set<String> = []
    /// How often each tag was answered.
    private(set) var answers: [String: Int] = [:]
    /// The tags, as they were answered.
    private(set) var order: [String] = []
    private(set) var isLoggedIn = false
    /// What is said is taken for compressed.
    private(set) var isCompressed = false
    private var hasSaidBye = false

    init(_ household: Household) async throws {
        client = try await household.imapClient()
        try take()
    }

    var isOver: Bool { hasSaidBye || client.isClosed }

    /// - Returns: the answers.
    @discardableResult
    func say(_ bytes: [UInt8]) async throws -> [IMAPResponse] {
        sent += bytes
        await client.say(bytes)
        return try take()
    }

    /// A command of ours, which must succeed.
    func expect(_ command: String) async throws {
        let tag = "Z\(answers.count)"
        let responses = try await say(Array("\(tag) \(command)\r\n".utf8))
        try require(responses.last?.tag == tag && responses.last?.condition == "OK", "\(command): \(responses)")
    }

    func hangUp() { client.hangUp() }

    /// For a connection that serves many inputs: what was said and answered counts no more.
    func forget() {
        sent = []
        answers = [:]
        order = []
    }

    /// Reads what has come: all of it must be lawful.
    @discardableResult
    private func take() throws -> [IMAPResponse] {
        let new = client.heard()
        let isStuck = new.isEmpty && !heard.isEmpty
        heard += new
        var responses: [IMAPResponse] = []
        var start = 0
        while start < heard.count, let (response, size) = try IMAPReplyParser.parse(heard[start...], enabled: enabled) {
            start += size
            try check(response)
            responses.append(response)
        }
        lastHeard = heard
        heard.removeFirst(start)
        try require(!isStuck, "half a response: \(String(decoding: heard.prefix(200), as: UTF8.self))")
        return responses
    }

    /// The bytes of the last answers.
    private(set) var lastHeard: [UInt8] = []

    private func check(_ response: IMAPResponse) throws {
        for trouble in ["SERVERBUG", "CONTACTADMIN", "UNAVAILABLE"] {
            try require(response.code != trouble, "[\(trouble)] \(response.text)")
        }
        switch response.tag {
        case "+": try require(!hasSaidBye, "it goes on after BYE")
        case "*": try checkUntagged(response)
        default: try checkTagged(response)
        }
    }

    /// RFC 3501 §6.2: who is not logged in hears of nothing that is somebody's; and nothing comes after BYE.
    private func checkUntagged(_ response: IMAPResponse) throws {
        try require(!hasSaidBye, "\(response) after BYE")
        if let name = response.name, !isLoggedIn {
            try require(["CAPABILITY", "ID"].contains(name), "\(name) before the login")
        }
        if response.name == "ENABLED" {
            enabled.formUnion(response.values.dropFirst().compactMap { $0.text?.uppercased() })
        }
        if response.condition == "BYE" { hasSaidBye = true }
    }

    /// A command is answered once. After BYE only LOGOUT is.
    private func checkTagged(_ response: IMAPResponse) throws {
        answers[response.tag, default: 0] += 1
        order.append(response.tag)
        if !isCompressed {
            try require(
                answers[response.tag, default: 0] <= occurrences(of: Array(response.tag.utf8)),
                "more answers to \(response.tag) than commands")
        }
        if hasSaidBye { try require(response.text.hasPrefix("LOGOUT"), "\(response) after BYE") }
        guard response.condition == "OK" else { return }
        switch response.text {
        case "Logged in.": isLoggedIn = true
        case "DEFLATE active.": isCompressed = true
        case "UNAUTHENTICATE completed.":
            (isLoggedIn, isCompressed) = (false, false)
            enabled = []
        default: break
        }
    }

    private func occurrences(of tag: [UInt8]) -> Int {
        guard let first = tag.first, sent.count >= tag.count else { return 0 }
        return (0...(sent.count - tag.count)).count { start in
            sent[start] == first && sent[start..<(start + tag.count)].elementsEqual(tag)
        }
    }
}
