// ORDEREDSUBJECT, REFERENCES and REFS: chosen cases, random mailboxes against a plain model, and mailboxes without end.

import Mail
import TestSupport
import Testing

@Suite struct ThreadingTests {
    /// `id:parent,…:subject:date`; `*` before the subject marks a reply; the dates are minutes.
    static func mailbox(_ lines: String) -> [ThreadingMessage] {
        lines.split(separator: " ").enumerated().map { index, line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            let subject = fields[2].drop { $0 == "*" }
            return ThreadingMessage(
                id: index + 1, messageID: fields[0].isEmpty ? nil : bytes(String(fields[0])),
                references: fields[1].split(separator: ",").map { bytes(String($0)) },
                baseSubject: bytes(String(subject)), isReplyOrForward: fields[2].hasPrefix("*"),
                sentDate: Int64(fields[3]), internalDate: fields.count > 4 ? Int64(fields[4]) ?? 0 : 0)
        }
    }

    static func text(_ forest: ThreadForest) -> String {
        var result = ""
        forest.tokens { token in
            switch token {
            case .open: result += "("
            case .message(let id): result += (result.last?.isNumber == true ? " " : "") + String(id)
            case .close: result += ")"
            }
        }
        return result.replacing(")(", with: ")(")
    }

    /// A space stands before a list that follows a number, as the model writes it.
    static func spaced(_ text: String) -> String {
        var result = ""
        for character in text {
            if character == "(", result.last?.isNumber == true { result += " " }
            result.append(character)
        }
        return result
    }

    @Test(
        "ORDEREDSUBJECT",
        arguments: [
            ("", ""), ("a::x:1", "(1)"), ("a::x:1 b::x:2 c::x:3", "(1 (2)(3))"), ("a::x:3 b::y:2 c::x:1", "(3 1)(2)"),
            ("a::x:5 b::x:5", "(1 2)"), ("a:::1 b:::2", "(1 2)"), ("a::x::9 b::x:7", "(2 1)"),
        ])
    func orderedSubject(_ mailbox: String, expected: String) {
        #expect(Self.spaced(Self.text(Threading.orderedSubject(Self.mailbox(mailbox)))) == expected)
    }

    @Test(
        "REFERENCES",
        arguments: [
            ("", ""), ("a:::1", "(1)"), ("a:::1 b:a::2", "(1 2)"), ("b:a::2 a:::1", "(2 1)"),
            ("a:::1 b:a::2 c:a::3", "(1 (2)(3))"), ("a:::1 b:a::3 c:a::2", "(1 (3)(2))"),
            ("a:::1 b:a::2 c:a,b::3 d:a::4", "(1 (2 3)(4))"),
            // the answered message is missing
            ("b:a::2 c:a::3", "((1)(2))"), ("b:a::2", "(1)"), ("c:a,b::3", "(1)"), ("d:a,b::4 e:a,c::5", "((1)(2))"),
            // one identifier twice: only the first message has it
            ("a:::1 a:::2 b:a::3", "(1 3)(2)"),
            // rings are not closed
            ("a:a::1", "(1)"), ("a:b::1 b:a::2", "(2 1)"), ("a:b,c::1 b:c,a::2", "(2 1)"),
            // a message's own last reference counts more than what others say
            ("c:a,b::3 b:x::2 x:::1", "(3 2 1)"), ("c:a,b::3 a:::1 b:::2", "(2)(3 1)"),
            // subjects
            ("a::x:1 b::x:2", "((1)(2))"), ("a::x:1 b::*x:2", "(1 2)"), ("a::*x:1 b::x:2", "(2 1)"),
            ("a::*x:1 b::*x:2", "((1)(2))"), ("a::x:1 b::x:2 c::*x:3", "((1)(2)(3))"),
            ("b:a:x:2 c:a:x:3 d::*x:4", "((1)(2)(3))"), ("b:a:x:2 c:a:x:3 e:d:x:4 f:d:x:5", "((1)(2)(3)(4))"),
            ("a:::1 b:::2", "(1)(2)"),
        ])
    func references(_ mailbox: String, expected: String) {
        let messages = Self.mailbox(mailbox)
        #expect(Self.spaced(Self.text(Threading.references(messages))) == expected)
        #expect(ThreadingModel.references(messages) == expected, "the model itself")
    }

