// BODY[HEADER.FIELDS (…)] of fields that clients list messages by, from what the store keeps of many messages at once.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// An item of a FETCH that the store's groups of header fields can answer.
struct ListedItem: Sendable {
    let choice: ListedFields.Choice
    /// What the item is called in the reply, encoded once for all messages.
    let name: ByteBuffer

    /// nil for other items.
    init?(_ item: FetchItem) {
        guard case .section(let section, _, nil) = item, section.path.isEmpty,
            case .headerFields(let fields) = section.text, let choice = ListedFields.Choice(fields)
        else { return nil }
        self.choice = choice
        var writer = ResponseWriter()
        writer.write(literalName: .section(section, offset: nil))
        name = writer.buffer
    }
}

/// The groups that one job of the store reads, one at a time. Must not leave the job: what it holds is of its state of
/// the file.
struct ListedHeaders {
    /// A group is worth reading when so many neighbouring messages are in it; one header alone is read sooner.
    static let worthwhile = 4

    private var group: BodyGroup?
    /// The number of the group that was asked for last, there or not.
    private var asked: Int64?

    /// The group that has the body of a message; nil when there is none, or it is not worth it.
    mutating func group(of index: Int, among targets: [FetchTarget], _ reader: AccountReader) throws -> BodyGroup? {
        let kind = GroupKind.headerFields
        let number = kind.number(of: targets[index].entry.bodyID)
        if number == asked { return group }
        let last = index + ListedHeaders.worthwhile - 1
        guard last < targets.count, kind.number(of: targets[last].entry.bodyID) == number else { return nil }
        asked = number
        group = try reader.group(kind, number)
        return group
    }
}

extension ResponseWriter {
    /// Writes the item from a group.
    /// - Returns: false when the group lacks the body; nothing is written then.
    mutating func fetchListed(_ item: ListedItem, of body: BodyID, in group: BodyGroup) -> Bool {
        guard let pack = group.pack(of: body),
            let size = ListedFields.size(of: item.choice, in: pack, of: group.bytes)
        else { return false }
        fetchLiteral(encodedName: item.name, size: size + 2)
        let start = buffer.writerIndex
        _ = ListedFields.forEachRun(of: item.choice, in: pack, of: group.bytes) { run in
            buffer.writeBytes(group.bytes[run])
        }
        buffer.writeStaticString("\r\n")
        buffer.replaceNULs(from: start)
        return true
    }
}
