// Moments and spans as people type them: 2027-01-31, 2027-01-31T17:05:00Z, 30d, 12h.

internal import Foundation

enum TimeArgument {
    /// Seconds; `m` is left out, since half of the people who type it mean minutes and the others months.
    private static let units: [(name: String, seconds: Int64)] = [
        ("min", 60), ("s", 1), ("h", 3_600), ("d", 86_400), ("w", 604_800), ("y", 31_536_000),
    ]
    /// A hundred years: what lies beyond is a slip of the finger.
    private static let longestSpan: Int64 = 100 * 31_536_000

    /// `30d`, `12h`, `90min`, `2w`, `1y` or `45s` in seconds; nil for anything else, for nothing, and beyond 100 years.
    static func span(_ text: String) -> Int64? {
        guard let unit = units.first(where: { text.hasSuffix($0.name) }) else { return nil }
        let digits = text.dropLast(unit.name.count)
        guard !digits.isEmpty, digits.utf8.count <= 10, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(digits), number > 0, number <= longestSpan / unit.seconds
        else { return nil }
        return number * unit.seconds
    }

    /// When something is to end, in seconds since 1970: a span from `now`, the last second (UTC) of a day that is given
    /// as 2027-01-31, or a moment in ISO 8601.
    static func end(_ text: String, now: Int64) throws -> Int64 {
        let end: Int64
        if let span = span(text) {
            end = now + span
        } else if let day = day(text) {
            end = day + 86_399
        } else if let moment = moment(text) {
            end = moment
        } else {
            throw Typed.Mistake(
                description: "write a day as 2027-01-31, a moment as 2027-01-31T17:05:00Z, or a span as 30d, 12h or 1y")
        }
        guard end > now else { throw Typed.Mistake(description: "that is past; nothing would be valid so long") }
        guard end - now <= longestSpan else { throw Typed.Mistake(description: "that is more than 100 years away") }
        return end
    }

    /// Since when something is to be shown, in seconds since 1970: a span back from `now`, the first second (UTC) of a
    /// day, or a moment.
    static func since(_ text: String, now: Int64) throws -> Int64 {
        if let span = span(text) { return max(0, now - span) }
        if let time = day(text) ?? moment(text) { return max(0, time) }
        throw Typed.Mistake(
            description: "write a day as 2027-01-31, a moment as 2027-01-31T17:05:00Z, or a span back as 7d or 12h")
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// The first second of `2027-01-31`; nil for another form, and for a day that no calendar has.
    private static func day(_ text: String) -> Int64? {
        guard text.utf8.count == 10 else { return nil }
        return moment("\(text)T00:00:00Z")
    }

    /// `2027-01-31T17:05:00Z` or with an offset. What the parser would carry over (31 February) is refused.
    private static func moment(_ text: String) -> Int64? {
        guard (20...25).contains(text.utf8.count), text.utf8.allSatisfy({ $0 < 0x80 }),
            let date = try? Date(text, strategy: .iso8601)
        else { return nil }
        let offset = try? Date("\(text.prefix(19))Z", strategy: .iso8601)
        guard offset?.formatted(.iso8601).prefix(19) == text.prefix(19) else { return nil }
        return Int64(date.timeIntervalSince1970)
    }
}

extension Typed {
    /// For `--expires`: nil for `never`.
    static func expiry(_ text: String) throws -> Int64? {
        text.lowercased() == "never" ? nil : try TimeArgument.end(text, now: TimeArgument.now)
    }

    /// For `--since`.
    static func since(_ text: String) throws -> Int64 { try TimeArgument.since(text, now: TimeArgument.now) }
}
