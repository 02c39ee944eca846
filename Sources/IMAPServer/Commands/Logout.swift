// LOGOUT: the last words.

import IMAPSyntax

extension Session {
    /// RFC 3501 §6.1.3. Nothing that was pipelined behind it is carried out.
    func logout(_ tag: String) -> Completion {
        connection.writer.untagged(.bye, "Good-bye.")
        connection.writer.tagged(tag, .ok, "LOGOUT completed.")
        end("logout")
        return .ok("LOGOUT completed.")
    }
}
