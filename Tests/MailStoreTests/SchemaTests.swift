// The schema's scripts: numbered in their order, and never changed once released.

import Schema
import Testing

@Suite struct SchemaTests {
    /// FNV-1a, 64 bits, of each script as released. A released script is never edited: add the next one.
    static let released: [String: UInt64] = [
        "V001_account": 0xfde0_7e74_5291_cd01,
        "V002_search": 0xbe4e_f37b_5c50_bf37,
        "V001_directory": 0xe37a_d5f1_d08d_919c,
        "V002_credentials": 0xa5ea_fea6_52ce_209d,
    ]

    static let families: [[SchemaStep]] = [SchemaScripts.account, SchemaScripts.directory]

    @Test(arguments: families)
    func stepsAreNumberedInOrder(steps: [SchemaStep]) {
        let numbers = steps.map { Int($0.name.dropFirst().prefix { $0 != "_" }) ?? 0 }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } && numbers.first == 1)
        #expect(steps.allSatisfy { $0.name.prefix { $0 != "_" }.count == 4 && $0.name.hasPrefix("V") })
    }

    @Test(arguments: families)
    func releasedStepsAreAsReleased(steps: [SchemaStep]) {
        for step in steps {
            guard let hash = Self.released[step.name] else { continue }
            #expect(Self.hash(step.sql) == hash, "\(step.name) was released and must not change")
        }
    }

    @Test func hashIsFNV1a() {
        #expect(Self.hash("a") == 0xaf63_dc4c_8601_ec8c)
    }

    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

/// A test's name says which script, not all of it.
extension SchemaStep: CustomTestStringConvertible {
    public var testDescription: String { name }
}
