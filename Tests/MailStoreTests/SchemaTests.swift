// The schema's scripts: numbered in their order, and never changed once released.

import Schema
import Testing

@Suite struct SchemaTests {
    /// FNV-1a, 64 bits, of each script as released. A released script is never edited: add the next one.
    static let released: [String: UInt64] = [
        "V001_account": 0xfde0_7e74_5291_cd01,
        "V002_search": 0xbe4e_f37b_5c50_bf37,
        "V003_sharing": 0xf1d0_8df3_7e96_71a3,
        "V004_metadata": 0xbc8a_9c01_e79d_8963,
        "V005_preview": 0x64e3_ce89_cece_81e4,
        "V006_sharing": 0x581e_3903_df4c_557d,
        "V007_headers": 0x7a58_27a2_c649_2874,
        "V008_words": 0x51ea_9824_30c3_85d3,
        "V009_outlines": 0x7bb4_d1e4_b991_fef1,
        "V010_restored": 0xf5ab_9705_7cf8_71f4,
        "V001_directory": 0xe37a_d5f1_d08d_919c,
        "V002_credentials": 0xa5ea_fea6_52ce_209d,
        "V003_capabilities": 0xb9ea_47ec_2dcf_34bc,
        "V004_shares": 0x180e_30fb_dca2_7c21,
    ]

    static let families: [[SchemaStep]] = [SchemaScripts.account, SchemaScripts.directory]

    @Test(arguments: families)
    func stepsAreNumberedInOrder(steps: [SchemaStep]) {
        let numbers = steps.map { Int($0.name.dropFirst().prefix { $0 != "_" }) ?? 0 }
        #expect(numbers == Array(1...steps.count))
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
