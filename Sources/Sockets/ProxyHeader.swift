// The PROXY protocol's header, version 2: what a proxy says of the connection that it passes on.
//
// Theory. The header is the first thing on the connection: a signature of 12 bytes that no text protocol begins with, a
// byte of version and command, one of address family and transport, two of length, and that many bytes of addresses and
// TLVs. `read` looks at what there is without taking anything until all of it is there, and says that it is wrong
// as soon as a byte is: who is expected to send a header and sends something else is not waited for. Version 1, a line
// of text, is not read. TLVs are passed over: nothing here is decided by them.

package import NIOCore

/// What a header says.
package enum ProxyHeader: Sendable, Equatable {
    /// The proxy speaks for itself (its health check): the connection's own addresses hold.
    case local
    /// The client that the proxy stands for, and the address that it came to.
    case proxied(source: SocketAddress, destination: SocketAddress)

    /// Whose connection it is; nil when it is the proxy's own.
    package var source: SocketAddress? {
        if case .proxied(let source, _) = self { source } else { nil }
    }

    /// The most bytes that may follow the first 16. The addresses take 12 or 36; TLVs with a client certificate's
    /// names and ALPN a few hundred.
    package static let longestRest = 2_048

    /// What the bytes that have come so far amount to.
    package enum Outcome: Sendable, Equatable {
        /// More must come.
        case incomplete
        case header(ProxyHeader)
        /// No header of version 2; the reason is for the log.
        case malformed(String)
    }

    static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
    private static let headLength = 16

    /// Takes a whole header out of the buffer; leaves the buffer alone while it is incomplete.
    package static func read(_ buffer: inout ByteBuffer) -> Outcome {
        guard zip(buffer.readableBytesView, signature).allSatisfy({ $0 == $1 }) else {
            return .malformed("no PROXY protocol version 2 header")
        }
        let start = buffer.readerIndex
        guard let versionAndCommand = buffer.getInteger(at: start + 12, as: UInt8.self) else { return .incomplete }
        guard versionAndCommand >> 4 == 2 else { return .malformed("version \(versionAndCommand >> 4), not 2") }
        guard versionAndCommand & 0xf <= 1 else { return .malformed("unknown command \(versionAndCommand & 0xf)") }
        guard let family = buffer.getInteger(at: start + 13, as: UInt8.self),
            let length = buffer.getInteger(at: start + 14, as: UInt16.self).map(Int.init)
        else { return .incomplete }
        guard length <= longestRest else { return .malformed("\(length) bytes of addresses and TLVs are too many") }
        guard buffer.readableBytes >= headLength + length else { return .incomplete }
        buffer.moveReaderIndex(forwardBy: headLength)
        guard var rest = buffer.readSlice(length: length) else { return .incomplete }
        if versionAndCommand & 0xf == 0 { return .header(.local) }
        return addresses(family: family, &rest)
    }

    /// Only TCP over IPv4 and IPv6: a connection passed on from anything else has no address that could be limited,
    /// logged or banned.
    private static func addresses(family: UInt8, _ rest: inout ByteBuffer) -> Outcome {
        let size: Int
        switch family {
        case 0x11: size = 4
        case 0x21: size = 16
        default: return .malformed("address family and transport \(family) are not TCP over IPv4 or IPv6")
        }
        guard let source = rest.readSlice(length: size), let destination = rest.readSlice(length: size),
            let sourcePort = rest.readInteger(as: UInt16.self),
            let destinationPort = rest.readInteger(as: UInt16.self),
            let from = try? SocketAddress(packedIPAddress: source, port: Int(sourcePort)),
            let to = try? SocketAddress(packedIPAddress: destination, port: Int(destinationPort))
        else { return .malformed("too short for its addresses") }
        return .header(.proxied(source: from, destination: to))
    }
}
