// CATENATE: parts of an APPEND's message that lie in a mailbox already.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// What a URL means: bytes of a stored message, or bytes that were worked out of one.
enum URLContent: Sendable {
    case stored(BodyID, Range<Int>, of: AccountStore)
    case bytes([UInt8])

    var count: Int {
        switch self {
        case .stored(_, let range, _): range.count
        case .bytes(let bytes): bytes.count
        }
    }
}

extension Session {
    /// RFC 4469 §3. Of one's own mailboxes, and of those of others that one may read.
    /// - Throws: `Refusal` with BADURL for what cannot be found, or is not to be seen.
    func content(of bytes: [UInt8]) async throws -> URLContent {
        let refusal = Refusal(
            .no("A URL names no message, or no part of one, that you may read.", code: .badURL(bytes)))
        guard let url = MessageURL(bytes, limits: limits.syntax), let name = try? MailboxName(url.mailbox) else {
            throw refusal
        }
        do {
            let mailbox = try await resolve(name)
            guard let account = try await readable(mailbox) else { throw refusal }
            let content = try await account.read { reader in try url.content(in: mailbox.name, of: account, reader) }
            guard let content else { throw refusal }
            return content
        } catch let error as StoreError where !error.isTrouble {
            throw refusal
        }
    }

    /// The account, as a reader of this mailbox has it; nil where there is no such mailbox, or no right to read it.
    private func readable(_ mailbox: MailboxReference) async throws(StoreError) -> AccountStore? {
        guard mailbox.account.isForeign else { return mailbox.account }
        guard mailbox.rights.isSuperset(of: [.lookup, .read]),
            let info = try await mailbox.account.mailbox(mailbox.name)
        else { return nil }
        return mailbox.account.bound(to: info.id)
    }

    /// Hands the content to `staging`, a piece at a time.
    func copy(_ content: URLContent, to staging: MessageStaging) async throws {
        switch content {
        case .bytes(let bytes): try await staging.write(ByteBuffer(bytes: bytes))
        case .stored(let body, let range, let account):
            var rest = range
            while !rest.isEmpty {
                let range = rest
                let piece = try await account.read { reader in
                    var piece = ByteBuffer()
                    try reader.bytes(of: body, range: range, enough: FetchEncoder.pieceSize, into: &piece)
                    return piece
                }
                guard piece.readableBytes > 0 else { throw StoreError.messageGone }
                try await staging.write(piece)
                rest = rest.dropFirst(piece.readableBytes)
                connection.gate.setDeadline(deadline)
            }
        }
    }
}

extension MessageURL {
    /// nil when there is no such message or part.
    fileprivate func content(
        in mailbox: MailboxName, of account: AccountStore, _ reader: AccountReader
    ) throws -> URLContent? {
        guard let message = try reader.message(uid, in: mailbox) else { return nil }
        if let uidValidity, message.uidValidity.rawValue != uidValidity { return nil }
        var content = FetchContent(body: message.body, size: message.size)
        switch try content.value(of: section, reader) {
        case .none: return nil
        case .bytes(let bytes): return .bytes(Array(bytes[partial?.range(in: bytes.count) ?? 0..<bytes.count]))
        case .stored(let whole):
            let part = partial?.range(in: whole.count) ?? 0..<whole.count
            return .stored(
                message.body, whole.lowerBound + part.lowerBound..<whole.lowerBound + part.upperBound, of: account)
        }
    }
}
