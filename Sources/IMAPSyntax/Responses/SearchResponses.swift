// What searches find, on the wire: SEARCH, SORT, THREAD, ESEARCH.

package import Mail
import NIOCore

/// Which search an ESEARCH response answers, and in what numbers.
package struct SearchCorrelator: Hashable, Sendable {
    package var tag: String
    /// Where the messages are, for a search of several mailboxes (RFC 7377 §2.1).
    package var mailbox: Place?
    /// The numbers are UIDs.
    package var isUID: Bool

    package struct Place: Hashable, Sendable {
        package var name: MailboxName
        package var uidValidity: UIDValidity

        package init(name: MailboxName, uidValidity: UIDValidity) {
            self.name = name
            self.uidValidity = uidValidity
        }
    }

    package init(tag: String, mailbox: Place? = nil, isUID: Bool) {
        self.tag = tag
        self.mailbox = mailbox
        self.isUID = isUID
    }
}

/// One datum of an ESEARCH response (RFC 4731 §3.1, RFC 5267 §4.3, RFC 9394 §3.1, RFC 6203 §4).
package enum SearchDatum: Hashable, Sendable {
    case min(UInt32)
    case max(UInt32)
    case count(Int)
    /// Not empty.
    case all(NumberRuns)
    /// The range as the client wrote it; empty runs are NIL.
    case partial(PartialRange, NumberRuns)
    case modSeq(UInt64)
    /// 1 ... 100, in the order of the messages.
    case relevancy([UInt8])
    /// Each at its place in the list, 0 where the list is in the mailbox's order; no runs are empty.
    case addTo([Piece])
    case removeFrom([Piece])

    /// Messages that come into a list of results, or leave it, at a place in it; 1 is the first.
    package struct Piece: Hashable, Sendable {
        package var place: UInt32
        package var numbers: NumberRuns

        package init(place: UInt32, numbers: NumberRuns) {
            self.place = place
            self.numbers = numbers
        }
    }
}

/// Numbers in an order of their own, ascending neighbours as one range.
package struct NumberRuns: Hashable, Sendable {
    package private(set) var ranges: [ClosedRange<UInt32>] = []

    package init(_ numbers: [UInt32]) {
        for number in numbers {
            if let last = ranges.last, last.upperBound < .max, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
    }

    package var isEmpty: Bool { ranges.isEmpty }
}

extension ResponseWriter {
    // RFC 3501 §9: "SEARCH" *(SP nz-number); RFC 7162 §7: [SP search-sort-mod-seq]
    /// Written even when there is none: clients wait for it.
    /// - Parameter modSeq: the highest of the messages', for a search by mod-sequence.
    package mutating func search(_ numbers: [UInt32], modSeq: UInt64? = nil) {
        list("* SEARCH", numbers, modSeq)
    }

    // RFC 5256 §5: sort-data = "SORT" *(SP nz-number); RFC 7162 §7: [SP search-sort-mod-seq]
    package mutating func sort(_ numbers: [UInt32], modSeq: UInt64? = nil) {
        list("* SORT", numbers, modSeq)
    }

    // RFC 5256 §5: thread-data = "THREAD" [SP 1*thread-list]
    /// - Parameter number: what the reply calls the message with this `id`.
    package mutating func thread(_ forest: ThreadForest, number: (Int) -> UInt32) {
        buffer.writeStaticString("* THREAD")
        if !forest.roots.isEmpty { space() }
        var needsSpace = false
        forest.tokens { token in
            switch token {
            case .open:
                if needsSpace { space() }
                buffer.writeStaticString("(")
                needsSpace = false
            case .message(let id):
                if needsSpace { space() }
                write(number: UInt64(number(id)))
                needsSpace = true
            case .close:
                buffer.writeStaticString(")")
                needsSpace = false
            }
        }
        crlf()
    }

    private mutating func list(_ name: StaticString, _ numbers: [UInt32], _ modSeq: UInt64?) {
        buffer.writeStaticString(name)
        var isEmpty = true
        for number in numbers {
            space()
            write(number: UInt64(number))
            isEmpty = false
        }
        if let modSeq, !isEmpty {
            buffer.writeStaticString(" (MODSEQ ")
            write(number: modSeq)
            buffer.writeStaticString(")")
        }
        crlf()
    }

    // RFC 4466 §6: esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
    package mutating func esearch(_ correlator: SearchCorrelator, _ data: [SearchDatum]) {
        buffer.writeStaticString("* ESEARCH (TAG ")
        write(string: correlator.tag)
        if let place = correlator.mailbox {
            buffer.writeStaticString(" MAILBOX ")
            write(mailbox: place.name)
            buffer.writeStaticString(" UIDVALIDITY ")
            write(number: UInt64(place.uidValidity.rawValue))
        }
        buffer.writeStaticString(")")
        if correlator.isUID { buffer.writeStaticString(" UID") }
        for datum in data { write(datum) }
        crlf()
    }

    private mutating func write(_ datum: SearchDatum) {
        switch datum {
        case .min(let number): write(" MIN ", number: UInt64(number))
        case .max(let number): write(" MAX ", number: UInt64(number))
        case .count(let count): write(" COUNT ", number: UInt64(max(0, count)))
        case .modSeq(let value): write(" MODSEQ ", number: value)
        case .all(let runs):
            buffer.writeStaticString(" ALL ")
            write(runs)
        case .partial(let range, let runs):
            buffer.writeStaticString(" PARTIAL (")
            write(range)
            space()
            if runs.isEmpty { buffer.writeStaticString("NIL") } else { write(runs) }
            buffer.writeStaticString(")")
        case .relevancy(let scores):
            buffer.writeStaticString(" RELEVANCY (")
            for (index, score) in scores.enumerated() {
                if index > 0 { space() }
                write(number: UInt64(score))
            }
            buffer.writeStaticString(")")
        case .addTo(let pieces): write(" ADDTO (", pieces)
        case .removeFrom(let pieces): write(" REMOVEFROM (", pieces)
        }
    }

    private mutating func write(_ name: StaticString, number: UInt64) {
        buffer.writeStaticString(name)
        write(number: number)
    }

    private mutating func write(_ range: PartialRange) {
        if range.isFromEnd { buffer.writeStaticString("-") }
        write(number: UInt64(range.first))
        buffer.writeStaticString(range.isFromEnd ? ":-" : ":")
        write(number: UInt64(range.second))
    }

    private mutating func write(_ name: StaticString, _ pieces: [SearchDatum.Piece]) {
        buffer.writeStaticString(name)
        for (index, piece) in pieces.enumerated() {
            if index > 0 { space() }
            write(number: UInt64(piece.place))
            space()
            write(piece.numbers)
        }
        buffer.writeStaticString(")")
    }

    // RFC 3501 §9: sequence-set
    private mutating func write(_ runs: NumberRuns) {
        for (index, range) in runs.ranges.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            write(number: UInt64(range.lowerBound))
            guard range.count > 1 else { continue }
            buffer.writeStaticString(":")
            write(number: UInt64(range.upperBound))
        }
    }
}
