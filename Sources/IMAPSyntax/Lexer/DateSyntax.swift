// Dates and times: of APPEND and of SEARCH.

import Mail

extension Lexer {
    // RFC 3501 §9: date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
    mutating func dateTime() throws(SyntaxError) -> MailDate {
        guard let date = MailDate(imapDateTime: try quoted()) else {
            throw SyntaxError("a date and time reads \"17-Jul-1996 02:44:25 -0700\"")
        }
        return date
    }

    // RFC 3501 §9: date = date-text / DQUOTE date-text DQUOTE
    /// In days since 1970-01-01.
    mutating func day() throws(SyntaxError) -> Int {
        guard let day = MailDate.dayNumber(imapDate: try astring("a date")) else {
            throw SyntaxError("a date reads 1-Feb-1994")
        }
        return day
    }
}
