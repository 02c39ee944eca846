// A small random generator with a seed (SplitMix64), so that a failure can be repeated.

import Foundation

package struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// With a seed of its own, which is printed; MARTLET_SEED repeats one.
    package init(for test: String = #function) {
        let given = ProcessInfo.processInfo.environment["MARTLET_SEED"].flatMap { UInt64($0) }
        let seed = given ?? .random(in: 0 ... .max)
        print("seed \(seed) of \(test)")
        self.init(seed: seed)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    package mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    package mutating func isOneIn(_ count: Int) -> Bool { number(1...count) == 1 }
    package mutating func one<C: Collection>(of values: C) -> C.Element { values.randomElement(using: &self)! }
    package mutating func some<T: Hashable>(of values: [T]) -> [T] { values.filter { _ in isOneIn(2) } }
}
