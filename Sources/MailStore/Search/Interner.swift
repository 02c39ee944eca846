// Texts as numbers: the same number for the same text, each text kept once.

/// An open table over one array of bytes. Hashed with the process's secret, so that nobody can choose texts that meet.
struct Interner: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// Of each number's text.
    private var hashes: [Int32] = []
    /// Numbers, -1 where there is none; their count is a power of two, and at least a half of them is free.
    private var table = [Int32](repeating: -1, count: 16)

    var count: Int { ends.count }
    /// Of memory.
    var size: Int { bytes.capacity + 8 * ends.capacity + 4 * hashes.capacity + 4 * table.capacity }

    /// The text's number, the next one when it is new.
    mutating func number(of text: UnsafeRawBufferPointer) -> Int32 {
        var hasher = Hasher()
        hasher.combine(bytes: text)
        let hash = Int32(truncatingIfNeeded: hasher.finalize())
        var place = Int(UInt32(bitPattern: hash)) & (table.count - 1)
        while table[place] >= 0 {
            if holds(text, at: Int(table[place]), hash) { return table[place] }
            place = (place + 1) & (table.count - 1)
        }
        let number = Int32(truncatingIfNeeded: ends.count)
        table[place] = number
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        hashes.append(hash)
        if ends.count * 2 > table.count { grow() }
        return number
    }

    private func holds(_ text: UnsafeRawBufferPointer, at number: Int, _ hash: Int32) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        return hashes[number] == hash && ends[number] - start == text.count
            && bytes[start..<ends[number]].elementsEqual(text)
    }

    private mutating func grow() {
        table = [Int32](repeating: -1, count: table.count * 2)
        for (number, hash) in hashes.enumerated() {
            var place = Int(UInt32(bitPattern: hash)) & (table.count - 1)
            while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
            table[place] = Int32(truncatingIfNeeded: number)
        }
    }
}
