// Rights by their letters, and what SETACL makes of them.

import Mail
import Testing

@Suite struct MailboxRightsTests {
    @Test func everyRightHasItsLetter() throws {
        #expect(MailboxRights.all.text == "lrswipkxtea")
        #expect(try MailboxRights(letters: "lrswipkxtea") == .all)
        for (letter, right) in MailboxRights.letters {
            #expect(try MailboxRights(letters: String(letter)) == right)
            #expect(right.text == String(letter))
        }
    }

    @Test("RFC 4314 §2.1.1: c and d stand for the rights that replaced them, and are told with them")
    func obsoleteRights() throws {
        #expect(try MailboxRights(letters: "c").text == "kx")
        #expect(try MailboxRights(letters: "lrswicda").text == "lrswikxtea")
        #expect(try MailboxRights(letters: "lrk").wireText == "lrkc")
        #expect(try MailboxRights(letters: "e").wireText == "ed")
        #expect(try MailboxRights(letters: "lr").wireText == "lr")
    }

    @Test(arguments: ["lrQ", "lr0", "lr ", "é", "lr+", "+l+", "--l"])
    func unknownRightsAreRefused(text: String) {
        #expect(throws: MailboxRights.UnknownRight.self) { try RightsChange(text) }
    }

    @Test func changes() throws {
        let old = try MailboxRights(letters: "lrs")
        #expect(try RightsChange("+cda").applied(to: old).text == "lrskxtea")
        #expect(try RightsChange("-rs").applied(to: old).text == "l")
        #expect(try RightsChange("ip").applied(to: old).text == "ip")
        #expect(try RightsChange("").applied(to: old) == .none)
        #expect(try RightsChange("+").applied(to: old) == old)
    }
}
