// A fuzz target: code of the server's that takes bytes from outside, and what must hold of what it makes of them.
//
// A target is given bytes and throws a `Finding` when something does not hold that must hold of any bytes; a trap is a
// finding too. What it does depends on its bytes alone, so that an input that was kept says the same again.

/// One of `FuzzTargets.all`.
package struct FuzzTarget: Sendable {
    /// Takes one input.
    package typealias Body = (_ bytes: [UInt8]) throws -> Void

    /// Its name for Tests/Fuzz/run, and the folder of its corpus.
    package let name: String
    /// What it is about, in a few words.
    package let subject: String
    /// Bytes of the longest input that is made for it.
    package let longest: Int
    /// Whether the time that an input takes may be measured as the input is repeated: not where other threads take part
    /// in the work, nor where an input changes what the next one meets.
    package let measuresGrowth: Bool
    /// Makes ready what all inputs share, and gives what is done with each. Called once.
    package let prepare: @Sendable () throws -> Body

    package init(
        _ name: String, _ subject: String, longest: Int = 4_096, measuresGrowth: Bool = true,
        prepare: @escaping @Sendable () throws -> Body
    ) {
        self.name = name
        self.subject = subject
        self.longest = longest
        self.measuresGrowth = measuresGrowth
        self.prepare = prepare
    }

    /// A target whose inputs share nothing.
    package init(
        _ name: String, _ subject: String, longest: Int = 4_096, _ body: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        self.init(name, subject, longest: longest) { body }
    }
}

/// Something that does not hold, though it must.
package struct Finding: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Throws a finding unless `holds`.
package func require(_ holds: Bool, _ what: @autoclosure () -> String) throws(Finding) {
    guard holds else { throw Finding(what()) }
}

/// Throws a finding that shows both unless they are equal.
package func requireEqual<Value: Equatable>(
    _ value: Value, _ expected: Value, _ what: @autoclosure () -> String
) throws(Finding) {
    guard value == expected else { throw Finding("\(what()): \(shown(value)), expected \(shown(expected))") }
}

/// Bytes as text, and no more of anything than one can read.
private func shown(_ value: Any) -> Substring {
    guard let bytes = value as? [UInt8] else { return "\(value)".prefix(2_000) }
    return String(decoding: bytes.prefix(2_000), as: UTF8.self).debugDescription.prefix(2_000)
}
