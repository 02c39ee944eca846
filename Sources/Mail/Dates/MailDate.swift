// A moment together with the zone in which somebody wrote it down: INTERNALDATE and Date.

import Glibc

/// A moment and its zone. Two are equal when both agree.
package struct MailDate: Hashable, Sendable {
    /// -62,135,596,800 ... 253,402,300,799 (the years 1 to 9999, which are all that RFC 3501 can write).
    package let secondsSince1970: Int64
    /// East of Greenwich, -1,439 ... 1,439.
    package let zoneMinutes: Int16

    /// Values out of bounds are brought to the nearest bound; a day is kept clear at both ends so that the year has
    /// four digits in every zone.
    package init(secondsSince1970: Int64, zoneMinutes: Int16 = 0) {
        self.secondsSince1970 = max(-62_135_510_400, min(253_402_214_399, secondsSince1970))
        self.zoneMinutes = max(-1_439, min(1_439, zoneMinutes))
    }

    /// Both in one number, for the database: the seconds times 4096, plus the zone plus 2048.
    package var packed: Int64 { secondsSince1970 &<< 12 | (Int64(zoneMinutes) + 2_048) }

    package init(packed: Int64) {
        self.init(secondsSince1970: packed >> 12, zoneMinutes: Int16(truncatingIfNeeded: (packed & 4_095) - 2_048))
    }

    /// The present moment, in UTC.
    package static func now() -> MailDate {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return MailDate(secondsSince1970: Int64(time.tv_sec))
    }

    private var localSeconds: Int64 { secondsSince1970 + Int64(zoneMinutes) * 60 }

    /// Days since 1970-01-01 in the date's own zone: what BEFORE, ON, SINCE and SENT* compare (RFC 3501 §6.4.4).
    package var dayNumber: Int {
        let seconds = localSeconds
        return Int((seconds >= 0 ? seconds : seconds - 86_399) / 86_400)
    }

    private var secondOfDay: Int { Int(localSeconds - Int64(dayNumber) * 86_400) }

    /// `17-Jul-1996 02:44:25 -0700`, the day of two places (RFC 3501 §9, date-time).
    package var imapDateTime: String { String(decoding: encodedDateTime, as: UTF8.self) }

    /// The same in ASCII: it stands in the reply for every message that a client lists.
    package var encodedDateTime: [UInt8] {
        let day = GregorianDay(dayNumber: dayNumber)
        var text: [UInt8] = []
        text.reserveCapacity(26)
        text.append(day.day < 10 ? 0x20 : MailDate.digit(day.day / 10))
        text.append(MailDate.digit(day.day))
        text.append(UInt8(ascii: "-"))
        text += GregorianDay.monthNames[day.month - 1].utf8
        text.append(UInt8(ascii: "-"))
        appendRest(year: day.year, to: &text)
        return text
    }

    /// `Wed, 17 Jul 1996 02:44:25 -0700` (RFC 5322 §3.3).
    package var rfc5322: String {
        let day = GregorianDay(dayNumber: dayNumber)
        var rest: [UInt8] = []
        appendRest(year: day.year, to: &rest)
        let (weekday, month) = (GregorianDay.weekdayNames[day.weekday], GregorianDay.monthNames[day.month - 1])
        return "\(weekday), \(day.day) \(month) \(String(decoding: rest, as: UTF8.self))"
    }

    /// Year, time and zone.
    private func appendRest(year: Int, to text: inout [UInt8]) {
        let second = secondOfDay
        let minutes = Int(zoneMinutes.magnitude)
        MailDate.append(year / 100, to: &text)
        MailDate.append(year % 100, to: &text)
        text.append(0x20)
        MailDate.append(second / 3_600, to: &text)
        text.append(UInt8(ascii: ":"))
        MailDate.append(second / 60 % 60, to: &text)
        text.append(UInt8(ascii: ":"))
        MailDate.append(second % 60, to: &text)
        text.append(0x20)
        text.append(zoneMinutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        MailDate.append(minutes / 60, to: &text)
        MailDate.append(minutes % 60, to: &text)
    }

    /// Two digits.
    private static func append(_ number: Int, to text: inout [UInt8]) {
        text.append(digit(number / 10))
        text.append(digit(number))
    }

    /// The last one.
    private static func digit(_ number: Int) -> UInt8 { 0x30 + UInt8(truncatingIfNeeded: number % 10) }
}

extension MailDate {
    /// Strictly the date-time of RFC 3501 §9, without its quotes; the day may be ` 7`, `07` or `7`. nil for anything
    /// else and for what no calendar or clock shows (the 60th second of a leap second counts as the 59th).
    package init?(imapDateTime: some Sequence<UInt8>) {
        let bytes = Array(imapDateTime)
        guard let space = bytes.dropFirst().firstIndex(of: 0x20), bytes.count == space + 15,
            let day = MailDate.day(imapDate: bytes[..<space], mayBePadded: true),
            let time = MailDate.time(bytes[(space + 1)..<(space + 9)]), bytes[space + 9] == 0x20,
            let zone = MailDate.zone(bytes[(space + 10)...])
        else { return nil }
        self.init(secondsSince1970: Int64(day.dayNumber) * 86_400 + Int64(time - zone * 60), zoneMinutes: Int16(zone))
    }

    package init?(imapDateTime: String) { self.init(imapDateTime: imapDateTime.utf8) }

    /// The `dayNumber` of `1-Feb-1994` (RFC 3501 §9, date-text). nil for anything else.
    package static func dayNumber(imapDate: some Sequence<UInt8>) -> Int? {
        day(imapDate: Array(imapDate)[...], mayBePadded: false)?.dayNumber
    }

    package static func dayNumber(imapDate: String) -> Int? { dayNumber(imapDate: imapDate.utf8) }

    private static func day(imapDate: ArraySlice<UInt8>, mayBePadded: Bool) -> GregorianDay? {
        let fields = imapDate.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard fields.count == 3, fields[1].count == 3, fields[2].count == 4, (1...2).contains(fields[0].count),
            let day = number(mayBePadded && fields[0].first == 0x20 ? fields[0].dropFirst() : fields[0]),
            let month = GregorianDay.month(named: fields[1]), let year = number(fields[2]), year >= 1
        else { return nil }
        return GregorianDay(year: year, month: month, day: day)
    }

    /// Seconds since midnight from `hh:mm:ss`.
    private static func time(_ bytes: ArraySlice<UInt8>) -> Int? {
        let fields = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count == 3, fields.allSatisfy({ $0.count == 2 }), let hour = number(fields[0]),
            let minute = number(fields[1]), let second = number(fields[2]), hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + min(second, 59)
    }

    /// Minutes east of Greenwich from `+hhmm`.
    private static func zone(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count == 5, let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let digits = number(bytes.dropFirst()), digits / 100 < 24, digits % 100 < 60
        else { return nil }
        let minutes = digits / 100 * 60 + digits % 100
        return sign == UInt8(ascii: "-") ? -minutes : minutes
    }

    /// Up to nine digits and nothing else.
    static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...9).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
