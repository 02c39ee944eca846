// Charsets, transfer encodings, and texts that are compared.

import IMAPSyntax
import Mail

let textTargets = [
    FuzzTarget("charsets", "texts in charsets, through iconv; the first line names one", longest: 4_096) { bytes in
        let name = String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
        let text = Array(bytes.drop { $0 != 0x0a }.dropFirst())
        let decoded = Charset.decode(text, charset: name)
        // A byte is at most a letter with a mark that is a character of its own.
        try require(decoded.utf8.count <= 8 * text.count, "\(name): \(decoded.utf8.count) bytes of \(text.count)")
        if ["utf-8", "us-ascii", "iso-8859-1"].contains(name) { try require(Charset.isKnown(name), name) }
        _ = Charset.isKnown(name)
    },
    FuzzTarget("transfer-encoding", "base64 and quoted-printable, in pieces", longest: 2_048) { bytes in
        for encoding in [TransferEncoding.base64, .quotedPrintable, .identity] {
            let whole = TransferDecoder.decode(bytes, encoding)
            try require(whole.count <= bytes.count, "\(encoding): longer than it was")
            for pieces in Pieces.ways(bytes) {
                var decoder = TransferDecoder(encoding)
                var output: [UInt8] = []
                for piece in pieces { decoder.decode(piece.span, into: &output) }
                decoder.finish(into: &output)
                try requireEqual(output, whole, "\(encoding) in \(pieces.count) pieces")
            }
        }
        try requireEqual(TransferDecoder.decode(Base64.encode(bytes), .base64), bytes, "base64")
        try requireEqual(Base64.decode(Base64.encode(bytes)), bytes, "strict base64")
        if let strict = Base64.decode(bytes) { try requireEqual(Base64.encode(strict), bytes, "strict base64") }
        let escaped = bytes.flatMap { Array(($0 < 16 ? "=0" : "=").utf8) + Array(String($0, radix: 16).utf8) }
        try requireEqual(TransferDecoder.decode(escaped, .quotedPrintable), bytes, "quoted-printable")
    },
    FuzzTarget("folding", "texts without regard to case, and how names are spelt", longest: 1_024) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let key = CaseFolding.fold(text)
        try requireEqual(CaseFolding.fold(String(decoding: key, as: UTF8.self)), key, "folded again")
        let scalars = text.unicodeScalars
        let middle = scalars.index(scalars.startIndex, offsetBy: scalars.count / 2)
        let (head, tail) = (String(scalars[..<middle]), String(scalars[middle...]))
        try requireEqual(CaseFolding.fold(head) + CaseFolding.fold(tail), key, "folded in two pieces")
        try require(SearchNeedle(head).isFound(in: key) && SearchNeedle(tail).isFound(in: key), "a part is not found")
        if let prepared = SASLprep.prepared(text) {
            try requireEqual(SASLprep.prepared(prepared), prepared, "prepared again")
        }
        if let keyword = Keyword(text) { try requireEqual(Keyword(keyword.key), keyword, "keyword") }
        if let flags = Flags(name: text) {
            try requireEqual(flags.names.compactMap { Flags(name: $0) }, [flags], "flag")
        }
        if let rights = try? MailboxRights(letters: text) {
            try requireEqual(try? MailboxRights(letters: rights.text), rights, "rights")
        }
    },
]
