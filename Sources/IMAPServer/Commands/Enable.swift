// ENABLE: nothing here needs to be switched on yet.

import IMAPSyntax

extension Session {
    /// RFC 5161 §3.1: what is unknown is passed over. Nothing that is advertised needs to be enabled.
    func enable(_ enable: Enable) -> Completion {
        connection.writer.enabled([])
        return .ok("ENABLE completed.")
    }
}
