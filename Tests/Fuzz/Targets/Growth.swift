// How the time of an input grows when it is repeated: the oracle of complexity.

import TestSupport

package enum Growth {
    /// Twice the input in two and a half times the time: the logarithm of 2.5 to base 2.
    package static let most = 1.32

    /// How the processor time grows with the size, as an exponent, when `bytes` are repeated up to `count` bytes, and
    /// eight times at least.
    /// - Throws: what is found in the longer input.
    package static func exponent(of bytes: [UInt8], to count: Int, _ body: FuzzTarget.Body) throws -> Double {
        guard !bytes.isEmpty else { return 0 }
        var found: (any Error)?
        let exponent = growth(to: max(count, 8 * bytes.count), of: { repeated(bytes, $0) }, clear: most) { input in
            do { try body(input) } catch { found = error }
        }
        if let found { throw found }
        return exponent
    }

    private static func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + bytes.count)
        while result.count < count { result += bytes }
        return result
    }
}
