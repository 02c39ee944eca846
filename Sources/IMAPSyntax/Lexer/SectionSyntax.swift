// The section of BODY[…] (RFC 3501 §6.4.5).

import Mail

extension Lexer {
    // RFC 3501 §9: section = "[" [section-spec] "]"
    // section-spec = section-msgtext / (section-part ["." section-text])
    mutating func section() throws(SyntaxError) -> Section {
        try expect("[")
        var path: [UInt32] = []
        while let byte = peek(), byte.isASCIIDigit {
            guard path.count < limits.sectionDepth else { throw SyntaxError("the section is nested too deep") }
            path.append(try nzNumber("a part number"))
            guard take(".") else {
                try expect("]")
                return Section(path: path, text: nil)
            }
        }
        if path.isEmpty, take("]") { return Section(path: [], text: nil) }
        let text = try sectionText(inPart: !path.isEmpty)
        try expect("]")
        return Section(path: path, text: text)
    }

    // RFC 3501 §9: section-text = section-msgtext / "MIME"
    // section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
    private mutating func sectionText(inPart: Bool) throws(SyntaxError) -> SectionText {
        let start = position
        while let byte = peek(), byte.isASCIILetter || byte == UInt8(ascii: "."), position - start < 32 {
            position += 1
        }
        let name = String(decoding: bytes[start..<position], as: UTF8.self).asciiUppercased
        switch name {
        case "HEADER": return .header
        case "TEXT": return .text
        case "MIME" where inPart: return .mime
        case "HEADER.FIELDS":
            try space()
            return .headerFields(try headerList())
        case "HEADER.FIELDS.NOT":
            try space()
            return .headerFieldsNot(try headerList())
        default: throw SyntaxError("unknown section \"\(name)\"")
        }
    }

    // RFC 3501 §9: header-list = "(" header-fld-name *(SP header-fld-name) ")"
    private mutating func headerList() throws(SyntaxError) -> [String] {
        try expect("(")
        var names: [String] = []
        repeat {
            guard names.count < limits.headerFields else { throw SyntaxError("too many header fields") }
            names.append(try headerFieldName())
        } while takeSpace()
        try closeList()
        return names
    }

    // RFC 3501 §9: header-fld-name = astring; RFC 5322 §2.2: printable US-ASCII without ":"
    mutating func headerFieldName() throws(SyntaxError) -> String {
        let name = try astring("a header field name")
        guard !name.isEmpty, name.count <= 998, name.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") })
        else { throw SyntaxError("a header field name is printable US-ASCII without spaces and colons") }
        return String(decoding: name, as: UTF8.self)
    }
}
