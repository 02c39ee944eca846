// The URLs of CATENATE.

import IMAPSyntax
import Mail
import Testing

struct MessageURLTests {
    private func url(_ text: String) -> MessageURL? { MessageURL(Array(text.utf8), limits: .standard) }

    @Test("RFC 5092: mailbox, UIDVALIDITY, UID, section and partial")
    func whole() throws {
        let all = try #require(url("/a%20b/c;UIDVALIDITY=7/;UID=20/;SECTION=1.2.HEADER/;PARTIAL=5.10"))
        #expect(all.mailbox == "a b/c" && all.uidValidity == 7 && all.uid.rawValue == 20)
        #expect(all.section == Section(path: [1, 2], text: .header))
        #expect(all.partial == FetchPartial(offset: 5, count: 10))
        let bare = try #require(url("/INBOX/;uid=1"))
        #expect(bare.mailbox == "INBOX" && bare.uidValidity == nil && bare.section == .whole && bare.partial == nil)
        #expect(url("/Entw%C3%BCrfe/;UID=1")?.mailbox == "Entw\u{fc}rfe")
        #expect(url("/a/;UID=1/;section=HEADER.FIELDS%20(To%20Cc)")?.section.text == .headerFields(["To", "Cc"]))
        #expect(url("/a/;UID=1/;PARTIAL=5")?.partial == FetchPartial(offset: 5, count: .max))
        #expect(url("/a&b=c:d@e/;UID=1")?.mailbox == "a&b=c:d@e")
    }

    @Test(
        "RFC 4469: what is no URL of a message on this server",
        arguments: [
            "", "/", "//", "a/;UID=1", ";UID=1", "/;UID=1", "//host/a/;UID=1", "imap://u@h/a/;UID=1", "/a", "/a/",
            "/a;UID=1", "/a/;UID=0", "/a/;UID=", "/a/;UID=x", "/a/;UID=4294967296", "/a/;UID=+1", "/a/;UID=1/",
            "/a;UIDVALIDITY=0/;UID=1", "/a;UIDVALIDITY=1;UID=1", "/a;UIDVALIDITY=1/", "/a/;UID=1/;SECTION=",
            "/a/;UID=1/;SECTION=FOO", "/a/;UID=1/;SECTION=1]", "/a/;UID=1/;SECTION=%31%5D%5B", "/a/;UID=1/;SECTION=0",
            "/a/;UID=1/;PARTIAL=", "/a/;UID=1/;PARTIAL=1.0", "/a/;UID=1/;PARTIAL=1.2.3", "/a/;UID=1/;PARTIAL=-1",
            "/a/;UID=1/;PARTIAL=1/;SECTION=1", "/a/;UID=1/;URLAUTH=x", "/a/;UID=1;EXPIRE=x", "/a%/;UID=1",
            "/a%2/;UID=1", "/a%zz/;UID=1", "/%ff/;UID=1", "/a b/;UID=1", "/\u{e9}/;UID=1", "/a/;UID=1\r\n",
        ])
    func wrong(_ text: String) {
        #expect(url(text) == nil)
    }
}
