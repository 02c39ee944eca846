// SORT and THREAD: their grammar, and THREAD's nesting on the wire.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct SortTests {
    static let lines: [(String, Command)] = [
        (
            "SORT (SUBJECT REVERSE DATE) UTF-8 SINCE 1-Jan-1970",
            .sort(
                Sort(
                    numbering: .sequence, criteria: [SortCriterion(.subject), SortCriterion(.date, isReverse: true)],
                    charset: "UTF-8", key: .date(.internal, .since, day: 0)))
        ),
        (
            "uid sort return (partial 1:10) (reverse displayfrom displayto) \"US-ASCII\" SEEN DRAFT",
            .sort(
                Sort(
                    numbering: .uid, results: SearchResults(partial: PartialRange(1, 10)),
                    criteria: [SortCriterion(.displayFrom, isReverse: true), SortCriterion(.displayTo)],
                    charset: "US-ASCII", key: .and([.flag(.seen), .flag(.draft)])))
        ),
        (
            "THREAD ORDEREDSUBJECT UTF-8 ALL",
            .thread(Thread(numbering: .sequence, algorithm: .orderedSubject, charset: "UTF-8", key: .all))
        ),
        (
            "THREAD REFERENCES US-ASCII UNSEEN",
            .thread(Thread(numbering: .sequence, algorithm: .references, charset: "US-ASCII", key: .not(.flag(.seen))))
        ),
        (
            "UID THREAD refs us-ascii $",
            .thread(
                Thread(numbering: .uid, algorithm: .refs, charset: "us-ascii", key: .messages(.saved(.sequence))))
        ),
    ]

    @Test(arguments: lines)
    func understood(line: String, expected: Command) throws { #expect(try command("a \(line)") == expected) }

    @Test func everyCriterion() throws {
        for key in SortKey.allCases {
            guard case .sort(let sort) = try command("a SORT (REVERSE \(key.rawValue) ARRIVAL) UTF-8 ALL") else {
                return
            }
            #expect(sort.criteria == [SortCriterion(key, isReverse: true), SortCriterion(.arrival)])
        }
    }

    @Test(arguments: [
        "SORT", "SORT DATE UTF-8 ALL", "SORT () UTF-8 ALL", "SORT (DATE) ALL", "SORT (DATE) UTF-8",
        "SORT (FOO) UTF-8 ALL",
        "SORT (REVERSE) UTF-8 ALL", "SORT (REVERSE REVERSE DATE) UTF-8 ALL", "SORT (DATE REVERSE) UTF-8 ALL",
        "SORT (DATE) RETURN () UTF-8 ALL", "SORT RETURN (ALL PARTIAL 1:2) (DATE) UTF-8 ALL", "SORT (DATE",
        "THREAD", "THREAD FOO UTF-8 ALL", "THREAD REFS", "THREAD REFS UTF-8", "THREAD RETURN () REFS UTF-8 ALL",
    ])
    func refused(line: String) { #expect(reason("a \(line)") != nil) }

    @Test func criteriaAreBounded() {
        let many = String(repeating: "DATE ", count: 21)
        #expect(reason("a SORT (\(many)) UTF-8 ALL") == "too many sort criteria")
    }

    @Test("RFC 5256 §4: the example, a lone thread, and no thread")
    func threads() {
        // (2)(3 6 (4 23)(44 7 96))
        var forest = ThreadForest(
            nodes: [
                .init(message: 2), .init(message: 3, children: [2]), .init(message: 6, children: [3, 5]),
                .init(message: 4, children: [4]), .init(message: 23), .init(message: 44, children: [6]),
                .init(message: 7, children: [7]), .init(message: 96),
            ], roots: [0, 1])
        #expect(written(forest) == "* THREAD (2)(3 6 (4 23)(44 7 96))\r\n")
        // A root that is missing: ((3)(5))
        forest = ThreadForest(
            nodes: [.init(message: nil, children: [1, 2]), .init(message: 3), .init(message: 5)], roots: [0])
        #expect(written(forest) == "* THREAD ((3)(5))\r\n")
        #expect(written(ThreadForest()) == "* THREAD\r\n")
    }

    private func written(_ forest: ThreadForest) -> String {
        var writer = ResponseWriter()
        writer.thread(forest) { UInt32($0) }
        return String(buffer: writer.take())
    }
}
