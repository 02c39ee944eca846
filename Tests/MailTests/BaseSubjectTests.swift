// Base subjects: the procedure of RFC 5256 §2.1, step by step.

import Mail
import TestSupport
import Testing

@Suite struct BaseSubjectTests {
    @Test(
        "subjects and what is left of them",
        arguments: [
            ("", "", false), ("hello", "hello", false), (" \t hello \r\n  world ", "hello world", false),
            ("Re: hello", "hello", true), ("RE:hello", "hello", true), ("re : hello", "hello", true),
            ("Fw: hello", "hello", true), ("FWD: hello", "hello", true), ("Fwd : Re:  RE: hello", "hello", true),
            ("Re", "Re", false), ("Re hello", "Re hello", false), ("Reply: hello", "Reply: hello", false),
            ("fwdd: hello", "fwdd: hello", false), ("Aw: hello", "Aw: hello", false),
            // subj-blob before, within and after the marks
            ("[list] hello", "hello", false), ("[list] Re: hello", "hello", true), ("Re: [list] hello", "hello", true),
            ("Re[2]: hello", "hello", true), ("Re [2] : hello", "hello", true),
            ("Re[2][3]: hello", "Re[2][3]: hello", false),
            ("[a][b] Re: [c] hello", "hello", true), ("[a] [b] hello", "hello", false),
            // a blob is kept when nothing would be left without it
            ("[list]", "[list]", false), ("[a][b]", "[b]", false), ("Re: [list]", "[list]", true),
            ("[a [b] c", "[a [b] c", false), ("[open", "[open", false), ("[] hello", "hello", false),
            // trailers
            ("hello (fwd)", "hello", true), ("hello (FWD) (fwd) ", "hello", true), ("(fwd)", "", true),
            ("hello(fwd)", "hello", true), ("hello (fwd) x", "hello (fwd) x", false), ("Re: (fwd)", "", true),
            // [fwd: … ]
            ("[fwd: hello]", "hello", true), ("[Fwd: Re: hello (fwd)]", "hello", true),
            ("[fwd: [fwd: hello]]", "hello", true), ("[fwd: hello] x", "x", false), ("[fwd:]", "", true),
            ("[fwd: [list] hello]", "hello", true), ("[fwd:a", "[fwd:a", false),
            ("Re: [fwd: hello] (fwd)", "hello", true),
            ("Re:", "", true), ("Re: Fwd:", "", true), ("日本 Re: 語", "日本 Re: 語", false), ("Re: 日本語", "日本語", true),
        ])
    func extracts(_ subject: String, base: String, isReply: Bool) {
        let found = BaseSubject(subject)
        #expect(text(found.text) == base)
        #expect(found.isReplyOrForward == isReply)
    }

    @Test func whatIsExtractedStaysAsItIs() {
        for subject in ["Re: [a] b", "[fwd: x (fwd)]", "a  b"] {
            let once = BaseSubject(subject)
            let twice = BaseSubject(text(once.text))
            #expect(twice.text == once.text)
            #expect(!twice.isReplyOrForward)
        }
    }

    @Test(
        "subjects of many marks cost linear time",
        arguments: ["Re: ", "[a]", "[a] Re: ", "[fwd: ", "(fwd)", "[", "re[", " "])
    func linear(_ mark: String) {
        func marks(_ count: Int) -> String { String(repeating: mark, count: count) }
        let growth = growth(to: 40_000, of: marks) {
            _ = BaseSubject($0)
            _ = BaseSubject("x" + $0)
            _ = BaseSubject($0 + "x")
        }
        #expect(growth < 1.5)
    }
}
