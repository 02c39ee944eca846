// What other servers got wrong in IMAP, by number: a test of ours names each, as in `pitfall 27: …`.

enum Pitfalls {
    /// A sentence for each number. The tests that name it show what it is about.
    static let all: [Int: String] = [
        1: "commands in one packet with DONE are carried out",
        2: "a continuation is `+` and a space",
        3: "tagged replies come in the order of the commands, and so do their effects",
        4: "SEARCH that finds nothing answers with an empty SEARCH",
        5: "`*` is the last message on either side of a range, and UID FETCH n:* has at least it",
        6: "NOOP sends no STATUS of the selected mailbox",
        7: "FETCH by numbers that are none, such as UIDs, is BAD",
        8: "a literal behind a syntax error is swallowed",
        9: "plain text behind STARTTLS is never carried out",
        10: "a compressed reply is flushed whole",
        11: "names of any letters, in modified UTF-7 unless UTF-8 was enabled",
        12: "no raw UTF-8 in ENVELOPE and BODYSTRUCTURE unless it was enabled",
        13: "APPEND UTF8 (~{…} that was not enabled is refused and its literal eaten",
        14: "INBOX has no case, in any command",
        15: "OLDNAME and \\NonExistent only for those who asked",
        16: "special uses stand in plain LIST",
        17: "the usual names, one special use each, subscribed",
        18: "no prefix, and / as delimiter",
        19: "SUBSCRIBE of what CREATE and RENAME subscribed is OK",
        20: "RFC822.SIZE is what is sent",
        21: "structures have encodings, sizes, boundaries and dispositions",
        22: "envelopes are well formed whatever is missing",
        23: "status responses have text",
        24: "FETCH RFC822 is answered",
        25: "INTERNALDATE is kept by APPEND, COPY and import",
        26: "APPENDUID and COPYUID are right, COPY keeps keywords, MOVE of what is moved already is OK",
        27: "HIGHESTMODSEQ is never 0, ENABLE QRESYNC enables CONDSTORE, CHANGEDSINCE 0 is taken, .SILENT tells MODSEQ",
        28: "UIDs and modification sequences become visible in one order",
        29: "UIDVALIDITY is never 0 nor used again, UIDNEXT has its end, SELECT tells one state",
        30: "UIDONLY is not offered unasked",
        31: "IDLE keeps alive and takes what clients send",
        32: "UIDVALIDITY is kept across restarts and moves",
        33: "memory of literals and arguments, brackets before login, parameter bombs, cyclic MIME, SASL of others",
        34: "ID changes no behaviour",
    ]

    /// The numbers that names of tests carry: `pitfall 5`, `pitfalls 2, 25, 26`, `pitfall 3, case 83`.
    static func named(in text: String) -> Set<Int> {
        Set(
            text.matches(of: /(?:\b|_)[Pp]itfalls?[ _](\d+(?:(?:, | and |_)\d+)*)/).flatMap { match in
                match.1.matches(of: /\d+/).compactMap { Int($0.0) }
            })
    }

    /// What stands in the tests, TidyTests left out.
    static let tested = SourceTree.files
        .filter { $0.path.hasPrefix("Tests/") && !$0.path.hasPrefix("Tests/TidyTests/") }
        .reduce(into: Set<Int>()) { $0.formUnion(named(in: $1.text)) }
}
