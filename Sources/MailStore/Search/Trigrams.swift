// Runs of three characters: what the index knows of a text.

import Mail

enum Trigrams {
    /// Trigrams of a needle that are looked up: more of them exclude hardly anything more.
    static let most = 24

    /// Some trigrams of a folded needle, evenly spread, each once and as FTS5 is asked for it; none when it has fewer
    /// than three characters.
    static func queries(_ needle: SearchNeedle, most: Int = most) -> [String] {
        let scalars = Array(String(decoding: needle.key, as: UTF8.self).unicodeScalars)
        guard scalars.count >= 3 else { return [] }
        let count = scalars.count - 2
        let steps = min(most, count)
        var seen: Set<String> = []
        var queries: [String] = []
        for step in 0..<steps {
            // The first and the last are among them.
            let start = steps == 1 ? 0 : step * (count - 1) / (steps - 1)
            let trigram = scalars[start..<(start + 3)]
            // A NUL ends FTS5's text; in what is indexed something else stands for it.
            guard !trigram.contains("\0") else { continue }
            var query = "\""
            for scalar in trigram { query += scalar == "\"" ? "\"\"" : String(scalar) }
            query += "\""
            if seen.insert(query).inserted { queries.append(query) }
        }
        return queries
    }

    /// A folded text as FTS5 takes it in: without NUL.
    static func indexable(_ folded: [UInt8]) -> [UInt8] {
        folded.contains(0) ? folded.map { $0 == 0 ? 1 : $0 } : folded
    }
}
