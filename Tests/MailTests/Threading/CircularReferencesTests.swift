// References that go round in circles, name themselves or have no end: every message once, in about linear time.

import Mail
import TestSupport
import Testing

@Suite struct CircularReferencesTests {
    typealias Algorithm = @Sendable ([ThreadingMessage]) -> ThreadForest

    private static let algorithms: [(name: String, run: Algorithm)] = [
        ("REFERENCES", { Threading.references($0) }), ("REFS", { Threading.refs($0) }),
        ("ORDEREDSUBJECT", { Threading.orderedSubject($0) }),
    ]

    /// A message as its header says.
    private static func message(_ id: Int, _ header: String, subject: String = "x") -> ThreadingMessage {
        MessageSummary(header: Array("Subject: \(subject)\r\n\(header)\r\n\r\n".utf8)).threading(id: id)
    }

    /// Mailboxes of so many messages, by what is wrong with them.
    private static let mailboxes: [(name: String, make: @Sendable (Int) -> [ThreadingMessage])] = [
        ("itself", { count in (0..<count).map { message($0, "Message-ID: <\($0)@x>\r\nReferences: <\($0)@x>") } }),
        (
            "itself, by In-Reply-To",
            { count in (0..<count).map { message($0, "Message-ID: <\($0)@x>\r\nIn-Reply-To: <\($0)@x>") } }
        ),
        (
            "one ring",
            { count in
                (0..<count).map { message($0, "Message-ID: <\($0)@x>\r\nReferences: <\(($0 + 1) % count)@x>") }
            }
        ),
        (
            "rings of two",
            { count in (0..<count).map { message($0, "Message-ID: <\($0)@x>\r\nReferences: <\($0 ^ 1)@x>") } }
        ),
        (
            "a ring in each list, which comes back to the message",
            { count in
                (0..<count).map { index in
                    let ring = (0...8).map { "<\((index + $0) % count)@x>" }.joined(separator: " ")
                    return message(index, "Message-ID: <\(index)@x>\r\nReferences: \(ring) <\(index)@x> \(ring)")
                }
            }
        ),
        (
            "all have one identifier, and name it",
            { count in
                (0..<count).map { message($0, "Message-ID: <a@x>\r\nReferences: <a@x> <a@x>", subject: "Re: x") }
            }
        ),
        (
            "a ring of identifiers that no message has",
            { count in
                (0..<count).map { message($0, "References: <\($0)@y> <\(($0 + 1) % count)@y> <\($0)@y>") }
            }
        ),
        (
            "forwards and backwards",
            { count in
                (0..<count).map { index in
                    let other = index % 2 == 0 ? count - index : index / 2
                    return message(
                        index, "Message-ID: <\(index)@x>\r\nReferences: <\(other)@x> <\((index * 7) % count)@x>",
                        subject: index % 3 == 0 ? "Re: x" : "x")
                }
            }
        ),
    ]

    @Test("case 65: rings and messages that name themselves are threaded, each message once", arguments: 1...9)
    func everyMessageOnce(count: Int) {
        for mailbox in Self.mailboxes {
            let messages = mailbox.make(count)
            for algorithm in Self.algorithms {
                var seen: [Int] = [], depth = 0
                algorithm.run(messages).tokens { token in
                    switch token {
                    case .message(let id): seen.append(id)
                    case .open: depth += 1
                    case .close: depth -= 1
                    }
                }
                #expect(seen.sorted() == Array(0..<count), "\(mailbox.name), \(algorithm.name)")
                #expect(depth == 0, "\(mailbox.name), \(algorithm.name)")
            }
        }
    }

    @Test("case 65: of many such messages in about linear time")
    func linear() {
        for mailbox in Self.mailboxes {
            for algorithm in Self.algorithms {
                let exponent = growth(to: 4_000, of: mailbox.make) { _ = algorithm.run($0) }
                #expect(exponent < 1.5, "\(mailbox.name), \(algorithm.name)")
            }
        }
    }

    @Test("case 65: ten thousand identifiers in one header, all different, all the same, and those of a ring")
    func endlessHeaders() {
        let lists: [(Int) -> String] = [
            { count in (0..<count).map { "<\($0)@x>" }.joined(separator: " ") },
            { count in String(repeating: "<0@x> ", count: count) },
            { count in (0..<count).map { "<\($0 % 7)@x>" }.joined(separator: "\r\n ") },
            { count in String(repeating: "<0@x", count: count) }, { count in String(repeating: "<", count: count) },
        ]
        for (index, list) in lists.enumerated() {
            let header = { (count: Int) in "Message-ID: <0@x>\r\nReferences: \(list(count))" }
            #expect(growth(to: 10_000, of: header) { _ = Self.message(0, $0) } < 1.5, "list \(index)")
            let messages = (0..<20).map { Self.message($0, header(10_000)) }
            #expect(messages.allSatisfy { $0.references.count <= MessageIDs.mostReferences })
            for algorithm in Self.algorithms {
                var seen: [Int] = []
                algorithm.run(messages).tokens { if case .message(let id) = $0 { seen.append(id) } }
                #expect(seen.sorted() == Array(0..<20), "list \(index), \(algorithm.name)")
            }
        }
    }
}
