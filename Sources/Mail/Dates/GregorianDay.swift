// Civil dates of the proleptic Gregorian calendar and the days since 1970-01-01: arithmetic of our own, without traps.

/// A day of the calendar. Any year of -400,000 ... 400,000 is exact.
struct GregorianDay: Hashable, Sendable {
    var year: Int
    /// 1...12
    var month: Int
    /// 1...31
    var day: Int

    /// nil when there is no such day.
    init?(year: Int, month: Int, day: Int) {
        guard (-400_000...400_000).contains(year), (1...12).contains(month), day >= 1,
            day <= GregorianDay.length(ofMonth: month, year: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Parameter dayNumber: days since 1970-01-01, clamped to about 350,000 years around it.
    init(dayNumber: Int) {
        // Years that begin on 1 March make the leap day the last one; eras of 400 years are all alike.
        let shifted = max(-130_000_000, min(130_000_000, dayNumber)) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01.
    var dayNumber: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// 0 for Sunday.
    var weekday: Int {
        let remainder = (dayNumber + 4) % 7
        return remainder < 0 ? remainder + 7 : remainder
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    static let weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// 1...12 for a name of three letters (more are looked over), in any case.
    static func month(named name: some Collection<UInt8>) -> Int? {
        guard name.count >= 3 else { return nil }
        let key = name.prefix(3).map(\.asciiLowercased)
        return monthNames.firstIndex { $0.utf8.map(\.asciiLowercased) == key }.map { $0 + 1 }
    }
}
