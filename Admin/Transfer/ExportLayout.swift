// Where each mailbox of an export lies.

internal import Foundation
internal import Mail

struct ExportLayout {
    let root: String
    let format: ExportFormat
    /// One mailbox alone: the root is its Maildir or its mbox.
    let isSingle: Bool

    func prepare() throws {
        if !isSingle { try FileFacts.makeDirectory(root) }
    }

    /// Makes the directories above it.
    func path(of mailbox: MailboxName) throws -> String {
        guard !isSingle else { return root }
        switch format {
        case .maildir:
            let directory = MaildirFolder.directory(of: mailbox)
            return directory.isEmpty ? root : "\(root)/\(directory)"
        case .mbox:
            var path = root
            for level in mailbox.elements.dropLast() {
                path += "/\(level)"
                if !FileFacts.isDirectory(path) { try FileFacts.makeDirectory(path) }
            }
            return "\(path)/\(mailbox.elements.last ?? "").mbox"
        }
    }

    func writer(at path: String) throws -> any MessageWriter {
        switch format {
        case .mbox: try MboxWriter(path: path)
        case .maildir: try MaildirWriter(path: path, host: ProcessInfo.processInfo.hostName)
        }
    }
}
