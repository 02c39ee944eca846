// The session's view of its mailbox: tables of what a client has been told and must be told next.

import IMAPSyntax
import Mail
import MailStore
import NIOCore
import Testing

@testable import IMAPServer

@Suite struct SelectedMailboxTests {
    /// A snapshot of messages: UID and flag set. Flag sets: 0 none, 1 \Seen, 2 \Flagged, 3 both.
    static func snapshot(_ messages: [(uid: UInt32, flags: UInt32)], modSeq: UInt64 = 1, next: UInt64 = 100)
        -> MailboxSnapshot
    {
        let systems: [SystemFlags] = [[], .seen, .flagged, [.seen, .flagged]]
        let table = FlagSetTable(
            systems.enumerated().map { FlagSet(id: FlagSetID(rawValue: UInt32($0)), flags: Flags($1)) })
        let entries = messages.compactMap { message in
            UID(message.uid).map { uid in
                MessageEntry(
                    uid: uid, flagSet: FlagSetID(rawValue: message.flags),
                    modSeq: ModSeq(UInt64(message.flags) + 1) ?? .zero, size: 100,
                    internalDate: MailDate(secondsSince1970: 0), bodyID: BodyID(rawValue: Int64(message.uid)))
            }
        }
        return MailboxSnapshot(
            mailboxID: MailboxID(rawValue: 1), uidValidity: UIDValidity(7)!, uidNext: next,
            highestModSeq: ModSeq(modSeq) ?? .zero, flagSets: table, entries: entries)
    }

