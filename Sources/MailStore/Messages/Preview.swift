// PREVIEW: the beginning of a message's text, kept since it was appended or worked out from its body (RFC 8970).

import Mail
import NIOCore

extension AccountReader {
    /// - Parameter lazy: only what is kept: a body from before previews were kept has none, nor one whose text begins
    ///   far behind its header.
    /// - Returns: nil only when `lazy`; empty when the message has no text.
    package func preview(of body: BodyID, lazy: Bool) throws -> String? {
        let kept = try db.first("SELECT preview FROM body WHERE id = ?", .int(body.rawValue)) { $0.optionalText(0) }
        guard let kept else { throw StoreError.messageGone }
        if kept != nil || lazy { return kept }
        return try MessagePreview.preview(of: parts(of: body)) { range in
            var bytes = ByteBuffer()
            try self.bytes(of: body, range: range, into: &bytes)
            return Array(bytes.readableBytesView)
        }
    }
}
