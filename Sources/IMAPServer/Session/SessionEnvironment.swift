// What a session is given at its beginning: the services it uses and the facts of its connection.

import Accounts
import Logging
import MailCrypto
import MailStore
import NIOCore

struct SessionEnvironment: Sendable {
    let store: MailStore.Store
    let authenticator: Authenticator
    /// nil when the service has no TLS.
    let tls: ReloadableTLSContext?
    let settings: IMAPSettings
    let logger: Logger
    /// The session's name in the log.
    let sessionID: String
    /// The client's address without its port.
    let remoteAddress: String
    /// Both ends of the connection are on this machine.
    let isLoopback: Bool
}

/// What the service keeps of a session while it lasts.
struct SessionHandle: Sendable {
    let channel: any Channel
    let gate: ChannelGate
    let login: LoginSlot
}
