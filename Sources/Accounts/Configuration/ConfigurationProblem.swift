// What is wrong with a configuration, where, and what would be right.

/// One or more faults; nothing of the configuration has been taken up.
package struct ConfigurationProblems: Error, Sendable, CustomStringConvertible {
    package let problems: [ConfigurationProblem]
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// One fault.
package struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// Where a value came from.
    package enum Place: Hashable, Sendable, CustomStringConvertible {
        case file(path: String, line: Int)
        case environment(String)
        case flag(String)
        case defaults

        package var description: String {
            switch self {
            case .file(let path, let line): line > 0 ? "\(path):\(line)" : path
            case .environment(let name): "environment variable \(name)"
            case .flag(let name): "option \(name)"
            case .defaults: "default"
            }
        }
    }

    package let place: Place
    package let message: String
    package var description: String { "\(place): \(message)" }
}
