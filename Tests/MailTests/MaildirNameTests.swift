// What the names in a Maildir say.

import Mail
import Testing

@Test(
    "flags are read from a file's name",
    arguments: [
        ("1500000000.M1P2.host:2,", []), ("1500000000.M1P2.host:2,S", ["\\Seen"]),
        ("1500000000.M1P2.host:2,DFPRST", ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "$Forwarded"]),
        ("1500000000.M1P2.host,U=7:2,FS", ["\\Flagged", "\\Seen"]), ("1.x;2,S", ["\\Seen"]), ("1.x!2,S", ["\\Seen"]),
        ("1500000000.M1P2.host", []), ("a:2,b:2,S", ["\\Seen"]), ("1.x:2,Sab", ["\\Seen", "Important", "Work"]),
        ("1.x:2,Sz?", ["\\Seen"]), ("1.x:1,S", []), (":2,", []), ("", []),
    ])
func readsFlags(name: String, flags: [String]) throws {
    let keywords = DovecotKeywords.parse("0 Important\n1 Work\nx y\n99 Far\n3\n")
    #expect(MaildirName(name, keywords: keywords).flags.names == flags)
}

@Test(
    "the time of delivery begins the name", arguments: [("1500000000.M1.h:2,S", Int64(1_500_000_000)), ("msg.1", nil)])
func readsDelivery(name: String, time: Int64?) { #expect(MaildirName(name).delivered == time) }

@Test("a name that was made is read back")
func namesRoundTrip() throws {
    var keywords = DovecotKeywords()
    let flags = Flags([.seen, .draft], keywords: Set(["$Forwarded", "Work", "Later"].compactMap { Keyword($0) }))
    let letters = MaildirName.letters(for: flags) { keywords.letter(for: $0) }
    let name = MaildirName.make(
        date: MailDate(secondsSince1970: 1_600_000_000), number: 3, process: 4, host: "a/b:c", fileSize: 10, size: 12,
        letters: letters)
    #expect(name == "1600000000.P4Q3.a_b_c,S=10,W=12:2,DPSab")
    #expect(MaildirName(name, keywords: DovecotKeywords.parse(keywords.text)).flags == flags)
}

@Test("only 26 keywords have letters")
func keywordsHaveAnEnd() throws {
    var keywords = DovecotKeywords()
    let letters = try (0..<30).map { keywords.letter(for: try #require(Keyword("k\($0)"))) }
    #expect(letters.compactMap(\.self).count == 26)
    #expect(letters[25] == UInt8(ascii: "z"))
    #expect(letters[26] == nil)
}

@Test(
    "folders of Maildir++ are read and written",
    arguments: [
        ("INBOX", ""), ("Sent", ".Sent"), ("Lists/Swift", ".Lists.Swift"), ("Entwürfe", ".Entw&APw-rfe"),
        ("v1.2/a&b", ".v1&AC4-2.a&-b"), ("日本", ".&ZeVnLA-"),
        (".\u{739}", ".&AC4-&Bzk-"),
    ])
func foldersRoundTrip(mailbox: String, directory: String) throws {
    #expect(MaildirFolder.directory(of: try MailboxName(mailbox)) == directory)
    if !directory.isEmpty {
        #expect(MaildirFolder.levels(of: directory)?.joined(separator: "/") == mailbox)
    }
}

@Test(
    "folders in UTF-8 stay as they are",
    arguments: [(".Entwürfe", ["Entwürfe"]), (".R&D", ["R&D"]), (".a..b", ["a", "b"])])
func foldersInUTF8(directory: String, levels: [String]) { #expect(MaildirFolder.levels(of: directory) == levels) }

@Test("what does not begin with a dot is no folder of Maildir++", arguments: ["cur", ".", ""])
func otherDirectories(directory: String) { #expect(MaildirFolder.levels(of: directory) == nil) }
