// Where a connection comes from, as far as we may believe it: its own address, or the one that a trusted proxy tells.

import Accounts
import NIOCore
import Sockets

/// Of one connection; used on its event loop alone, and settled before its session begins.
final class ConnectionOrigin {
    private(set) var address: SocketAddress?
    private(set) var isProxied = false
    private let isLocal: Bool

    init(_ channel: any Channel) {
        address = channel.remoteAddress
        isLocal = (channel.remoteAddress?.isLoopback ?? true) && (channel.localAddress?.isLoopback ?? true)
    }

    func take(_ header: ProxyHeader) {
        guard let source = header.source else { return }
        address = source
        isProxied = true
    }

    /// Both ends are on this machine. Not so for a client behind a proxy on this machine, whatever its address.
    var isLoopback: Bool { isLocal && !isProxied }

    /// Without the port; nil on a unix socket.
    var ipAddress: String? { address?.ipAddress }
}

extension SocketAddress {
    /// 127.0.0.0/8, ::1, the same mapped into IPv6, and unix sockets.
    fileprivate var isLoopback: Bool {
        guard let ip = ipAddress else { return true }
        return ip == "::1" || ip.hasPrefix("127.") || ip.hasPrefix("::ffff:127.")
    }
}
