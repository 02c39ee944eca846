// Addresses and networks: what is read, what is refused, who is inside.

import Accounts
import Glibc
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:0201", "192.0.2.1"), ("::", "::"), ("::1", "::1"),
        ("1::", "1::"), ("2001:DB8::0:1", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("fe80::1%eth0", "fe80::1"), ("::192.0.2.1", "::c000:201"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ])
    func reads(text: String, shown: String) throws {
        #expect(try #require(IPAddress(text)).description == shown)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.4%eth0",
        ":", ":::", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1.2.3", "1.2.3.4::",
        "1:2:3:4:5:6:7:8::",
        "[::1]", "localhost", "unix", "::1:", ":1::", "1:2:3:4:5:6:7:1.2.3.4", "::-1", "::+1", "+1.2.3.4",
    ])
    func refuses(text: String) { #expect(IPAddress(text) == nil) }
}

@Suite struct IPAddressDifferenceTests {
    @Test("what glibc reads we read, and as the same; what it refuses we refuse")
    func againstGlibc() throws {
        let seed = UInt64.random(in: 1 ... .max)
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "0", "1", "ff", "255", "256", "12345", "a", "g", ":", ":", ":", "::", "::", ".", ".", ".", "00", "f0f0",
        ]
        var good = 0
        for _ in 0..<100_000 {
            let text = (0..<(1 + next(17))).map { _ in pieces[next(pieces.count)] }.joined()
            let known = glibc(text)
            let ours = IPAddress(text)
            #expect((ours == nil) == (known == nil), "seed \(seed): \(text)")
            if let ours, let known {
                good += 1
                #expect(glibc(ours.description) == known, "seed \(seed): \(text) became \(ours)")
            }
        }
        #expect(good > 100, "seed \(seed)")
    }

    /// 16 bytes, IPv4 as IPv4-mapped.
    private func glibc(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
        guard inet_pton(AF_INET, text, &bytes) == 1 else { return nil }
        return [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + bytes.prefix(4)
    }
}

@Suite struct NetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3/8", "10.9.9.9", true),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
        ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.1", false), ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false), ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/33", "2001:db8:ffff::1", false), ("fe80::/10", "fe80::1%eth0", true),
        ("::ffff:10.0.0.0/104", "10.200.0.1", true), ("::ffff:10.0.0.0/104", "11.200.0.1", false),
        ("10.0.0.0/8", "nonsense", false), ("10.0.0.0/8", "", false), ("::1", "::1", true),
    ])
    func holds(network: String, address: String, isInside: Bool) throws {
        #expect(try Network(network).contains(address) == isInside)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129",
        "::ffff:10.0.0.0/8",
        "10.0.0/8", "fe80::1%eth0", "10.0.0.0 /8", "10.0.0.0/99999999999999999999",
    ])
    func refuses(text: String) {
        #expect(throws: Network.Problem.self) { try Network(text) }
    }

    @Test(arguments: [
        ("10.1.2.3/8", "10.0.0.0/8"), ("192.0.2.7/32", "192.0.2.7"), ("2001:db8::7/64", "2001:db8::/64"),
        ("::1/128", "::1"), ("0.0.0.0/0", "0.0.0.0/0"),
    ])
    func isShown(text: String, shown: String) throws {
        #expect(try Network(text).description == shown)
        #expect(try Network(Network(text).description) == Network(text))
    }

    @Test func lists() throws {
        #expect(try Network.list(" 10.0.0.0/8, ::1 ").map(\.description) == ["10.0.0.0/8", "::1"])
        #expect(throws: Network.Problem.self) { try Network.list("10.0.0.0/8 nonsense") }
    }
}
