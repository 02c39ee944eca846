// PREVIEW: the beginning of a message's text, worked out from its body (RFC 8970).

import Mail
import NIOCore

extension AccountReader {
    /// - Parameter lazy: only what is kept; nothing is yet.
    /// - Returns: nil only when `lazy`; empty when the message has no text.
    package func preview(of body: BodyID, lazy: Bool) throws -> String? {
        if lazy { return nil }
        return try MessagePreview.preview(of: parts(of: body)) { range in
            var bytes = ByteBuffer()
            try self.bytes(of: body, range: range, into: &bytes)
            return Array(bytes.readableBytesView)
        }
    }
}
