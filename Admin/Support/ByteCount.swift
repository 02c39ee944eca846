// Sizes as people write them: 500M, 5G, 1.5 GiB.

/// A number of bytes.
struct ByteCount: Hashable, Sendable {
    let bytes: Int64

    init(_ bytes: Int64) { self.bytes = bytes }

    private static let units: [(name: String, exponent: Int)] = [("K", 1), ("M", 2), ("G", 3), ("T", 4)]

    /// `4096`, `500M`, `5G`, `1.5GiB` (powers of 1024) or `5GB` (powers of 1000). nil for anything else, for what is
    /// below 1, and for more than 8 EiB.
    init?(_ text: String) {
        var number = text.uppercased().filter { $0 != " " }[...]
        var factor = 1.0
        let isDecimal = number.hasSuffix("B") && !number.hasSuffix("IB")
        if number.hasSuffix("IB") { number = number.dropLast(2) } else if isDecimal { number = number.dropLast() }
        if let unit = ByteCount.units.first(where: { number.hasSuffix($0.name) }) {
            number = number.dropLast()
            for _ in 0..<unit.exponent { factor *= isDecimal ? 1000 : 1024 }
        } else if text.uppercased().hasSuffix("IB") {
            return nil
        }
        guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }), let value = Double(number),
            let bytes = Int64(exactly: (value * factor).rounded()), bytes > 0
        else { return nil }
        self.bytes = bytes
    }

    /// `512 B`, `3.4 KiB`, `5.0 GiB`.
    var text: String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes) / 1024
        var unit = 0
        while value >= 1024, unit < 3 {
            value /= 1024
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(ByteCount.units[unit].name)iB"
    }
}
