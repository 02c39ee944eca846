// The ways in which a client may ask to be spoken to: what is said of a mailbox is tested in each.

/// What a session has enabled. Tests of what other sessions hear of a change go through `allCases`.
package enum ClientMode: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Nothing: EXPUNGE by number, SEARCH, \Recent.
    case rev1
    /// VANISHED in place of EXPUNGE, MODSEQ with every change.
    case qresync
    /// IMAP4rev2: ESEARCH in place of SEARCH, UTF-8 in names, no \Recent.
    case rev2

    package var description: String { rawValue }

    /// The capability to ENABLE; nil when there is nothing to be enabled.
    package var capability: String? {
        switch self {
        case .rev1: nil
        case .qresync: "QRESYNC"
        case .rev2: "IMAP4rev2"
        }
    }
}

extension IMAPTestClient {
    /// Enables what the mode needs. Call it after the login and before a mailbox is selected.
    package func enter(_ mode: ClientMode) async throws {
        guard let capability = mode.capability else { return }
        let reply = try await command("ENABLE \(capability)")
        guard reply.isOK else { throw IMAPProtocolError("ENABLE \(capability) failed: \(reply.tagged)") }
    }

    /// What of these UIDs the reply says is gone, whichever way the client is told.
    /// - Parameter uids: of the messages before the reply, by sequence number.
    package func gone(_ reply: IMAPReply, of uids: [UInt64]) -> [UInt64] {
        var left = uids
        var gone = reply.vanished
        for number in reply.expunged where number >= 1 && number <= left.count {
            gone.append(left.remove(at: Int(number) - 1))
        }
        return gone.sorted()
    }
}
