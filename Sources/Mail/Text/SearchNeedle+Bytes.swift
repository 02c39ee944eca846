// Finding a needle in the bytes of a part as they were sent, which says yes long before the text is decoded.
//
// Theory. A text that is found to hold a needle need not be decoded. That is certain where the needle's key is
// printable ASCII, the part's charset writes ASCII as ASCII and nothing else as such bytes, and its transfer encoding
// leaves the bytes as they are: then they are letters of the text, side by side, and folding changes the case of each
// alone. In quoted-printable that is so for bytes that are not the digits behind a `=`; blanks at the end of a line
// vanish, so the needle must not end in one. HTML is left out: what stands in a tag is not text. No says nothing.

extension SearchNeedle {
    /// True only when `isFound(in:)` would be true of the part's text, decoded and folded. Linear.
    /// - Parameter bytes: of the part's body, or of its beginning.
    package func isSurelyFound(inBytes bytes: [UInt8], of part: PartIndex.Part) -> Bool {
        guard isPlain, part.subtype != "html", Charset.writesASCII(part.charset) else { return false }
        switch part.encoding {
        case .identity: return end(in: CaseFolding.asciiUppercased(bytes), from: 0) != nil
        case .quotedPrintable: return isFound(quotedPrintable: CaseFolding.asciiUppercased(bytes))
        case .base64, .unknown: return false
        }
    }

    private var isPlain: Bool {
        guard let last = key.last, last != 0x20 else { return false }
        return key.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "=") }
    }

    private func isFound(quotedPrintable bytes: [UInt8]) -> Bool {
        var from = 0
        while let end = end(in: bytes, from: from) {
            let start = end - key.count
            if !bytes[max(0, start - 2)..<start].contains(UInt8(ascii: "=")) { return true }
            from = end
        }
        return false
    }
}
