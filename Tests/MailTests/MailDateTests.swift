// Dates: arithmetic, the forms on the wire, and what senders write.

import Mail
import TestSupport
import Testing

@Suite struct MailDateTests {
    @Test(arguments: [
        ("17-Jul-1996 02:44:25 -0700", Int64(837_596_665), Int16(-420)),
        (" 1-Jan-1970 00:00:00 +0000", 0, 0),
        ("29-Feb-2000 23:59:59 +0000", 951_868_799, 0),
        ("31-Dec-1969 23:59:59 +0000", -1, 0),
        (" 1-Jan-1970 05:30:00 +0530", 0, 330),
        ("28-Feb-1900 12:00:00 -1159", -2_203_891_260, -719),
        (" 2-Jan-0001 00:00:00 +0000", -62_135_510_400, 0),
    ])
    func imapDateTimeReadsAndWrites(_ text: String, seconds: Int64, zone: Int16) throws {
        let date = try #require(MailDate(imapDateTime: text))
        #expect(date == MailDate(secondsSince1970: seconds, zoneMinutes: zone))
        #expect(date.imapDateTime == text)
    }

    @Test(arguments: [
        "", " ", "17-Jul-1996", "17-Jul-1996 02:44:25", "17-Jul-1996 02:44:25 0700", "31-Apr-1996 00:00:00 +0000",
        "29-Feb-1900 00:00:00 +0000", "0-Jan-1996 00:00:00 +0000", "17-Foo-1996 00:00:00 +0000",
        "17-Jul-1996 24:00:00 +0000", "17-Jul-1996 00:60:00 +0000", "17-Jul-1996 00:00:61 +0000",
        "17-Jul-1996 00:00:00 +2400", "17-Jul-1996 00:00:00 +0060", "17-Jul-96 00:00:00 +0000",
        "17-Jul-19960 00:00:00 +0000", "17-Jul-1996 00:00:00 +0000 ", "17-July-1996 00:00:00 +0000",
        "999-Jul-1996 00:00:00 +0000", "-7-Jul-1996 00:00:00 +0000", "17-Jul-0000 00:00:00 +0000",
    ])
    func imapDateTimeRefuses(_ text: String) {
        #expect(MailDate(imapDateTime: text) == nil)
    }

    @Test(arguments: [
        (" 7-Jul-1996 00:00:00 +0000"), ("7-Jul-1996 00:00:00 +0000"), ("07-Jul-1996 00:00:00 +0000"),
        ("07-jUL-1996 00:00:00 -0000"),
    ])
    func imapDateTimeTakesEveryDayForm(_ text: String) {
        #expect(MailDate(imapDateTime: text)?.imapDateTime == " 7-Jul-1996 00:00:00 +0000")
    }

    @Test func leapSecondCountsAsTheOneBefore() {
        #expect(MailDate(imapDateTime: "30-Jun-2015 23:59:60 +0000")?.imapDateTime == "30-Jun-2015 23:59:59 +0000")
    }

    @Test(arguments: [
        ("1-Feb-1994", 8_797), ("01-Feb-1994", 8_797), ("1-Jan-1970", 0), ("31-Dec-1969", -1), ("29-Feb-2024", 19_782),
    ])
    func dayNumbersOfSearchDates(_ text: String, day: Int) {
        #expect(MailDate.dayNumber(imapDate: text) == day)
    }

    @Test(arguments: ["", "1-Feb-94", " 1-Feb-1994", "30-Feb-1994", "1-2-1994", "1-Feb-1994 ", "1 Feb 1994"])
    func searchDatesRefused(_ text: String) {
        #expect(MailDate.dayNumber(imapDate: text) == nil)
    }

    @Test func dayNumberDisregardsTimeAndZone() throws {
        let early = try #require(MailDate(imapDateTime: "17-Jul-1996 00:10:00 +1200"))
        let late = try #require(MailDate(imapDateTime: "17-Jul-1996 23:50:00 -1200"))
        #expect(early.dayNumber == late.dayNumber)
        #expect(early.dayNumber == MailDate.dayNumber(imapDate: "17-Jul-1996"))
    }

