// Where a service listens, as people write it: `127.0.0.1:143`, `[::1]:143`, `unix:/run/martlet/lmtp.sock`.

/// An address and a port, or a unix socket.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// `host` is a numeric IPv4 or IPv6 address without brackets. Port 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// An absolute path of at most 107 bytes, the room that Linux has for it.
    case unix(path: String)

    package static let longestSocketPath = 107

    /// nil for anything that is not of the forms above. Names such as `localhost` are not looked up.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count <= Self.longestSocketPath, !path.utf8.contains(0) else {
                return nil
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            guard Self.isNumeric(inner, isIPv6: true) else { return nil }
            self = .tcp(host: inner, port: port)
        } else {
            guard Self.isNumeric(String(host), isIPv6: false) else { return nil }
            self = .tcp(host: String(host), port: port)
        }
    }

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    private static func port(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.utf8.count <= 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        return port
    }

    /// Without a zone: what listens on one interface says so by that interface's own address.
    private static func isNumeric(_ host: String, isIPv6: Bool) -> Bool {
        let bytes = host.utf8
        return IPAddress(host) != nil && bytes.contains(UInt8(ascii: ":")) == isIPv6
            && !bytes.contains(UInt8(ascii: "%"))
    }
}
