// What UTF8=ACCEPT forbids its client to say.

import IMAPSyntax
import Mail

extension Session {
    /// RFC 6855 §3: a SEARCH with a charset is refused once UTF8=ACCEPT is on; not one that says UTF-8, which
    /// contradicts nothing.
    func refuseCharset(_ charset: String?) throws(Refusal) {
        guard enabled.contains(.utf8), let charset else { return }
        guard ["utf-8", "us-ascii"].contains(charset.asciiLowercased) else {
            throw Refusal(.bad("Once UTF8=ACCEPT is enabled, text is in UTF-8 and in no other charset."))
        }
    }
}
