// Whole words and what stands between them: what the index of words knows of a text.
//
// Theory. The trigrams of a needle say where it may be found, and each message that has them is still to be read. Most
// of what people look for are whole words, though, with a blank between two of them. So the words of each text are
// indexed with their places, and only words that one blank separates become neighbours there: where FTS5 finds the
// needle's words as a phrase, the folded text holds the needle, byte for byte. Where it does not find them the text may
// hold the needle all the same, as a part of words or beyond what is taken for a word.

import Mail

enum IndexedWords {
    /// Bytes of a word; longer ones are nobody's words, and would make the index large.
    static let longest = 64
    /// What stands for anything but a word or one blank: no word has it.
    private static let gap = UInt8(ascii: "_")

    /// Letters and digits of ASCII in upper case, and all other characters.
    private static func isWord(_ byte: UInt8) -> Bool { byte >= 0x80 || byte.isASCIILetter || byte.isASCIIDigit }

    /// Adds a folded text as FTS5 takes it in; its words are no neighbours of those before it.
    static func append(_ folded: [UInt8], to output: inout [UInt8]) {
        output.reserveCapacity(output.count + folded.count + folded.count / 8)
        var isGap = false
        func end() {
            guard !isGap else { return }
            output += [0x20, gap, 0x20]
            isGap = true
        }
        end()
        var index = 0
        while index < folded.count {
            var next = index + 1
            if isWord(folded[index]) {
                while next < folded.count, isWord(folded[next]) { next += 1 }
                if next - index <= longest {
                    output += folded[index..<next]
                    isGap = false
                } else {
                    end()
                }
            } else {
                while next < folded.count, !isWord(folded[next]) { next += 1 }
                if next == index + 1, folded[index] == 0x20 { output.append(0x20) } else { end() }
            }
            index = next
        }
    }

    /// The needle as FTS5 is asked for it; nil when it is not words with one blank between two of them.
    static func query(_ needle: SearchNeedle) -> String? {
        guard !needle.key.isEmpty else { return nil }
        let words = needle.key.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.allSatisfy({ 1...longest ~= $0.count && $0.allSatisfy(isWord) }) else { return nil }
        return "\"" + String(decoding: needle.key, as: UTF8.self) + "\""
    }
}
