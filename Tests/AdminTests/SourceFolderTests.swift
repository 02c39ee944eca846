// What is found at a path.

import Foundation
import Testing

@testable import martlet

/// A directory of files that is removed with the test.
private final class Tree {
    let root: String

    init(_ files: [String: String]) throws {
        root = "\(NSTemporaryDirectory())/martlet-tree-\(UUID().uuidString)"
        for (path, text) in files {
            let url = URL(fileURLWithPath: "\(root)/\(path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// `levels=format`, sorted.
    func folders(_ format: SourceFormat? = nil) throws -> [String] {
        try SourceScanner.scan(root, format: format).folders.map { "\($0.shownName)=\($0.format.rawValue)" }
    }
}

private let message = "Subject: x\n\nbody\n"
private let mbox = "From a@b Thu Jan  1 00:00:00 1970\nSubject: x\n\nbody\n"

@Test("a Maildir and its sub-folders, of Maildir++ and of mbsync")
func findsMaildirs() throws {
    let tree = try Tree([
        "cur/1:2,S": message, "new/2": message, ".Sent/cur/1:2,": message, ".Lists.Swift/new/1": message,
        "Work/cur/1:2,": message, "Work/Deep/cur/1": message, "Work/.Legacy/cur/1": message, "notes/x.txt": "no mail",
        "dovecot-uidlist": "3 V1",
    ])
    #expect(
        try tree.folders() == [
            ".=maildir", "Lists/Swift=maildir", "Sent=maildir", "Work=maildir", "Work/Deep=maildir",
            "Work/Legacy=maildir",
        ])
}

@Test("a tree of Maildirs under a directory that is none")
func findsMaildirTrees() throws {
    let tree = try Tree(["INBOX/cur/1:2,S": message, "Sent/new/2": message, "Top/Sub/cur/3": message])
    #expect(try tree.folders() == ["INBOX=maildir", "Sent=maildir", "Top/Sub=maildir"])
}

@Test("a tree of mbox files, as Thunderbird and Apple Mail lay them out")
func findsMboxTrees() throws {
    let tree = try Tree([
        "Inbox": mbox, "Inbox.msf": "index", "Lists": "", "Lists.sbd/Swift": mbox, "Sent.mbox/mbox": mbox,
        "old.mbox": mbox, "README.txt": "nothing", "Sent.mbox/table_of_contents": "\0\0",
    ])
    #expect(try tree.folders() == ["Inbox=mbox", "Lists=mbox", "Lists/Swift=mbox", "Sent=mbox", "old=mbox"])
}

@Test("directories of messages")
func findsMessages() throws {
    let tree = try Tree(["a.eml": message, "b.EML": message, "Work/c.eml": message, "Work/d.pdf": "%PDF"])
    #expect(try tree.folders() == [".=eml", "Work=eml"])
    #expect(try SourceScanner.scan(tree.root, format: nil).ignored == ["\(tree.root)/Work/d.pdf"])
}

@Test("a single file is an mbox or a message")
func findsFiles() throws {
    let tree = try Tree(["m": mbox, "e": message, "other": "just text\n", "binary": "\0\u{1}\u{2}: x"])
    func format(_ name: String) throws -> SourceFormat? {
        try SourceScanner.scan("\(tree.root)/\(name)", format: nil).folders.first?.format
    }
    #expect(try format("m") == .mbox)
    #expect(try format("e") == .eml)
    for name in ["other", "binary"] { #expect(throws: Failure.self) { try format(name) } }
}

@Test(
    "a format that was asked for and is not there is refused", arguments: [("e", SourceFormat.mbox), ("e", .maildir)])
func refusesFormats(name: String, format: SourceFormat) throws {
    let tree = try Tree(["e": message])
    #expect(throws: Failure.self) { try SourceScanner.scan("\(tree.root)/\(name)", format: format) }
}

@Test("a path that is not there is not found, and a directory without mail is refused")
func refusesNothing() throws {
    let tree = try Tree(["x.pdf": "%PDF"])
    #expect(throws: Failure.self) { try tree.folders() }
    #expect {
        try SourceScanner.scan("\(tree.root)/none", format: nil)
    } throws: { ($0 as? Failure)?.status == .notFound }
}

@Test("links to directories are not followed")
func followsNoLinks() throws {
    let tree = try Tree(["cur/1": message])
    try FileManager.default.createSymbolicLink(atPath: "\(tree.root)/loop", withDestinationPath: tree.root)
    #expect(try tree.folders() == [".=maildir"])
}
