// BODYSTRUCTURE on the wire (RFC 3501 §7.4.2): one part's fields, and the whole tree put together.

/// The fields of one part, ready for the wire, without size, children and brackets.
struct PartFields {
    /// Leaf: `"text" "plain" (…) id description "7BIT"`; multipart: `"mixed"`.
    var basic: [UInt8]
    /// Leaf: ` md5 disposition language location`; multipart: ` (…) disposition language location`.
    var extensions: [UInt8]
    /// Of a message; empty for other parts.
    var envelope: [UInt8]

    init(_ header: PartHeader, _ type: ContentType, kind: PartIndex.Kind, isMessage: Bool) {
        basic = []
        extensions = []
        envelope = []
        if kind == .multipart {
            WireString.append(type.subtype, to: &basic)
            extensions.append(0x20)
            PartFields.append(type.parameters, defaultCharset: false, to: &extensions)
        } else {
            appendLeaf(header, type, isText: kind == .text)
            extensions.append(0x20)
            WireString.append(header.md5, to: &extensions)
        }
        appendExtensions(header)
        if isMessage { header.envelope.appendWireForm(to: &envelope) }
    }

    private mutating func appendLeaf(_ header: PartHeader, _ type: ContentType, isText: Bool) {
        WireString.append(type.type, to: &basic)
        basic.append(0x20)
        WireString.append(type.subtype, to: &basic)
        basic.append(0x20)
        PartFields.append(type.parameters, defaultCharset: isText, to: &basic)
        basic.append(0x20)
        WireString.append(header.id, to: &basic)
        basic.append(0x20)
        WireString.append(header.description, to: &basic)
        basic.append(0x20)
        WireString.append(header.encodingName ?? Array("7BIT".utf8), to: &basic)
    }

    private mutating func appendExtensions(_ header: PartHeader) {
        extensions.append(0x20)
        if let disposition = header.disposition {
            extensions.append(UInt8(ascii: "("))
            WireString.append(disposition.value, to: &extensions)
            extensions.append(0x20)
            PartFields.append(disposition.parameters, defaultCharset: false, to: &extensions)
            extensions.append(UInt8(ascii: ")"))
        } else {
            extensions += WireString.NIL
        }
        extensions.append(0x20)
        PartFields.append(header.languages, to: &extensions)
        extensions.append(0x20)
        WireString.append(header.location, to: &extensions)
    }

    private static func append(_ languages: [[UInt8]], to output: inout [UInt8]) {
        guard !languages.isEmpty else {
            output += WireString.NIL
            return
        }
        output.append(UInt8(ascii: "("))
        for (index, language) in languages.enumerated() {
            if index > 0 { output.append(0x20) }
            WireString.append(language, to: &output)
        }
        output.append(UInt8(ascii: ")"))
    }

    private static func append(_ parameters: Parameters, defaultCharset: Bool, to output: inout [UInt8]) {
        let hasCharset = parameters.raw("charset") != nil
        guard !parameters.list.isEmpty || defaultCharset else {
            output += WireString.NIL
            return
        }
        output.append(UInt8(ascii: "("))
        for (index, parameter) in parameters.list.enumerated() {
            if index > 0 { output.append(0x20) }
            WireString.append(parameter.name, to: &output)
            output.append(0x20)
            WireString.append(parameter.value, to: &output)
        }
        if defaultCharset, !hasCharset {
            if !parameters.list.isEmpty { output.append(0x20) }
            output += "\"charset\" \"us-ascii\"".utf8
        }
        output.append(UInt8(ascii: ")"))
    }
}

enum BodyStructure {
    /// A multipart must have a part (RFC 3501 §9, body-type-mpart), so one without any shows this.
    private static let emptyPart = Array(
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 0 0 NIL NIL NIL NIL)".utf8)

    /// - Parameters:
    ///   - parts: in preorder.
    ///   - fields: one for each part.
    static func wireForm(_ parts: [PartIndex.Part], _ fields: [PartFields]) -> [UInt8] {
        var output: [UInt8] = []
        // What must follow once the part at `end` is reached; the last one ends first.
        var open: [(index: Int, last: Int)] = []
        let lastDescendant = lastDescendants(parts)
        for index in parts.indices where index < fields.count {
            begin(parts[index], fields[index], isEmpty: lastDescendant[index] == index, to: &output)
            if parts[index].kind == .message {
                // Its one child follows in place: the envelope is the child's.
                output.append(0x20)
                if index + 1 < fields.count { output += fields[index + 1].envelope }
                output.append(0x20)
            }
            open.append((index, lastDescendant[index]))
            while let top = open.last, top.last == index {
                end(parts[top.index], fields[top.index], to: &output)
                open.removeLast()
            }
        }
        return output
    }

    /// For each part the index of the last part inside it, its own when there is none.
    private static func lastDescendants(_ parts: [PartIndex.Part]) -> [Int] {
        var result = Array(parts.indices)
        for index in parts.indices.reversed() {
            if let parent = parts[index].parent, parent < index { result[parent] = max(result[parent], result[index]) }
        }
        return result
    }

    private static func begin(
        _ part: PartIndex.Part, _ fields: PartFields, isEmpty: Bool, to output: inout [UInt8]
    ) {
        output.append(UInt8(ascii: "("))
        if part.kind == .multipart {
            if isEmpty { output += emptyPart }
        } else {
            output += fields.basic
            output.append(0x20)
            output += String(part.body.count).utf8
        }
    }

    private static func end(_ part: PartIndex.Part, _ fields: PartFields, to output: inout [UInt8]) {
        switch part.kind {
        case .multipart:
            output.append(0x20)
            output += fields.basic
        case .text, .message:
            output.append(0x20)
            output += String(part.bodyLines).utf8
        case .other: break
        }
        output += fields.extensions
        output.append(UInt8(ascii: ")"))
    }
}