    static func plain(_ uids: [UInt32]) -> MailboxSnapshot { snapshot(uids.map { ($0, 0) }) }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let before: [UInt32]
        let after: [UInt32]
        let mayExpunge: Bool
        let expunged: [UInt32]
        let exists: Int?
        let view: [UInt32]
    }

    @Test(arguments: [
        Case(
            testDescription: "nothing", before: [1, 2], after: [1, 2], mayExpunge: true, expunged: [], exists: nil,
            view: [1, 2]),
        Case(
            testDescription: "one more", before: [1, 2], after: [1, 2, 5], mayExpunge: false, expunged: [], exists: 3,
            view: [1, 2, 5]),
        Case(
            testDescription: "first gone", before: [1, 2, 3], after: [2, 3], mayExpunge: true, expunged: [1],
            exists: nil, view: [2, 3]),
        Case(
            testDescription: "several gone, highest first", before: [1, 2, 3, 4], after: [2], mayExpunge: true,
            expunged: [4, 3, 1], exists: nil, view: [2]),
        Case(
            testDescription: "gone, but may not be told", before: [1, 2, 3], after: [3], mayExpunge: false,
            expunged: [], exists: nil, view: [1, 2, 3]),
        Case(
            testDescription: "gone and new, may not be told", before: [1, 2], after: [2, 9], mayExpunge: false,
            expunged: [], exists: 3, view: [1, 2, 9]),
        Case(
            testDescription: "gone and new", before: [1, 2], after: [2, 9], mayExpunge: true, expunged: [1], exists: 2,
            view: [2, 9]),
        Case(
            testDescription: "all gone", before: [4, 7], after: [], mayExpunge: true, expunged: [2, 1], exists: nil,
            view: []),
    ])
    func advancing(_ row: Case) {
        var mailbox = SelectedMailbox(Self.plain(row.before), isReadOnly: false, recent: nil)
        let told = mailbox.advance(to: Self.plain(row.after), mayAnnounceExpunge: row.mayExpunge)
        #expect(told.expunged == row.expunged)
        #expect(told.exists == row.exists)
        #expect((0..<mailbox.count).map { mailbox.view[$0].uid.rawValue } == row.view)
    }

    @Test func whatWasKeptBackIsToldLater() {
        var mailbox = SelectedMailbox(Self.plain([1, 2, 3]), isReadOnly: false, recent: nil)
        _ = mailbox.advance(to: Self.plain([3]), mayAnnounceExpunge: false)
        #expect(mailbox.sequenceNumber(of: UID(3)!) == 3)
        #expect(mailbox.advance(to: Self.plain([3, 8]), mayAnnounceExpunge: true).expunged == [2, 1])
        #expect(mailbox.sequenceNumber(of: UID(3)!) == 1)
        #expect(mailbox.advance(to: Self.plain([3, 8]), mayAnnounceExpunge: true).isEmpty)
    }

    struct SilentCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let before: UInt32
        let after: UInt32
        let change: FlagChange
        let isTold: Bool
    }

    @Test(arguments: [
        SilentCase(testDescription: "as expected", before: 0, after: 1, change: .add(Flags(.seen)), isTold: false),
        SilentCase(
            testDescription: "another session flagged it too", before: 0, after: 3, change: .add(Flags(.seen)),
            isTold: true),
        SilentCase(testDescription: "replaced", before: 3, after: 2, change: .replace(Flags(.flagged)), isTold: false),
        SilentCase(
            testDescription: "removed, then set again elsewhere", before: 1, after: 3, change: .remove(Flags(.seen)),
            isTold: true),
    ])
    func silentStore(_ row: SilentCase) {
        var mailbox = SelectedMailbox(Self.snapshot([(5, row.before)]), isReadOnly: false, recent: nil)
        let told = mailbox.advance(
            to: Self.snapshot([(5, row.after)], modSeq: 9), mayAnnounceExpunge: false,
            own: .silent(UIDSet([UID(5)!]), row.change))
        #expect(told.flags == (row.isTold ? [0] : []))
    }

    @Test func anEchoTellsWhatDidNotChange() {
        var mailbox = SelectedMailbox(Self.snapshot([(5, 1), (6, 0), (7, 0)]), isReadOnly: false, recent: nil)
        let told = mailbox.advance(
            to: Self.snapshot([(5, 1), (6, 1), (7, 2)], modSeq: 9), mayAnnounceExpunge: false,
            own: .echoed(UIDSet([UID(5)!, UID(6)!])))
        #expect(told.flags == [0, 1, 2])
    }

    @Test(
        arguments: [
            ("1", 3, [0..<1]), ("1:3", 3, [0..<3]), ("*", 3, [2..<3]), ("2:*", 3, [1..<3]), ("*:2", 3, [1..<3]),
            ("3,1", 3, [0..<1, 2..<3]), ("4", 3, nil), ("2:4", 3, nil), ("*", 0, nil), ("1:*", 0, nil),
        ] as [(String, UInt32, [Range<Int>]?)])
    func sequenceNumbers(set: String, count: UInt32, expected: [Range<Int>]?) throws {
        let mailbox = SelectedMailbox(
            Self.plain(count == 0 ? [] : (1...count).map { $0 * 10 }), isReadOnly: false, recent: nil)
        let command = parseCommand(.init(string: "a FETCH \(set) FLAGS"))
        guard case .success(let tagged) = command, case .fetch(let fetch) = tagged.command else {
            Issue.record("the command is wrong")
            return
        }
        #expect(mailbox.indices(of: fetch.messages) == expected)
    }

    @Test(
        "pitfall 5: * is the last message on either side, and n:* always names it",
        arguments: [
            ("1:*", [0..<3]), ("*:1", [0..<3]), ("999:*", [2..<3]), ("*", [2..<3]), ("15", []), ("11:29", [1..<2]),
        ] as [(String, [Range<Int>])])
    func uids(set: String, expected: [Range<Int>]) {
        let mailbox = SelectedMailbox(Self.plain([10, 20, 30]), isReadOnly: false, recent: nil)
        guard case .success(let tagged) = parseCommand(.init(string: "a UID FETCH \(set) FLAGS")),
            case .fetch(let fetch) = tagged.command
        else {
            Issue.record("the command is wrong")
            return
        }
        #expect(mailbox.indices(of: fetch.messages) == expected)
    }

    @Test func recentAndUnseen() {
        var mailbox = SelectedMailbox(
            Self.snapshot([(1, 1), (2, 1), (3, 0), (4, 0)]), isReadOnly: false, recent: 3...4)
        #expect(mailbox.recentCount == 2)
        #expect(mailbox.firstUnseen == 2)
        let told = mailbox.advance(
            to: Self.snapshot([(1, 1), (4, 0), (5, 0)]), mayAnnounceExpunge: true, newRecent: 5...5)
        #expect(told.recent == 2)
        #expect(mailbox.isRecent(UID(5)!))
        #expect(!mailbox.isRecent(UID(1)!))
    }

    @Test func uidsOfIndices() {
        let mailbox = SelectedMailbox(Self.plain([10, 20, 30, 40]), isReadOnly: false, recent: nil)
        let set = mailbox.uids(at: [0..<1, 2..<4])
        #expect(set.contains(UID(10)!) && !set.contains(UID(20)!) && set.contains(UID(30)!) && set.contains(UID(40)!))
    }
}
