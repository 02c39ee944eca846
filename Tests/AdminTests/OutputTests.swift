// What is printed.

import Testing

@testable import martlet

@Test("columns are aligned, and nothing stored steers the terminal")
func tables() {
    var table = Table([("NAME", .left), ("SIZE", .right)])
    table.add(["Entwürfe", "5"])
    table.add(["a\u{1b}[31m\nb", "1234"])
    #expect(table.text == "NAME      SIZE\nEntwürfe     5\na?[31m?b  1234")
}

@Test("facts without a value are left out")
func factSheets() {
    #expect(FactSheet.text([("Name", nil), ("Used", "1 B"), ("Status", "active")]) == "Used:   1 B\nStatus: active")
}

@Test("JSON has sorted keys and plain slashes")
func json() throws {
    struct Facts: Encodable {
        let path = "/a/b"
        let count = 1
        let missing: Int? = nil
    }
    #expect(try Output.json(Facts()) == "{\n  \"count\" : 1,\n  \"path\" : \"/a/b\"\n}")
}

@Test("moments are shown in UTC")
func moments() { #expect(Moment.text(Moment.date(1_600_000_000)) == "2020-09-13 12:26 UTC") }

@Test(
    "how far a command is",
    arguments: [
        (Int64(50), Int64(100), 80, "[##########..........] 50 %  3 messages  50 B  5 B/s  10 s left"),
        (2048, 0, 80, "3 messages  2.0 KiB  204 B/s"), (50, 100, 30, "[##########..........] 50 %  "),
    ])
func progress(done: Int64, total: Int64, columns: Int, line: String) {
    #expect(ProgressBar.line(done: done, total: total, messages: 3, elapsed: .seconds(10), columns: columns) == line)
}

@Test(
    "nouns have their plural",
    arguments: [(0, "message", "0 messages"), (1, "account", "1 account"), (2, "mailbox", "2 mailboxes")])
func plurals(number: Int, noun: String, text: String) { #expect(Output.count(number, noun) == text) }
