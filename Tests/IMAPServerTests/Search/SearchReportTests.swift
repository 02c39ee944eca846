// What is told of a search, and kept of it, for each combination of RETURN's options.

import IMAPSyntax
import Testing

@testable import IMAPServer

struct SearchReportTests {
    private static let found = [1, 9, 10, 11, 20]

    /// The table of RFC 5182 §2.4, and table 1 of RFC 9394 §3.2.
    static let saved: [(SearchResults, [Int])] = [
        (SearchResults(.save), found), (SearchResults([.save, .all]), found), (SearchResults([.save, .count]), found),
        (SearchResults([.save, .min]), [1]), (SearchResults([.save, .max]), [20]),
        (SearchResults([.save, .min, .max]), [1, 20]), (SearchResults([.save, .min, .count]), found),
        (SearchResults([.save, .min, .max, .all]), found),
        (SearchResults(.save, partial: PartialRange(2, 3)), [9, 10]),
        (SearchResults([.save, .min], partial: PartialRange(2, 3)), [1, 9, 10]),
        (SearchResults([.save, .max], partial: PartialRange(2, 3)), [9, 10, 20]),
        (SearchResults([.save, .min, .max], partial: PartialRange(1, 1, isFromEnd: true)), [1, 20]),
        (SearchResults([.save, .count, .min], partial: PartialRange(2, 3)), found),
        (SearchResults(.save, partial: PartialRange(7, 9)), []),
    ]

    @Test(arguments: saved)
    func saves(results: SearchResults, expected: [Int]) {
        #expect(Set(SearchReport(Self.found, for: results).told) == Set(expected))
        #expect(SearchReport([], for: results).told.isEmpty)
    }

    @Test("RFC 9394 §3.3: the messages at some places of a set")
    func partialOfRanges() {
        let ranges = [2..<5, 9..<10, 20..<24]
        let cases: [(PartialRange, [Range<Int>])] = [
            (PartialRange(1, 100), ranges), (PartialRange(2, 4), [3..<5, 9..<10]), (PartialRange(4, 4), [9..<10]),
            (PartialRange(1, 2, isFromEnd: true), [22..<24]), (PartialRange(9, 5, isFromEnd: true), [2..<5, 9..<10]),
            (PartialRange(9, 9), []),
        ]
        for (range, expected) in cases { #expect(range.selected(of: ranges) == expected, "\(range)") }
        #expect(PartialRange(1, 2).selected(of: []) == [])
    }

    @Test func onlySaveIsSilent() {
        #expect(!SearchReport([], for: SearchResults(.save)).hasResponse)
        for results in [
            SearchResults(), SearchResults([.save, .count]), SearchResults(.save, partial: PartialRange(1, 2)),
        ] {
            #expect(SearchReport([], for: results).hasResponse)
        }
    }

    @Test("RFC 4731 §3.2: whose mod-sequence is told")
    func modSeq() {
        let modSeqs = [1: UInt64(500), 9: 900, 10: 100, 11: 200, 20: 600]
        let cases: [(SearchResults, UInt64)] = [
            (SearchResults(.min), 500), (SearchResults(.max), 600), (SearchResults([.min, .max]), 600),
            (SearchResults([.min, .count]), 900), (SearchResults(), 900),
        ]
        for (results, expected) in cases {
            let data = SearchReport(Self.found, for: results).data(number: { UInt32($0) }, modSeq: { modSeqs[$0] ?? 0 })
            #expect(data.last == .modSeq(expected))
        }
        #expect(SearchReport([], for: SearchResults()).data(number: { UInt32($0) }, modSeq: { _ in 1 }) == [])
    }

    static let extents: [(SearchResults?, SearchExtent)] = [
        (nil, .all), (SearchResults(), .all), (SearchResults(.save), .all), (SearchResults(.min), .first(1)),
        (SearchResults([.max, .save]), .last(1)), (SearchResults([.min, .max]), .all),
        (SearchResults([.min, .count]), .all), (SearchResults(.update), .all),
        (SearchResults(partial: PartialRange(500, 1)), .first(500)),
        (SearchResults(.save, partial: PartialRange(1, 100, isFromEnd: true)), .last(100)),
        (SearchResults(.min, partial: PartialRange(3, 4)), .first(4)),
        (SearchResults(.max, partial: PartialRange(3, 4)), .all),
    ]

    @Test(arguments: extents)
    func extent(results: SearchResults?, expected: SearchExtent) { #expect(SearchExtent(results) == expected) }
}
