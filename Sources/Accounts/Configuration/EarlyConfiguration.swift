// The configuration as it can be read before anything else of the process is there: at once, on one thread.

extension ServerConfiguration {
    /// What flags, environment and `martlet.yaml` say, each value that is wrong as if it were not there: `load`, which
    /// comes afterwards, tells of it.
    /// - Parameters: as of `load`.
    package static func early(
        dataDirectory: String, file: String? = nil, flags: [String: [String]], environment: [String: String]
    ) -> ServerConfiguration {
        let file = ConfigurationFile(path: file ?? "\(dataDirectory)/martlet.yaml")
        var configuration = ServerConfiguration(dataDirectory: dataDirectory)
        for key in ConfigurationKey.all {
            var values = file.values[key.name] ?? []
            if let text = environment[key.environmentName], !text.isEmpty {
                let found = parts(ofVariable: text)
                values = key.isList ? found : [found.joined(separator: ",")]
            }
            if let given = flags[key.name], !given.isEmpty { values = given }
            if !values.isEmpty { _ = key.apply(values, &configuration) }
        }
        return configuration
    }

    /// As swift-configuration takes a variable apart: at each comma, and without the blanks around the parts.
    private static func parts(ofVariable text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            var part = part.drop(while: \.isWhitespace)
            while part.last?.isWhitespace == true { part.removeLast() }
            return String(part)
        }
    }
}
