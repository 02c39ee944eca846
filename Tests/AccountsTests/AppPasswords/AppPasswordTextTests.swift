// The text of app passwords: made, read in every spelling, and told from everything else.

import Accounts
import Testing

private func parse(_ text: String) -> AppPasswordText? { AppPasswordText.parse(Array(text.utf8)) }

@Suite struct AppPasswordTextTests {
    @Test("case 126: spaces, dashes, case, O for 0, I and L for 1 make no difference")
    func spellings() throws {
        for _ in 0..<50 {
            let made = try AppPasswordText.make()
            let shown = made.display
            #expect(shown.count == 39)
            #expect(shown.split(separator: "-").allSatisfy { $0.count == 4 })
            let plain = shown.filter { $0 != "-" }
            let sloppy = plain.uppercased().replacing("0", with: "O").replacing("1", with: "I")
            let variants = [
                shown, plain, shown.uppercased(), shown.replacing("-", with: " "), "  \(shown) ", sloppy,
                plain.replacing("1", with: "l").replacing("0", with: "o"), shown.replacing("-", with: "\u{2011}"),
                shown.replacing("-", with: "\u{a0}"),
            ]
            for variant in variants { #expect(parse(variant) == made, "\(variant)") }
            #expect(made.publicID == plain.prefix(5))
            #expect(made.spellings == [Array(shown.utf8), Array(plain.utf8)])
            #expect(made.secret == Array(plain.utf8))
        }
    }

    @Test("a wrong letter anywhere and neighbours that changed places are noticed")
    func checksum() throws {
        let letters = try AppPasswordText.make().secret
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        for place in letters.indices {
            for other in alphabet where other != letters[place] {
                var wrong = letters
                wrong[place] = other
                #expect(AppPasswordText.parse(wrong) == nil)
            }
            if place + 1 < letters.count, letters[place] != letters[place + 1] {
                var swapped = letters
                swapped.swapAt(place, place + 1)
                #expect(AppPasswordText.parse(swapped) == nil)
            }
        }
    }

    @Test func isNotTakenForAnother() throws {
        let letters = String(decoding: try AppPasswordText.make().secret, as: UTF8.self)
        for text in [
            "", "-", "password", String(letters.dropLast()), letters + "0",
            letters.replacing(letters.prefix(1), with: "u"), letters + "\n", "é" + letters.dropFirst(),
            String(repeating: "-", count: 2_000) + letters,
        ] {
            #expect(parse(text) == nil, "\(text)")
        }
        #expect(AppPasswordText.parse([UInt8](repeating: 0xff, count: 32)) == nil)
    }

    @Test("130 bits of secret and 25 of id: no two are alike")
    func areRandom() throws {
        var secrets: Set<[UInt8]> = []
        for _ in 0..<1_000 { secrets.insert(Array(try AppPasswordText.make().secret.dropFirst(5))) }
        #expect(secrets.count == 1_000)
    }
}
