// Which bytes of a message a section means.

extension PartIndex {
    /// The bytes of BODY[section] within the message; for HEADER.FIELDS the header block that `HeaderFilter` must then
    /// filter. nil when the message has no such part (RFC 3501 §6.4.5).
    package func range(of section: Section) -> Range<Int>? {
        guard let last = section.path.last else { return range(of: section.text) }
        guard let index = part(at: section.path, last: last) else { return nil }
        switch section.text {
        case nil: return parts[index].body
        case .mime: return parts[index].header
        case .header, .headerFields, .headerFieldsNot: return inner(of: index)?.header
        case .text: return inner(of: index)?.body
        }
    }

    /// Of the message itself.
    private func range(of text: SectionText?) -> Range<Int>? {
        switch text {
        case nil: 0..<size
        case .header, .headerFields, .headerFieldsNot: parts[0].header
        case .text: parts[0].body
        case .mime: nil
        }
    }

    /// The message inside a message/rfc822 part.
    private func inner(of index: Int) -> Part? {
        guard parts[index].kind == .message, index + 1 < parts.count, parts[index + 1].parent == index else {
            return nil
        }
        return parts[index + 1]
    }

    /// The part with this number, `1` being the body of what is no multipart.
    package func part(at path: [UInt32]) -> Int? {
        guard let last = path.last else { return nil }
        return part(at: path, last: last)
    }

    private func part(at path: [UInt32], last: UInt32) -> Int? {
        var container = 0
        for number in path.dropLast() {
            guard let index = numbered(number, in: container) else { return nil }
            switch parts[index].kind {
            case .multipart: container = index
            case .message where index + 1 < parts.count && parts[index + 1].parent == index: container = index + 1
            case .message, .text, .other: return nil
            }
        }
        return numbered(last, in: container)
    }

    /// - Parameter container: a multipart, or a message of any kind.
    private func numbered(_ number: UInt32, in container: Int) -> Int? {
        guard parts[container].kind == .multipart else { return number == 1 ? container : nil }
        var count: UInt32 = 0
        for index in (container + 1)..<max(container + 1, parts.count) {
            guard let parent = parts[index].parent, parent >= container else { return nil }
            guard parent == container else { continue }
            count += 1
            if count == number { return index }
        }
        return nil
    }
}
