// Who is at the other end of a unix socket, as the kernel says.

package import NIOCore

#if canImport(Glibc)
import Glibc
#endif

/// The process that connected, as it was when it did (SO_PEERCRED, unix(7)). The layout is the kernel's `struct ucred`.
package struct PeerCredentials: Sendable, Equatable {
    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32

    /// Of an accepted connection on a unix socket; fails for other channels.
    package static func of(_ channel: any Channel) -> EventLoopFuture<PeerCredentials> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        return provider.unsafeGetSocketOption(level: .socket, name: .init(rawValue: SO_PEERCRED))
    }
}