    @Test(
        "REFS leaves subjects alone and sorts threads by their newest message's arrival",
        arguments: [
            ("a::x:1:5 b::*x:2:4", "(2)(1)"), ("a:::1:1 b:::2:2 c:a::3:3", "(2)(1 3)"),
            ("b:a::9:1 c:a::8:2 d:::1:1", "(3)((2)(1))"),
        ])
    func refs(_ mailbox: String, expected: String) {
        let messages = Self.mailbox(mailbox)
        #expect(Self.spaced(Self.text(Threading.refs(messages))) == expected)
        #expect(ThreadingModel.refs(messages) == expected, "the model itself")
    }

    @Test("random mailboxes thread as the model says")
    func randomMailboxes() {
        for seed in 0..<4_000 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let ids = (0..<Int.random(in: 1...10, using: &random)).map { bytes("i\($0)") }
            let messages = (0..<Int.random(in: 0...14, using: &random)).map { index in
                ThreadingMessage(
                    id: index + 1,
                    messageID: Int.random(in: 0..<9, using: &random) == 0 ? nil : ids.randomElement(using: &random),
                    references: (0..<Int.random(in: 0...4, using: &random)).compactMap { _ in
                        ids.randomElement(using: &random)
                    },
                    baseSubject: bytes(["", "x", "y", "z"].randomElement(using: &random) ?? ""),
                    isReplyOrForward: Bool.random(using: &random),
                    sentDate: Bool.random(using: &random) ? Int64.random(in: 0...5, using: &random) : nil,
                    internalDate: Int64.random(in: 0...5, using: &random))
            }
            let references = Threading.references(messages)
            #expect(Self.spaced(Self.text(references)) == ThreadingModel.references(messages), "seed \(seed)")
            let refs = Threading.refs(messages)
            #expect(Self.spaced(Self.text(refs)) == ThreadingModel.refs(messages), "seed \(seed)")
            for forest in [references, refs, Threading.orderedSubject(messages)] {
                var seen: [Int] = []
                forest.tokens { if case .message(let id) = $0 { seen.append(id) } }
                #expect(seen.sorted() == messages.map(\.id), "seed \(seed): each message once")
            }
        }
    }

    static func chain(_ count: Int, reversed: Bool) -> [ThreadingMessage] {
        let chain = (0..<count).map { index in
            ThreadingMessage(
                id: index, messageID: bytes("\(index)@x"), references: index > 0 ? [bytes("\(index - 1)@x")] : [],
                sentDate: Int64(index))
        }
        return reversed ? chain.reversed() : chain
    }

    @Test("a thread of any depth is no recursion", arguments: [false, true])
    func deep(reversed: Bool) {
        let forest = Threading.references(Self.chain(200_000, reversed: reversed))
        #expect(forest.roots.count == 1)
        var last = -1
        forest.tokens { if case .message(let id) = $0, id == last + 1 { last = id } }
        #expect(last == 199_999)
        #expect(Threading.refs(Self.chain(50_000, reversed: reversed)).roots.count == 1)
    }

    @Test("chains in any order, and lists of many references, cost about linear time")
    func linear() {
        func reversed(_ count: Int) -> [ThreadingMessage] { Self.chain(count, reversed: true) }
        #expect(growth(to: 40_000, of: reversed) { _ = Threading.references($0) } < 1.5)
        func shuffled(_ count: Int) -> [ThreadingMessage] {
            var random = SeededRandom(seed: 1)
            return Self.chain(count, reversed: false).shuffled(using: &random)
        }
        #expect(growth(to: 40_000, of: shuffled) { _ = Threading.references($0) } < 1.5)
        // Each message takes the top of the chain from another and names it as its own ancestor.
        func hostile(_ count: Int) -> [ThreadingMessage] {
            (0..<count).map { index in
                let own = (0..<50).map { bytes("\((index &* 7_919 &+ $0 &* 104_729) % count)@x") }
                return ThreadingMessage(id: index, messageID: bytes("\(index)@x"), references: own)
            }
        }
        #expect(growth(to: 4_000, of: hostile) { _ = Threading.references($0) } < 1.5)
    }
}
