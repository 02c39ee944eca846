// ENABLE: what changes the server's replies is switched on.

import IMAPSyntax

extension Session {
    /// RFC 5161 §3.1: what is unknown or needs no ENABLE is passed over. The reply names what this command switches on.
    func enable(_ enable: Enable) async throws -> Completion {
        var names: [String] = []
        for name in Capabilities.enableable where enable.capabilities.contains(name.uppercased()) && isOffered(name) {
            guard let extensions = EnabledExtensions(capability: name.uppercased()) else { continue }
            if !extensions.isSubset(of: enabled) { names.append(name) }
            if extensions.tellsModSeq { becomeCondstoreAware() }
            enabled.formUnion(extensions)
        }
        try await beginMetadataNews()
        connection.writer.enabled(names)
        return .ok("ENABLE completed.")
    }
}
