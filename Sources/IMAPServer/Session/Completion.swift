// How a command ends: its tagged reply, or a refusal thrown on the way to it.

import IMAPSyntax

/// A tagged reply without its tag.
struct Completion: Hashable, Sendable {
    var condition: ResponseCondition
    var code: ResponseCode?
    var text: String
    /// HIGHESTMODSEQ is to be its code, as it is once everything is announced (RFC 7162 §3.2.7).
    var tellsHighestModSeq = false

    static func ok(_ text: String, code: ResponseCode? = nil) -> Completion {
        Completion(condition: .ok, code: code, text: text)
    }

    static func no(_ text: String, code: ResponseCode? = nil) -> Completion {
        Completion(condition: .no, code: code, text: text)
    }

    static func bad(_ text: String, code: ResponseCode? = nil) -> Completion {
        Completion(condition: .bad, code: code, text: text)
    }
}

/// A command's end that is known before its work is done; thrown by the functions that check.
struct Refusal: Error, Hashable, Sendable {
    let completion: Completion

    init(_ completion: Completion) { self.completion = completion }
}

/// The command has written its own last line, or the session's: nothing is to be added.
struct Replied: Error {}
