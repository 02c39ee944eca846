// What the tests of commands share: parse a line, say what came.

import IMAPSyntax
import Mail
import NIOCore
import Testing

func parse(_ line: String, _ limits: SyntaxLimits = .standard) -> Result<TaggedCommand, BadCommand> {
    parseCommand(ByteBuffer(string: line), limits: limits)
}

/// The command of `line`, which must be right.
func command(_ line: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Command {
    switch parse(line) {
    case .success(let tagged): return tagged.command
    case .failure(let bad):
        Issue.record("\(line.prefix(80)): \(bad.reason)", sourceLocation: sourceLocation)
        throw bad
    }
}

/// The reason why `line` is BAD; nil when it is not.
func reason(_ bytes: [UInt8], _ limits: SyntaxLimits = .standard) -> String? {
    guard case .failure(let bad) = parseCommand(ByteBuffer(bytes: bytes), limits: limits) else { return nil }
    return bad.reason
}

func reason(_ line: String, _ limits: SyntaxLimits = .standard) -> String? { reason(Array(line.utf8), limits) }

func sequence(_ ranges: (UInt32?, UInt32?)...) -> MessageSet<SequenceNumber> { set(ranges) }
func uids(_ ranges: (UInt32?, UInt32?)...) -> MessageSet<UID> { set(ranges) }

/// nil is `*`.
private func set<Number: MessageNumber>(_ ranges: [(UInt32?, UInt32?)]) -> MessageSet<Number> {
    func bound(_ value: UInt32?) -> MessageSetBound<Number> {
        value.flatMap { Number($0) }.map { .number($0) } ?? .last
    }
    return MessageSet(ranges.map { .init(bound($0.0), bound($0.1)) })
}

extension MailboxArgument: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }
}

extension MailboxPatternArgument: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }
}
