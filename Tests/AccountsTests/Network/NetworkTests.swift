// Addresses and networks: what is read, what is refused, who is inside.

import Accounts
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
