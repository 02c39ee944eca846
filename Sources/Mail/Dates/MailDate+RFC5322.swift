// Dates in header fields, as senders write them: RFC 5322 §3.3, its obsolete forms (§4.3), and what they do besides.

extension MailDate {
    /// Lenient: comments, missing weekday, time, seconds or zone, two-digit years, zone names, `Jan 2` for `2 Jan`,
    /// hyphens. nil when day, month or year is missing or there is no such day or time.
    package init?(rfc5322: [UInt8]) {
        var reader = DateReader()
        var lexer = StructuredLexer(rfc5322)
        lexer.skipSpace()
        // No date has more pieces than this.
        for _ in 0..<16 {
            let token = lexer.run { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "(") }
            guard reader.read(token) else { return nil }
            while lexer.take(UInt8(ascii: ",")) {}
            lexer.skipSpace()
        }
        guard let date = reader.date else { return nil }
        self = date
    }

    package init?(rfc5322: String) { self.init(rfc5322: Array(rfc5322.utf8)) }
}

/// Takes the pieces of a date in the order in which they come and puts each where it fits.
private struct DateReader {
    private var day: Int?
    private var month: Int?
    private var year: Int?
    private var second: Int?
    private var zone: Int?

    /// False when the token makes nonsense of the date.
    mutating func read(_ token: ArraySlice<UInt8>) -> Bool {
        guard let first = token.first else { return true }
        guard token.count <= 32 else { return false }
        if token.contains(UInt8(ascii: ":")) { return readTime(token) }
        if first == UInt8(ascii: "+") || first == UInt8(ascii: "-") { return readZone(token) }
        if first.isASCIIDigit || (day == nil && month == nil && token.contains(UInt8(ascii: "-"))) {
            return token.split(separator: UInt8(ascii: "-")).allSatisfy { readDatePiece($0) }
        }
        return readName(token)
    }

    private mutating func readDatePiece(_ piece: ArraySlice<UInt8>) -> Bool {
        guard let number = MailDate.number(piece) else { return readName(piece) }
        if day == nil, piece.count <= 2 {
            day = number
        } else if year == nil {
            switch piece.count {
            case 1, 2: year = number + (number < 50 ? 2_000 : 1_900)
            case 3: year = number + 1_900
            case 4: year = number
            default: return false
            }
        }
        return true
    }

    private mutating func readName(_ name: ArraySlice<UInt8>) -> Bool {
        if month == nil, let found = GregorianDay.month(named: name) {
            month = found
        } else if second != nil, zone == nil {
            switch String(decoding: name.map(\.asciiLowercased), as: UTF8.self) {
            case "pm": second = second.map { $0 < 43_200 ? $0 + 43_200 : $0 }
            case "am": second = second.map { $0 >= 43_200 ? $0 - 43_200 : $0 }
            // `EST5EDT` too.
            case let key: zone = DateReader.zones[String(key.prefix { !$0.isNumber })] ?? 0
            }
        }
        return true
    }

    /// Hours east of Greenwich (RFC 5322 §4.3), as minutes; all other names mean that the zone is not known.
    private static let zones = [
        "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    ]

    /// `hh:mm[:ss]`, the seconds with or without a fraction, a zone behind them or not.
    private mutating func readTime(_ token: ArraySlice<UInt8>) -> Bool {
        guard second == nil else { return true }
        let end = token.firstIndex { !$0.isASCIIDigit && $0 != UInt8(ascii: ":") } ?? token.endIndex
        let fields = token[..<end].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count), fields.allSatisfy({ (1...2).contains($0.count) }),
            let hour = MailDate.number(fields[0]), let minute = MailDate.number(fields[1]), hour < 24, minute < 60
        else { return false }
        var seconds = 0
        if fields.count == 3 {
            guard let number = MailDate.number(fields[2]), number <= 60 else { return false }
            seconds = min(number, 59)
        }
        second = hour * 3_600 + minute * 60 + seconds
        let rest = token[end...]
        return rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") ? readZone(rest) : true
    }

    /// `+hhmm`, `-hh`, `+hh:mm` lies in `readTime`'s hands. What no zone can be counts as UTC.
    private mutating func readZone(_ token: ArraySlice<UInt8>) -> Bool {
        guard zone == nil, let digits = MailDate.number(token.dropFirst()) else { return true }
        let (hours, minutes) = token.count <= 3 ? (digits, 0) : (digits / 100, digits % 100)
        guard hours < 24, minutes < 60 else { return true }
        let offset = hours * 60 + minutes
        zone = token.first == UInt8(ascii: "-") ? -offset : offset
        return true
    }

    var date: MailDate? {
        guard let day, let month, let year, year >= 1, let found = GregorianDay(year: year, month: month, day: day)
        else { return nil }
        let zone = zone ?? 0
        return MailDate(
            secondsSince1970: Int64(found.dayNumber) * 86_400 + Int64((second ?? 0) - zone * 60),
            zoneMinutes: Int16(zone))
    }
}
