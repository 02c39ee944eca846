// RETURN, sorts, threads, sources: what the extensions of SEARCH read and write.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct SearchResultsTests {
    static let returns: [(String, SearchResults)] = [
        ("()", SearchResults()), ("(MIN)", SearchResults(.min)), ("(max Count)", SearchResults([.max, .count])),
        ("(ALL SAVE)", SearchResults([.all, .save])), ("(RELEVANCY ALL)", SearchResults([.relevancy, .all])),
        ("(UPDATE CONTEXT)", SearchResults([.update, .context])),
        ("(PARTIAL 1:500)", SearchResults(partial: PartialRange(1, 500))),
        ("(PARTIAL -1:-100 COUNT )", SearchResults(.count, partial: PartialRange(1, 100, isFromEnd: true))),
    ]

    @Test("RETURN of each kind, before a charset and before SORT's criteria", arguments: returns)
    func options(text: String, expected: SearchResults) throws {
        guard case .search(let search) = try command("a UID SEARCH RETURN \(text) CHARSET UTF-8 ALL") else {
            Issue.record("no SEARCH")
            return
        }
        #expect(search == Search(numbering: .uid, results: expected, charset: "UTF-8", key: .all))
    }

    @Test(
        "what RETURN does not take is BAD",
        arguments: [
            "RETURN ALL ALL", "RETURN (ALL", "RETURN (FOO) ALL", "RETURN (MIN,MAX) ALL", "RETURN (ALL PARTIAL 1:2) ALL",
            "RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL", "RETURN (PARTIAL) ALL", "RETURN (PARTIAL 0:2) ALL",
            "RETURN (PARTIAL 1:*) ALL", "RETURN (PARTIAL 1) ALL", "RETURN (PARTIAL -1:2) ALL",
            "RETURN (PARTIAL 1:-2) ALL", "RETURN (PARTIAL 1:4294967296) ALL", "RETURN ()", "RETURN () ", "RETURN()ALL",
        ])
    func refused(text: String) { #expect(reason("a SEARCH \(text)") != nil) }

    static let keys: [(String, SearchKey)] = [
        ("$", .messages(.saved(.sequence))), ("UID $", .messages(.saved(.uid))), ("OLDER 1", .older(1)),
        ("YOUNGER 259200", .younger(259_200)), ("SAVEDATESUPPORTED", .saveDateSupported),
        ("SAVEDON 1-Jan-1970", .date(.saved, .on, day: 0)), ("SAVEDBEFORE 2-Jan-1970", .date(.saved, .before, day: 1)),
        ("SAVEDSINCE 1-Jan-1970", .date(.saved, .since, day: 0)),
        ("EMAILID M6d99ac3275bb4e", .emailID("M6d99ac3275bb4e")),
        ("THREADID T-1_2", .threadID("T-1_2")), ("MODSEQ 620162338", .modSeq(620_162_338)),
        ("MODSEQ \"/flags/\\\\draft\" all 0", .modSeq(0)),
        ("FUZZY (SEEN DRAFT)", .fuzzy(.and([.flag(.seen), .flag(.draft)]))),
        ("FUZZY TEXT x", .fuzzy(.text(.text, Array("x".utf8)))), ("FILTER on-the-road", .filter("on-the-road")),
    ]

    @Test("the keys of the extensions", arguments: keys)
    func key(text: String, expected: SearchKey) throws {
        guard case .search(let search) = try command("a SEARCH (\(text))") else { return }
        #expect(search.key == expected)
    }

    @Test(
        "keys of the extensions that are none are BAD",
        arguments: [
            "$,1", "1,$", "$:3", "UID $,1", "OLDER", "OLDER 0", "YOUNGER -1", "SAVEDON x", "EMAILID a.b",
            "EMAILID \"\"", "THREADID", "MODSEQ x", "MODSEQ \"x\" all 1", "MODSEQ \"/flags/\" all 1",
            "MODSEQ \"/flags/x\" some 1", "MODSEQ 9223372036854775808", "FUZZY", "FILTER", "FILTER a/b", "FILTER a%",
        ])
    func refusedKey(text: String) { #expect(reason("a SEARCH \(text)") != nil) }

    @Test("$ stands for a whole set", arguments: ["FETCH $ FLAGS", "STORE $ FLAGS ()", "COPY $ x", "MOVE $ x"])
    func saved(text: String) throws {
        for prefix in ["", "UID "] {
            switch try command("a \(prefix)\(text)") {
            case .fetch(let fetch): #expect(fetch.messages == .saved(prefix.isEmpty ? .sequence : .uid))
            case .store(let store): #expect(store.messages == .saved(prefix.isEmpty ? .sequence : .uid))
            case .copy(let copy): #expect(copy.messages == .saved(prefix.isEmpty ? .sequence : .uid))
            case .move(let move): #expect(move.messages == .saved(prefix.isEmpty ? .sequence : .uid))
            default: Issue.record("another command")
            }
        }
        #expect(try command("a UID EXPUNGE $") == .expunge(Expunge(uids: .saved(.uid))))
    }

    @Test("the places that a partial range names")
    func partialIndices() {
        let cases: [(PartialRange, Int, Range<Int>)] = [
            (PartialRange(1, 5), 10, 0..<5), (PartialRange(5, 1), 10, 0..<5), (PartialRange(8, 20), 10, 7..<10),
            (PartialRange(11, 20), 10, 10..<10), (PartialRange(1, 3, isFromEnd: true), 10, 7..<10),
            (PartialRange(9, 12, isFromEnd: true), 10, 0..<2), (PartialRange(11, 12, isFromEnd: true), 10, 0..<0),
            (PartialRange(1, .max), 0, 0..<0), (PartialRange(.max, .max, isFromEnd: true), 3, 0..<0),
        ]
        for (range, count, expected) in cases { #expect(range.indices(in: count) == expected, "\(range) of \(count)") }
    }
}

struct SearchResponsesTests {
    private func written(_ write: (inout ResponseWriter) -> Void) -> String {
        var writer = ResponseWriter()
        write(&writer)
        return String(buffer: writer.take())
    }

    @Test("ESEARCH with everything it may hold")
    func esearch() throws {
        let correlator = SearchCorrelator(tag: "A]1", isUID: true)
        let data: [SearchDatum] = [
            .min(2), .max(4_294_967_295), .count(0), .all(NumberRuns([2, 10, 11, 12, 15, 14, 13])),
            .modSeq(917_162_500),
            .partial(PartialRange(1, 100, isFromEnd: true), NumberRuns([3])), .relevancy([4, 99]),
            .addTo([.init(place: 1, numbers: NumberRuns([2_731, 2_732])), .init(place: 9, numbers: NumberRuns([1]))]),
            .removeFrom([.init(place: 0, numbers: NumberRuns([7]))]),
        ]
        #expect(
            written { $0.esearch(correlator, data) }
                == "* ESEARCH (TAG \"A]1\") UID MIN 2 MAX 4294967295 COUNT 0 ALL 2,10:12,15,14,13 MODSEQ 917162500 "
                + "PARTIAL (-1:-100 3) RELEVANCY (4 99) ADDTO (1 2731:2732 9 1) REMOVEFROM (0 7)\r\n")
        let place = SearchCorrelator.Place(name: try MailboxName("a b"), uidValidity: UIDValidity(503)!)
        #expect(
            written {
                $0.esearch(
                    SearchCorrelator(tag: "t", mailbox: place, isUID: true),
                    [.partial(PartialRange(4, 5), NumberRuns([UInt32]()))])
            } == "* ESEARCH (TAG \"t\" MAILBOX \"a b\" UIDVALIDITY 503) UID PARTIAL (4:5 NIL)\r\n")
        #expect(written { $0.esearch(SearchCorrelator(tag: "t", isUID: false), []) } == "* ESEARCH (TAG \"t\")\r\n")
    }

    @Test("SEARCH and SORT tell a mod-sequence only of something")
    func lists() {
        #expect(written { $0.search([2, 5], modSeq: 9) } == "* SEARCH 2 5 (MODSEQ 9)\r\n")
        #expect(written { $0.search([], modSeq: 9) } == "* SEARCH\r\n")
        #expect(written { $0.sort([5, 2]) } == "* SORT 5 2\r\n")
        #expect(written { $0.sort([]) } == "* SORT\r\n")
    }

    @Test("runs join ascending neighbours and nothing else")
    func runs() {
        #expect(NumberRuns([.max, 0, 1, 3, 2]).ranges == [.max ... .max, 0...1, 3...3, 2...2])
    }

    @Test("the codes of searches")
    func codes() {
        let codes: [(ResponseCode, String)] = [
            (.notSaved, "NOTSAVED"), (.inProgress(tag: "A1", done: 454, goal: 1_000), "INPROGRESS (\"A1\" 454 1000)"),
            (.noUpdate(tag: "B02"), "NOUPDATE \"B02\""), (.undefinedFilter("road"), "UNDEFINED-FILTER road"),
            (.inProgress(tag: "A]", done: 7, goal: 7), "INPROGRESS (NIL 7 NIL)"),
        ]
        for (code, text) in codes { #expect(written { $0.untagged(.ok, code: code, "x") } == "* OK [\(text)] x\r\n") }
    }
}
