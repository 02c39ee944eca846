// Modified UTF-7: there and back, and every form that is not the one form.

import Mail
import TestSupport
import Testing

@Suite struct ModifiedUTF7Tests {
    @Test(arguments: [
        ("INBOX", "INBOX"), ("", ""), ("Sent & Received", "Sent &- Received"), ("&", "&-"), ("&&", "&-&-"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"), ("Entwürfe", "Entw&APw-rfe"),
        ("Żółw", "&AXsA8wFC-w"), ("😀", "&2D3eAA-"), ("é&é", "&AOk-&-&AOk-"), ("\u{7f}", "&AH8-"), ("\t", "&AAk-"),
        ("a\u{fffd}", "a&,,0-"),
    ])
    func thereAndBack(_ text: String, wire: String) {
        #expect(ModifiedUTF7.encode(text) == wire)
        #expect(ModifiedUTF7.decode(wire) == text)
    }

    @Test(
        "case 71: only the one form of a name is decoded",
        arguments: [
            "&", "a&", "&AOk", "a&b", "&AGE-", "&2AA-", "&2D0-", "&3gA-", "&AAA", "&AAA-x&", "&A-", "&AO-", "&AOl-",
            "&AOkA-", "&AOk=-", "&AOk-&AOk-", "&,-", "&U,BTFw", "é", "\u{7f}", "a\tb", "&ACY-", "&AOkAYQ-", "& -",
            "&/-",
            "&AOkAAAA-",
        ])
    func refused(_ wire: String) {
        #expect(ModifiedUTF7.decode(wire) == nil)
    }

    @Test("case 71: 8-bit bytes are refused")
    func eightBit() {
        #expect(ModifiedUTF7.decode([0xc3, 0xa9] as [UInt8]) == nil)
        #expect(ModifiedUTF7.decode([0x41, 0xff] as [UInt8]) == nil)
        #expect(ModifiedUTF7.decode([0] as [UInt8]) == nil)
    }

    @Test func whateverIsDecodedEncodesToTheSame() {
        var random = SeededRandom()
        let alphabet = Array("&-AOkaZ2D3,+/ e".utf8)
        var found = 0
        for _ in 0..<20_000 {
            let wire = (0..<Int.random(in: 0...9, using: &random)).compactMap { _ in
                alphabet.randomElement(using: &random)
            }
            guard let name = ModifiedUTF7.decode(wire) else { continue }
            found += 1
            #expect(ModifiedUTF7.encode(name) == text(wire))
        }
        #expect(found > 100)
    }

    @Test func longNamesAreLinear() {
        let long = String(repeating: "é&", count: 50_000)
        #expect(ModifiedUTF7.decode(ModifiedUTF7.encode(long)) == long)
        func wire(_ count: Int) -> String { ModifiedUTF7.encode(String(repeating: "éa", count: count / 6)) }
        #expect(growth(to: 400_000, of: wire) { _ = ModifiedUTF7.decode($0) } < 1.25)
    }
}
