// Names of mailboxes: modified UTF-7, and what may be a mailbox's name.

import Mail

let mailboxNameTargets = [
    FuzzTarget("utf7", "modified UTF-7: one form of every name", longest: 512) { bytes in
        if let text = ModifiedUTF7.decode(bytes) {
            try requireEqual(Array(ModifiedUTF7.encode(text).utf8), bytes, "decoded to \(text.debugDescription)")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let encoded = ModifiedUTF7.encode(text)
        try require(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }, "not printable: \(encoded.debugDescription)")
        try requireEqual(
            ModifiedUTF7.decode(encoded).map { Array($0.unicodeScalars) }, Array(text.unicodeScalars), encoded)
    },
    FuzzTarget("mailbox-name", "mailbox names: one spelling of each, levels, order", longest: 1_200) { bytes in
        let halves = bytes.split(separator: 0x0a, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
        let names = halves.compactMap { try? MailboxName($0) }
        for name in names {
            try requireEqual(try? MailboxName(name.text), name, "the name of a name")
            try require(name.text.utf8.count <= MailboxName.longest, "too long")
            try require(name.elements.count <= MailboxName.deepest, "too deep")
            try requireEqual(name.elements.joined(separator: "/"), name.text, "its levels")
            try requireEqual(ModifiedUTF7.decode(ModifiedUTF7.encode(name.text)), name.text, "on the wire")
            try require(name.ancestors.allSatisfy { $0.isAncestor(of: name) && $0 < name }, "its ancestors")
        }
        guard let first = names.first, let last = names.last else { return }
        try require([first < last, last < first, first == last].count { $0 } == 1, "the order of \(first), \(last)")
    },
]
