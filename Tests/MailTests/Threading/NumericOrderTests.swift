// Sorting by numbers: as a comparison would, stable, whatever the numbers are.

import Mail
import TestSupport
import Testing

@Suite struct NumericOrderTests {
    @Test("as a stable sort by comparison", arguments: [0, 1, 255, 256, 257, 5_000])
    func same(count: Int) {
        var generator = SeededRandom()
        let ranges: [ClosedRange<Int64>] = [
            0...0, 0...3, -5...5, 1_600_000_000...1_800_000_000, .min ... .max, .min ... (.min + 2),
            (.max - 2) ... .max,
        ]
        for range in ranges {
            let keys = (0..<count).map { _ in Int64.random(in: range, using: &generator) }
            let expected = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
            #expect(NumericOrder.ascending(keys) == expected, "\(range) \(keys.prefix(20))")
        }
    }
}
