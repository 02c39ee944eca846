// What a session is given at its beginning: the services it uses and the facts of its connection.

import Accounts
import Logging
import MailCrypto
import MailStore
import NIOCore
import Sockets

struct SessionEnvironment: Sendable {
    let store: MailStore.Store
    let authenticator: Authenticator
    let liveSessions: LiveSessions
    /// nil where nobody counts them.
    let descriptors: DescriptorBudget?
    /// nil when the service has no TLS.
    let tls: ReloadableTLSContext?
    /// Whether TLS asks for a client certificate: somebody has one enrolled.
    let asksForCertificate: Bool
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
    /// How long a session that must end may take over its last words. What ends one must have done so within a second
    /// of the change in the directory, which itself may take a quarter of one to be noticed.
    private static let leaveTime = TimeAmount.milliseconds(500)

    let channel: any Channel
    let gate: ChannelGate
    let login: LoginSlot

    /// Has the session take its leave, and cuts it off if it does not: it waits for a client that does not read, or is
    /// in the midst of a long command.
    func end(_ reason: Wake) {
        gate.raise(reason)
        // The time begins on the loop, behind the session that was just woken there: where the loop is late, it would
        // otherwise be over before the session has had its turn.
        channel.eventLoop.execute {
            channel.eventLoop.scheduleTask(in: SessionHandle.leaveTime) { cutOff(because: "cut off") }
        }
    }

    /// Ends the connection without a word; `reason` is for the log.
    func cutOff(because reason: String) {
        gate.ended(because: reason)
        channel.close(promise: nil)
    }
}
