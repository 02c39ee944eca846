// What FUZZY makes of a text: words, which may be parts of other words or a letter or two away from them.
//
// Theory. A text's score is the mean of what the needle's words reach in it: 100 for the word itself, less for a word
// that begins with it, holds it, or is about it (by letters to be changed, at most two), nothing for a word that is not
// there. The whole needle as it stands scores 100. Both lengths are bounded, and a word of the text is compared letter
// by letter only when its length fits; so the work is linear in the text, whatever it holds (RFC 6203 §8).

package import Mail

/// A pure value.
package struct FuzzyNeedle: Hashable, Sendable {
    /// What a message must reach to be found.
    package static let enough = 40
    static let mostWords = 16
    static let longestWord = 64

    package let whole: SearchNeedle
    let words: [[UInt8]]
    private let letters: [UInt32]

    package init(_ text: String) {
        whole = SearchNeedle(text)
        var words: [[UInt8]] = []
        FuzzyNeedle.forEachWord(of: whole.key) { word in
            if words.count < FuzzyNeedle.mostWords { words.append(Array(word)) }
        }
        self.words = words
        letters = words.map { FuzzyNeedle.letters($0[...]) }
    }

    /// - Parameter text: folded by `CaseFolding.fold`.
    /// - Returns: 0 ... 100.
    package func score(in text: [UInt8]) -> Int {
        // One word is found below, and scored by how it stands there.
        if words.count != 1, whole.isFound(in: text) { return 100 }
        guard !words.isEmpty else { return 0 }
        var best = [Int](repeating: 0, count: words.count)
        FuzzyNeedle.forEachWord(of: text) { word in
            for (place, wanted) in words.enumerated() where best[place] < 100 {
                best[place] = max(best[place], FuzzyNeedle.likeness(wanted, letters[place], word))
            }
        }
        return best.reduce(0, +) / best.count
    }

    /// Letters, digits, and everything beyond US-ASCII, as many as stand together; the beginnings of longer ones.
    private static func forEachWord(of text: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
        var start: Int?
        for (index, byte) in text.enumerated() {
            let isLetter = byte >= 0x80 || byte.isASCIILetter || byte.isASCIIDigit
            if isLetter, start == nil { start = index }
            if !isLetter, let from = start {
                body(text[from..<min(index, from + longestWord)])
                start = nil
            }
        }
        if let from = start { body(text[from..<min(text.count, from + longestWord)]) }
    }

    /// A bit for each letter that is there. A letter changed, added or left out changes two of them at most.
    private static func letters(_ word: ArraySlice<UInt8>) -> UInt32 { word.reduce(0) { $0 | 1 << UInt32($1 & 31) } }

    private static func likeness(_ wanted: [UInt8], _ letters: UInt32, _ word: ArraySlice<UInt8>) -> Int {
        if wanted.count == word.count, wanted.elementsEqual(word) { return 100 }
        if wanted.count >= 3, word.count > wanted.count {
            if word.starts(with: wanted) { return 90 }
            if holds(word, wanted) { return 80 }
        }
        if word.count >= shortestBeginning, wanted.starts(with: word) { return 70 }
        let most = mostEdits(of: wanted)
        guard most > 0, abs(wanted.count - word.count) <= most,
            (letters ^ FuzzyNeedle.letters(word)).nonzeroBitCount <= 2 * most,
            let distance = distance(wanted, word, atMost: most)
        else { return 0 }
        return 80 - 15 * distance
    }

    /// How many letters of a word may be others.
    private static func mostEdits(of wanted: [UInt8]) -> Int { wanted.count >= 8 ? 2 : wanted.count >= 4 ? 1 : 0 }

    /// A word of the text that the wanted one begins with has so many bytes at least.
    private static let shortestBeginning = 4

    /// What a text holds, one or the other and up to so many edits away, in which something is like the word.
    static func variants(of wanted: [UInt8]) -> [(text: [UInt8], edits: Int)] {
        var variants = [(text: wanted, edits: mostEdits(of: wanted))]
        if wanted.count > shortestBeginning {
            var end = shortestBeginning
            while end < wanted.count, wanted[end] & 0xc0 == 0x80 { end += 1 }
            variants.append((text: Array(wanted[..<end]), edits: 0))
        }
        return variants
    }

    private static func holds(_ word: ArraySlice<UInt8>, _ wanted: [UInt8]) -> Bool {
        word.indices.dropLast(wanted.count - 1).contains { word[$0...].starts(with: wanted) }
    }

    /// Letters to change, add, leave out, or swap with their neighbour; nil when they are more than `most`.
    private static func distance(_ one: [UInt8], _ other: ArraySlice<UInt8>, atMost most: Int) -> Int? {
        let other = Array(other)
        var before: [Int] = []
        var last = Array(0...other.count)
        for (row, letter) in one.enumerated() {
            var next = [row + 1]
            for (column, wanted) in other.enumerated() {
                var cost = min(last[column] + (letter == wanted ? 0 : 1), last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, letter == other[column - 1], one[row - 1] == wanted {
                    cost = min(cost, before[column - 1] + 1)
                }
                next.append(cost)
            }
            guard next.contains(where: { $0 <= most }) else { return nil }
            before = last
            last = next
        }
        let distance = last[other.count]
        return distance <= most ? distance : nil
    }
}
