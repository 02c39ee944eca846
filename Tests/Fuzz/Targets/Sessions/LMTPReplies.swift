// Replies of SMTP taken apart (RFC 5321 §4.2): each with its code, whatever number of lines it has.

struct LMTPReply: Hashable {
    let code: Int
    /// Of the last line, behind the code.
    let text: String

    /// All replies in the bytes, which must be whole and well formed.
    static func all(in bytes: [UInt8]) throws -> [LMTPReply] {
        var replies: [LMTPReply] = []
        var open: Int?
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let end = rest.firstIndex(of: 0x0a), end > rest.startIndex, rest[end - 1] == 0x0d else {
                throw Finding("half a line: \(String(decoding: rest, as: UTF8.self))")
            }
            let line = rest[..<(end - 1)]
            rest = rest[(end + 1)...]
            let text = String(decoding: line, as: UTF8.self)
            guard line.count >= 4, line.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }), let code = Int(text.prefix(3)),
                (200..<600).contains(code), open == nil || open == code
            else { throw Finding("no line of a reply: \(text)") }
            switch text.dropFirst(3).first {
            case "-": open = code
            case " ":
                open = nil
                replies.append(LMTPReply(code: code, text: String(text.dropFirst(4))))
            default: throw Finding("no line of a reply: \(text)")
            }
        }
        try require(open == nil, "half a reply")
        return replies
    }
}
