// Logins over LMTP: who checks them, what TLS there is, and a connection's part in both.

package import Accounts
package import MailCrypto
import MailStore
import NIOCore
internal import Synchronization

/// What an LMTP service needs to offer STARTTLS and AUTH on TCP.
package final class LMTPLogins: Sendable {
    let authenticator: Authenticator
    let tls: ReloadableTLSContext?
    private let plaintext: Mutex<Bool>

    /// - Parameters:
    ///   - tls: nil to offer none.
    ///   - plaintextOnLoopback: whether clients on this machine may log in without TLS.
    package init(authenticator: Authenticator, tls: ReloadableTLSContext?, plaintextOnLoopback: Bool) {
        self.authenticator = authenticator
        self.tls = tls
        plaintext = Mutex(plaintextOnLoopback)
    }

    /// For clients that connect from now on.
    package func reload(plaintextOnLoopback: Bool) { plaintext.withLock { $0 = plaintextOnLoopback } }

    var allowsPlaintextOnLoopback: Bool { plaintext.withLock { $0 } }
}

/// Where a connection comes from.
struct LMTPOrigin: Sendable {
    /// The client's own, which a proxy may have told; nil on a unix socket.
    let address: String?
    /// Both ends are on this machine, and no proxy is between.
    let isLoopback: Bool
}

/// Where one connection's logins begin, and what is on offer to it.
struct LMTPLoginDesk: Sendable {
    let service: LMTPLogins
    let origin: LMTPOrigin
    let session: String

    /// What may be offered now. A banned client can deliver and cannot log in.
    func offer(_ channel: any Channel, _ current: LoginOffer) async -> LoginOffer {
        var offer = current
        guard let address = origin.address else { return offer }
        let facts = offer.isTLS ? await tlsFacts(channel) : nil
        offer.offersTLS = service.tls != nil
        offer.mechanisms =
            service.authenticator.mayConnect(address)
            ? service.authenticator.offered(connection(address, facts)).filter { $0 != .external } : []
        offer.mayLogIn = offer.isTLS || (origin.isLoopback && service.allowsPlaintextOnLoopback)
        return offer
    }

    func begin(_ mechanism: SASLMechanism, _ channel: any Channel, isTLS: Bool) async -> SASLConversation {
        let facts = isTLS ? await tlsFacts(channel) : nil
        return service.authenticator.begin(mechanism, connection(origin.address ?? "local", facts))
    }

    private func connection(_ address: String, _ facts: TLSFacts?) -> ClientConnection {
        ClientConnection(
            protocolName: "lmtp", scope: .smtp, remoteAddress: address, tls: facts, session: session, client: nil)
    }

    /// Of a handshake that is over.
    private func tlsFacts(_ channel: any Channel) async -> TLSFacts? {
        try? await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: TLSHandler.self)
            return TLSFacts(
                version: handler.version?.description ?? "", channelBinding: handler.channelBinding,
                certificateFingerprint: nil)
        }.get()
    }
}