    @Test func packedIsReversible() {
        var random = SeededRandom()
        for _ in 0..<1_000 {
            let date = MailDate(
                secondsSince1970: .random(in: -62_000_000_000...250_000_000_000, using: &random),
                zoneMinutes: .random(in: -1_439...1_439, using: &random))
            #expect(MailDate(packed: date.packed) == date)
        }
        #expect(MailDate(packed: .max).imapDateTime.hasSuffix("+2359"))
        #expect(MailDate(packed: .min).imapDateTime.hasPrefix(" 1-Jan-0001"))
    }

    @Test func boundsAreKept() {
        let last = MailDate(secondsSince1970: .max, zoneMinutes: .max)
        #expect(last.imapDateTime == "31-Dec-9999 23:58:59 +2359")
        #expect(MailDate(secondsSince1970: .min, zoneMinutes: .min).imapDateTime == " 1-Jan-0001 00:01:00 -2359")
    }

    @Test func everyDayOfFourCenturiesComesBack() throws {
        for day in stride(from: -146_097, through: 146_097, by: 13) {
            let date = MailDate(secondsSince1970: Int64(day) * 86_400)
            #expect(date.dayNumber == day)
            #expect(try #require(MailDate(imapDateTime: date.imapDateTime)).dayNumber == day)
        }
    }

    @Test func rfc5322Form() throws {
        let date = try #require(MailDate(imapDateTime: "17-Jul-1996 02:44:25 -0700"))
        #expect(date.rfc5322 == "Wed, 17 Jul 1996 02:44:25 -0700")
        #expect(MailDate(rfc5322: date.rfc5322) == date)
    }

    @Test(
        arguments: [
            ("Fri, 21 Nov 1997 09:55:06 -0600", "21-Nov-1997 09:55:06 -0600"),
            ("21 Nov 97 09:55:06 GMT", "21-Nov-1997 09:55:06 +0000"),
            ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", nil),
            (
                "Thu,\r\n 13\r\n   Feb\r\n     1969\r\n 23:32\r\n     -0330 (Newfoundland Time)",
                "13-Feb-1969 23:32:00 -0330"
            ),
            ("Mon, 1 Jan 2001 00:01:02 EST", " 1-Jan-2001 00:01:02 -0500"),
            ("1 Jan 01 00:01 PDT", " 1-Jan-2001 00:01:00 -0700"),
            ("1 Jan 101 00:01", " 1-Jan-2001 00:01:00 +0000"),
            ("Jan 2, 2006 3:04:05 PM", " 2-Jan-2006 15:04:05 +0000"),
            ("Mon Jan  2 15:04:05 2006", " 2-Jan-2006 15:04:05 +0000"),
            ("Mon Jan  2 15:04:05 MST 2006", " 2-Jan-2006 15:04:05 -0700"),
            ("17-Jul-96 02:44", "17-Jul-1996 02:44:00 +0000"),
            ("Wednesday, 17 July 1996 02:44:25+0200", "17-Jul-1996 02:44:25 +0200"),
            ("17 Jul 1996", "17-Jul-1996 00:00:00 +0000"),
            ("17 Jul 1996 10:00:00 +9999", "17-Jul-1996 10:00:00 +0000"),
            ("17 Jul 1996 10:00:00 A", "17-Jul-1996 10:00:00 +0000"),
        ] as [(String, String?)])
    func headerDates(_ text: String, expected: String?) {
        #expect(MailDate(rfc5322: text)?.imapDateTime == expected)
    }

    @Test(
        "case 99: nonsense in a Date field is no date",
        arguments: [
            "Thu, 99 Foo 99999999", "Thu, 99 Jan 2020 00:00:00 +0000", "1 Jan 99999 00:00:00 +0000", "", "(", "foo",
            "1 Jan",
            "Jan 2020", "31 Feb 2020 00:00:00 +0000", "1 Jan 2020 25:00:00", "1 Jan 2020 00:99:00", ":::::", "-",
            "+ - + -",
            "99999999999999999999 Jan 2020", "1 Jan 0 00:00", "\u{0}",
        ])
    func nonsense(_ text: String) {
        // `1 Jan 0` is the year 2000 in its obsolete form.
        #expect(MailDate(rfc5322: text) == nil || text == "1 Jan 0 00:00")
    }

    @Test("case 99: a date of a megabyte is read in no time")
    func longNonsense() {
        #expect(MailDate(rfc5322: [UInt8](repeating: UInt8(ascii: "("), count: 1 << 20)) == nil)
        #expect(MailDate(rfc5322: bytes(String(repeating: "1 ", count: 1 << 19))) == nil)
    }
}
