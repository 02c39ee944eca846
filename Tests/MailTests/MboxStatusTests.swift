// The fields of an mbox that hold flags.

import Mail
import Testing

private func pass(_ text: String, pieceSize: Int) -> (text: String, status: MboxStatus) {
    var status = MboxStatus()
    var result: [UInt8] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: pieceSize) {
        result += status.consume(Array(bytes[start..<min(bytes.count, start + pieceSize)]))
    }
    result += status.finish()
    return (String(decoding: result, as: UTF8.self), status)
}

@Test(
    "the file's fields are taken out and their flags noted, however the bytes come", arguments: [1, 2, 3, 7, 1000])
func takesFields(pieceSize: Int) {
    let (text, status) = pass(
        "Subject: x\nStatus: RO\nX-Status: AF\nX-Keywords: Work\n  Later\nX-UID: 5\nTo: a@b\n\nStatus: body\n",
        pieceSize: pieceSize)
    #expect(text == "Subject: x\nTo: a@b\n\nStatus: body\n")
    #expect(status.flags.names == ["\\Answered", "\\Flagged", "\\Seen", "Later", "Work"])
    #expect(!status.isFolderData)
}

@Test(
    "Thunderbird's bits",
    arguments: [
        ("0000", []), ("0001", ["\\Seen"]), ("1007", ["\\Answered", "\\Flagged", "\\Seen", "$Forwarded"]),
        ("0008", ["\\Deleted"]), ("zz", []), ("", []),
    ])
func mozilla(bits: String, flags: [String]) {
    let (text, status) = pass("X-Mozilla-Status: \(bits)\nX-Mozilla-Status2: 00000000\nSubject: x\n\n", pieceSize: 5)
    #expect(text == "Subject: x\n\n")
    #expect(status.flags.names == flags)
}

@Test(
    "what is no header goes through",
    arguments: ["", "\n", "\r\nStatus: RO\r\n", "no header at all", "Status", "Subject: x\r\nBroken\r\n\r\nStatus: R"])
func otherBytes(text: String) {
    let (passed, status) = pass(text, pieceSize: 1)
    #expect(passed == text)
    #expect(status.flags.isEmpty)
}

@Test("the folder record of UW programs is known")
func folderData() {
    let (_, status) = pass("Subject: DON'T DELETE THIS MESSAGE\nX-IMAP: 1 2\nStatus: RO\n\nx\n", pieceSize: 9)
    #expect(status.isFolderData)
}

@Test("a header without end is not held for ever")
func endlessHeader() {
    var status = MboxStatus()
    var passed = 0
    for _ in 0..<40 { passed += status.consume([UInt8](repeating: 0x61, count: 64 * 1024)).count }
    #expect(passed > 1 << 20)
    #expect(passed + status.finish().count == 40 * 64 * 1024)
}
