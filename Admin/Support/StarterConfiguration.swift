// The martlet.yaml that `martlet init` writes: every key, explained, commented out, with its default.

internal import Accounts

enum StarterConfiguration {
    static func text(hostname: String, dataDirectory: String) -> String {
        var text = """
            # The configuration of martletd on \(dataDirectory).
            # Every key is here with its default behind a "#"; remove the "#" to change one.
            # Then: martlet config check, and let martletd reload (SIGHUP) or, where it says so, restart.

            """
        var group = ""
        for key in ConfigurationKey.all {
            let levels = key.name.split(separator: ".").map(String.init)
            let isNested = levels.count > 1
            if isNested, levels[0] != group { text += "\n#\(levels[0]):\n" }
            group = isNested ? levels[0] : ""
            if !isNested { text += "\n" }
            let values =
                key.name == "hostname" ? [hostname] : key.defaultValues(dataDirectory: dataDirectory)
            text += entry(key, name: levels.last ?? key.name, values: values, indent: isNested ? "  " : "")
        }
        return text
    }

    private static func entry(_ key: ConfigurationKey, name: String, values: [String], indent: String) -> String {
        let restart = key.needsRestart ? " (restart)" : ""
        let remark = "\(indent)# \(key.explanation)\(restart):\n\(indent)# \(key.expects)\n"
        guard key.isList else { return remark + "#\(indent)\(name): \(quoted(values.first ?? ""))\n" }
        if values.isEmpty { return remark + "#\(indent)\(name): none\n" }
        return remark + "#\(indent)\(name):\n" + values.map { "#\(indent)  - \(quoted($0))\n" }.joined()
    }

    /// A YAML scalar: in quotes unless it is plain beyond doubt.
    private static func quoted(_ value: String) -> String {
        let isPlain =
            !value.isEmpty
            && value.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
                    || [0x2d, 0x2e, 0x2f, 0x5f, 0x20].contains(byte)
            }
        guard !isPlain else { return value }
        let escaped = value.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }
}
