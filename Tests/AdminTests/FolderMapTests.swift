// Where a source's folders go.

import Mail
import Testing

@testable import martlet

@Test(
    "folders keep their names unless a rule says otherwise",
    arguments: [
        ("", "INBOX"), ("Sent", "Sent"), ("Sent Items", "Sent"), ("Old/2019", "Archive/2019"), ("Old", "Archive"),
        ("Old/Work/x", "Work/x"), ("Older", "Older"), ("inbox/a", "INBOX/a"),
    ])
func maps(folder: String, mailbox: String) throws {
    let rules = try ["Sent Items=Sent", "Old=Archive", "Old/Work=Work"].map(FolderMap.rule)
    let map = FolderMap(rules: rules, root: .inbox)
    #expect(try map.mailbox(for: folder.split(separator: "/").map(String.init)).text == mailbox)
}

@Test("a rule needs both sides and a possible mailbox", arguments: ["", "a", "a=", "=b", "a=b//c", "a=*"])
func refusesRules(text: String) { #expect(throws: Typed.Mistake.self) { try FolderMap.rule(text) } }

@Test("a folder that cannot be a mailbox is refused with advice")
func refusesFolders() throws {
    let map = FolderMap(rules: [], root: .inbox)
    #expect {
        try map.mailbox(for: ["a*b"])
    } throws: { error in
        "\(error)".contains("--map \"a*b=NEW\"")
    }
}

@Test("rules that match nothing are told")
func unusedRules() throws {
    let map = FolderMap(rules: try ["Snet=Sent", "INBOX=Old"].map(FolderMap.rule), root: .inbox)
    #expect(map.unused(for: [["Sent"], ["Inbox"]]).map(\.old) == [["Snet"]])
}
