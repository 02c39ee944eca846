// The PROXY header's decoder: lawful headers, whole and byte by byte, and everything that is none.

import NIOCore
import Testing

@testable import Sockets

/// Builds headers as the specification has them (haproxy.org, proxy-protocol.txt, section 2.2).
enum Header {
    static func bytes(
        versionAndCommand: UInt8 = 0x21, family: UInt8 = 0x11, rest: [UInt8], length: Int? = nil
    ) -> [UInt8] {
        let length = UInt16(length ?? rest.count)
        return ProxyHeader.signature + [versionAndCommand, family, UInt8(length >> 8), UInt8(length & 0xff)] + rest
    }

    static let v4Addresses: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0xd4, 0x31, 0x03, 0xe1]
    static let v6Addresses: [UInt8] =
        [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [7]
        + [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1] + [0xd4, 0x31, 0x03, 0xe1]
    /// PP2_TYPE_ALPN "imap" and PP2_TYPE_NOOP of five bytes.
    static let tlvs: [UInt8] = [0x01, 0, 4, 0x69, 0x6d, 0x61, 0x70, 0x04, 0, 5, 1, 2, 3, 4, 5]
}

@Suite struct ProxyHeaderTests {
    private static func proxied(_ source: String, _ destination: String) throws -> ProxyHeader {
        .proxied(
            source: try SocketAddress(ipAddress: source, port: 54_321),
            destination: try SocketAddress(ipAddress: destination, port: 993))
    }

    private static let lawful: [(name: String, bytes: [UInt8], source: String?, destination: String)] = [
        ("v4", Header.bytes(rest: Header.v4Addresses), "192.0.2.7", "198.51.100.1"),
        ("v4 with TLVs", Header.bytes(rest: Header.v4Addresses + Header.tlvs), "192.0.2.7", "198.51.100.1"),
        ("v6", Header.bytes(family: 0x21, rest: Header.v6Addresses), "2001:db8::7", "2001:db8::1"),
        (
            "v6 with TLVs", Header.bytes(family: 0x21, rest: Header.v6Addresses + Header.tlvs), "2001:db8::7",
            "2001:db8::1"
        ),
        ("local", Header.bytes(versionAndCommand: 0x20, family: 0, rest: []), nil, ""),
        ("local with addresses", Header.bytes(versionAndCommand: 0x20, rest: Header.v4Addresses), nil, ""),
        (
            "the longest",
            Header.bytes(rest: Header.v4Addresses + [UInt8](repeating: 0, count: ProxyHeader.longestRest - 12)),
            "192.0.2.7", "198.51.100.1"
        ),
    ]

    @Test("lawful headers, whole and byte by byte, with the client's first bytes behind", arguments: lawful.indices)
    func reads(index: Int) throws {
        let (name, bytes, source, destination) = Self.lawful[index]
        let expected = try source.map { try Self.proxied($0, destination) } ?? .local
        for count in 0..<bytes.count {
            var part = ByteBuffer(bytes: bytes.prefix(count))
            #expect(ProxyHeader.read(&part) == .incomplete, "\(name), \(count) bytes")
            #expect(part.readableBytes == count, "\(name), \(count) bytes")
        }
        var buffer = ByteBuffer(bytes: bytes + Array("a NOOP\r\n".utf8))
        #expect(ProxyHeader.read(&buffer) == .header(expected), "\(name)")
        #expect(String(buffer: buffer) == "a NOOP\r\n")
    }

    private static let unlawful: [(name: String, bytes: [UInt8])] = [
        ("a command", Array("a LOGIN x y\r\n".utf8)),
        ("version 1", Array("PROXY TCP4 192.0.2.7 198.51.100.1 54321 993\r\n".utf8)),
        ("a ClientHello", [0x16, 0x03, 0x01]),
        ("almost the signature", Array(ProxyHeader.signature.dropLast()) + [0x0d]),
        ("version 1 in binary", Header.bytes(versionAndCommand: 0x11, rest: Header.v4Addresses)),
        ("version 3", Header.bytes(versionAndCommand: 0x31, rest: Header.v4Addresses)),
        ("an unknown command", Header.bytes(versionAndCommand: 0x22, rest: Header.v4Addresses)),
        ("no addresses", Header.bytes(family: 0x00, rest: [])),
        ("UDP", Header.bytes(family: 0x12, rest: Header.v4Addresses)),
        ("a unix socket", Header.bytes(family: 0x31, rest: [UInt8](repeating: 0x2f, count: 216))),
        ("an unknown family", Header.bytes(family: 0xf1, rest: Header.v4Addresses)),
        ("v4, a byte too short", Header.bytes(rest: Header.v4Addresses.dropLast())),
        ("v6 with the addresses of v4", Header.bytes(family: 0x21, rest: Header.v4Addresses)),
        ("a rest of 10 KB", Header.bytes(rest: [], length: 10_240)),
        ("the longest that can be said", Header.bytes(rest: [], length: 65_535)),
    ]

    @Test("case 154: what is no header of version 2 is refused", arguments: unlawful.indices)
    func refuses(index: Int) {
        let (name, bytes) = Self.unlawful[index]
        var whole = ByteBuffer(bytes: bytes)
        guard case .malformed = ProxyHeader.read(&whole) else {
            Issue.record("\(name) was taken")
            return
        }
        // Byte by byte: refused at some point, never taken.
        for count in 0..<bytes.count {
            var part = ByteBuffer(bytes: bytes.prefix(count))
            if case .header(let header) = ProxyHeader.read(&part) { Issue.record("\(name): \(header)") }
        }
    }

    @Test("case 154: random bytes behind the signature", arguments: [0x5eed_0001, 0x5eed_0002] as [UInt64])
    func random(seed: UInt64) {
        var state = seed
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        for _ in 0..<5_000 {
            let tail = (0..<Int(next() % 64)).map { _ in next() }
            var buffer = ByteBuffer(bytes: ProxyHeader.signature + tail)
            let before = buffer.readableBytes
            switch ProxyHeader.read(&buffer) {
            case .incomplete: #expect(buffer.readableBytes == before, "seed \(seed)")
            case .header, .malformed: #expect(buffer.readableBytes <= before, "seed \(seed)")
            }
        }
    }
}
