// UIDONLY: a client that has enabled it names no message by its place, and is told of none by its place.

import IMAPSyntax

extension Session {
    /// RFC 9586 §3.
    static let uidRequired = Completion.bad(
        "Once UIDONLY is enabled, messages are named by their UIDs alone.", code: .uidRequired)

    /// Why a command may not be given once UIDONLY is enabled; nil when it may.
    func refusal(ofNumbersIn command: Command) -> Completion? {
        enabled.isUIDOnly && command.countsMessages ? Session.uidRequired : nil
    }
}

extension Command {
    /// It is the form without UID of a command that has both, or names a message by its sequence number elsewhere
    /// (RFC 9586 §3.2, §3.5, §3.7, §3.8).
    var countsMessages: Bool {
        if CommandTable.rule(for: name).usesSequenceNumbers, !isUIDForm { return true }
        return switch self {
        case .select(let select), .examine(let select): select.resync?.match != nil
        default: searchKey?.namesSequenceNumbers == true
        }
    }
}
