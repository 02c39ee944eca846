// Which mailbox a source's folder goes to.

internal import Mail

/// `--map OLD=NEW`, any number of times: folder OLD becomes mailbox NEW, and what is below OLD comes along.
struct FolderMap {
    struct Rule: Hashable {
        let old: [String]
        let new: String
    }

    /// `OLD=NEW`; neither side may be empty.
    static func rule(_ text: String) throws -> Rule {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
            throw Typed.Mistake(description: "write it as OLD=NEW, such as \"Sent Items=Sent\"")
        }
        let new = try Typed.mailbox(String(sides[1]))
        return Rule(old: sides[0].split(separator: "/").map(String.init), new: new.text)
    }

    let rules: [Rule]
    /// Where the messages of the source's root go.
    let root: MailboxName

    /// - Parameter folder: the folder's levels below the source's root; empty for the root itself.
    func mailbox(for folder: [String]) throws -> MailboxName {
        guard !folder.isEmpty else { return root }
        let matching = rules.filter { folder.starts(with: $0.old, by: FolderMap.isSameLevel) }
        let text =
            if let rule = matching.max(by: { $0.old.count < $1.old.count }) {
                ([rule.new] + folder.dropFirst(rule.old.count)).joined(separator: "/")
            } else {
                folder.joined(separator: "/")
            }
        let shown = folder.joined(separator: "/")
        guard !folder.contains(where: { $0.utf8.contains(UInt8(ascii: "/")) }) else {
            throw Failure("folder \"\(shown)\" has a \"/\" inside a level; give it a mailbox with --map")
        }
        do { return try MailboxName(text) } catch {
            throw Failure(
                "folder \"\(shown)\" cannot become a mailbox: \(error.explanation). Choose a name with "
                    + "--map \"\(shown)=NEW\". Nothing was imported.")
        }
    }

    /// Rules that match no folder: most likely misspelt.
    func unused(for folders: [[String]]) -> [Rule] {
        rules.filter { rule in !folders.contains { $0.starts(with: rule.old, by: FolderMap.isSameLevel) } }
    }

    private static func isSameLevel(_ left: String, _ right: String) -> Bool {
        left.normalizedToNFC == right.normalizedToNFC
            || left.asciiUppercased == "INBOX" && right.asciiUppercased == "INBOX"
    }
}
