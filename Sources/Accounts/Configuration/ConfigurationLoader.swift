// Flags over environment over martlet.yaml over defaults, through swift-configuration's providers; then every value
// understood, or all faults reported at once.

import Configuration
import MailCrypto

/// A configuration, and where each of its values came from.
package struct LoadedConfiguration: Sendable {
    /// One key's values as text, and their place.
    package struct Entry: Sendable {
        package let key: ConfigurationKey
        package let values: [String]
        package let place: ConfigurationProblem.Place
    }

    package let configuration: ServerConfiguration
    /// In the order of `ConfigurationKey.all`.
    package let entries: [Entry]
}

extension ServerConfiguration {
    /// Loads the configuration of the server on `dataDirectory` (an absolute path).
    /// - Parameters:
    ///   - file: another file than `DIR/martlet.yaml`. A missing file is an empty one.
    ///   - flags: the values given on the command line, by key name.
    ///   - environment: the process's; `MARTLET_…` are looked at.
    package static func load(
        dataDirectory: String, file: String? = nil, flags: [String: [String]] = [:], environment: [String: String]
    ) async throws(ConfigurationProblems) -> LoadedConfiguration {
        let path = file ?? "\(dataDirectory)/martlet.yaml"
        let checked = ConfigurationFile(path: path)
        guard checked.problems.isEmpty else { throw ConfigurationProblems(problems: checked.problems) }
        let sources = try await Sources(file: checked, flags: flags, environment: environment)

        var configuration = ServerConfiguration(dataDirectory: dataDirectory)
        var entries: [LoadedConfiguration.Entry] = []
        var problems: [ConfigurationProblem] = []
        for key in ConfigurationKey.all {
            // A wrong value is told also where a higher place overrides it: it would surprise when that goes.
            for found in sources.everyValue(of: key).reversed() {
                guard let wrong = key.apply(found.values, &configuration) else { continue }
                let message = "\(key.name): \"\(wrong)\" is not right; expected \(key.expects)"
                problems.append(ConfigurationProblem(place: found.place, message: message))
            }
            let found = sources.values(of: key)
            let values = found?.values ?? key.show(configuration)
            entries.append(LoadedConfiguration.Entry(key: key, values: values, place: found?.place ?? .defaults))
        }
        if !configuration.argon2.areAcceptable {
            problems.append(
                ConfigurationProblem(
                    place: sources.values(of: "argon2.memory")?.place ?? .defaults,
                    message: "argon2: memory times iterations must not pass 2 GiB"))
        }
        guard problems.isEmpty else { throw ConfigurationProblems(problems: problems) }
        return LoadedConfiguration(configuration: configuration, entries: entries)
    }
}

/// The providers, highest first, and how a value found in each is named in an error.
private struct Sources {
    private let providers: [(provider: any ConfigProvider, place: (ConfigurationKey) -> ConfigurationProblem.Place)]

    init(
        file: ConfigurationFile, flags: [String: [String]], environment: [String: String]
    ) async throws(ConfigurationProblems) {
        let flagValues = Dictionary(
            uniqueKeysWithValues: flags.filter { !$0.value.isEmpty }.map { name, values in
                (Sources.key(name), ConfigValue(.stringArray(values), isSecret: false))
            })
        // An empty variable is no value: that is how a unit file unsets one.
        let set = environment.filter { $0.key.hasPrefix("MARTLET_") && !$0.value.isEmpty }
        let prefix = ConfigKey(["martlet"])
        var providers: [(any ConfigProvider, (ConfigurationKey) -> ConfigurationProblem.Place)] = [
            (InMemoryProvider(name: "flags", values: flagValues), { .flag("--\(Sources.flag($0))") }),
            (
                EnvironmentVariablesProvider(environmentVariables: set).prefixKeys(with: prefix),
                { .environment($0.environmentName) }
            ),
        ]
        if !file.lines.isEmpty {
            let yaml = try await Sources.yaml(file.path)
            providers.append((yaml, { .file(path: file.path, line: file.lines[$0.name] ?? 0) }))
        }
        self.providers = providers
    }

    private static func yaml(_ path: String) async throws(ConfigurationProblems) -> any ConfigProvider {
        let reader = ConfigReader(
            provider: InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)]))
        do {
            return try await FileProvider<YAMLSnapshot>(config: reader)
        } catch {
            let place = ConfigurationProblem.Place.file(path: path, line: 0)
            throw ConfigurationProblems(problems: [ConfigurationProblem(place: place, message: "\(error)")])
        }
    }

    func values(of name: String) -> (values: [String], place: ConfigurationProblem.Place)? {
        ConfigurationKey.named(name).flatMap { values(of: $0) }
    }

    /// The highest provider that has the key decides.
    func values(of key: ConfigurationKey) -> (values: [String], place: ConfigurationProblem.Place)? {
        everyValue(of: key).first
    }

    /// What each provider that has the key says, highest first.
    func everyValue(of key: ConfigurationKey) -> [(values: [String], place: ConfigurationProblem.Place)] {
        providers.compactMap { provider, place in
            Sources.values(of: key, in: provider).map { ($0, place(key)) }
        }
    }

    /// As a list where the provider has one; a scalar stands for a list of one.
    private static func values(of key: ConfigurationKey, in provider: any ConfigProvider) -> [String]? {
        let name = Sources.key(key.name)
        if case .stringArray(let values)? = try? provider.value(forKey: name, type: .stringArray).value?.content {
            return key.isList ? values.map { String($0[...].trimmed) } : [values.joined(separator: ",")]
        }
        if case .string(let value)? = try? provider.value(forKey: name, type: .string).value?.content {
            return [value]
        }
        return nil
    }

    private static func key(_ name: String) -> AbsoluteConfigKey {
        AbsoluteConfigKey(name.split(separator: ".").map(String.init))
    }

    /// `log-level` for `log.level`.
    private static func flag(_ key: ConfigurationKey) -> String {
        key.name.split(separator: ".").joined(separator: "-")
    }
}
