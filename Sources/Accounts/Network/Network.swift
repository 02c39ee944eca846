// Networks in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3): who is inside.

/// A network of IPv4 or IPv6 addresses. An IPv4 network holds IPv4 addresses alone, an IPv6 network IPv6 alone.
package struct Network: Hashable, Sendable, CustomStringConvertible {
    /// The lowest address.
    package let address: IPAddress
    /// Leading bits that count, of 32 or of 128.
    package let prefixLength: Int

    package enum Problem: Error, Hashable, Sendable {
        case notANetwork(String)
        case prefixLength(String, most: Int)

        package var explanation: String {
            switch self {
            case .notANetwork(let text):
                "\"\(text)\" is no network; write an address or a network, such as 192.0.2.0/24 or 2001:db8::/32"
            case .prefixLength(let text, let most):
                "\"\(text)\" is no network: what stands behind the \"/\" must be a number from 0 to \(most)"
            }
        }
    }

    /// The network of `address` with this many leading bits; more or fewer than there are count as all or none.
    package init(_ address: IPAddress, prefixLength: Int) {
        let width = address.isIPv4 ? 32 : 128
        let length = min(max(0, prefixLength), width)
        self.prefixLength = length
        let hostBits = width - length
        let hosts: UInt128 = hostBits == 128 ? .max : (1 << UInt128(hostBits)) - 1
        self.address = IPAddress(bits: address.bits & ~hosts)
    }

    /// Reads `192.0.2.0/24`, `2001:db8::/32` or one address. Bits beyond the prefix are taken for zero.
    package init(_ text: String) throws(Problem) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.contains("%"), let address = IPAddress(String(first)) else {
            throw .notANetwork(text)
        }
        let isWrittenAsIPv4 = !first.contains(":")
        let most = isWrittenAsIPv4 ? 32 : 128
        var length = most
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]),
                given <= most
            else { throw .prefixLength(text, most: most) }
            length = given
        }
        if address.isIPv4, !isWrittenAsIPv4 {
            guard length >= 96 else { throw .notANetwork(text) }
            length -= 96
        }
        self.init(address, prefixLength: length)
    }

    /// Reads several, separated by spaces or commas.
    package static func list(_ text: String) throws(Problem) -> [Network] {
        var networks: [Network] = []
        for part in text.split(whereSeparator: { $0 == " " || $0 == "," }) {
            networks.append(try Network(String(part)))
        }
        return networks
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.isIPv4 == address.isIPv4 && Network(other, prefixLength: prefixLength).address == address
    }

    /// False for what is no address.
    package func contains(_ text: String) -> Bool {
        guard let other = IPAddress(text) else { return false }
        return contains(other)
    }

    /// `192.0.2.0/24`; a single address without its length.
    package var description: String {
        prefixLength == (address.isIPv4 ? 32 : 128) ? "\(address)" : "\(address)/\(prefixLength)"
    }
}

extension Sequence<Network> {
    /// Whether one of them holds the address; false for what is no address.
    package func contains(address text: String) -> Bool {
        guard let address = IPAddress(text) else { return false }
        return contains { $0.contains(address) }
    }
}
