// Connections counted in and out, in all and by source.

import NIOCore
import Testing

@testable import IMAPServer

@Suite struct ConnectionCountsTests {
    @Test func bounds() {
        var counts = ConnectionCounts()
        let sources: [String?] = ["a", "a", "a", nil, "b"]
        let admitted = sources.map { counts.admit($0, most: 3, mostPerSource: 2) }
        #expect(admitted == [true, true, false, true, false], "the third of one source, the fourth in all")
        counts.leave("a")
        let again = counts.admit("a", most: 3, mostPerSource: 2)
        #expect(again)
        for source in ["a", "a", nil] { counts.leave(source) }
        #expect(counts.total == 0)
    }

    @Test(
        arguments: [
            ("192.0.2.7", "192.0.2.7"), ("127.0.0.1", nil), ("127.8.9.1", nil), ("::1", nil),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"), ("2001:db8::6", "2001:db8:0:0"), ("fe80::1", "fe80:0:0:0"),
            ("::ffff:192.0.2.7", "::ffff:192.0.2.7"), ("::ffff:127.0.0.1", nil),
        ])
    func sources(address: String, source: String?) throws {
        let address = try SocketAddress(ipAddress: address, port: 1)
        #expect(ConnectionCounts.source(of: address) == source)
    }

    @Test func unixSocketsHaveNoSource() throws {
        #expect(ConnectionCounts.source(of: try SocketAddress(unixDomainSocketPath: "/x")) == nil)
        #expect(ConnectionCounts.source(of: nil) == nil)
    }
}
