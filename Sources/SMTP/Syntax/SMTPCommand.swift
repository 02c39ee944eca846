// The commands of SMTP and LMTP, typed: what the parser gives and a conversation takes.

package import Mail

/// One command line (RFC 5321 §4.1.1, RFC 2033 §4).
package enum SMTPCommand: Hashable, Sendable {
    /// LHLO, with what the client calls itself.
    case lhlo(String)
    /// HELO or EHLO: right in SMTP, wrong in LMTP.
    case hello(String)
    case mail(MailCommand)
    case rcpt(RcptCommand)
    case data
    case rset
    case noop
    case vrfy
    case help
    case quit
    /// BDAT, whose counted bytes follow the line whether we like it or not (RFC 3030 §2).
    case bdat
    /// RFC 3207 §4.
    case startTLS
    /// RFC 4954 §4: the mechanism's name in capitals, and the initial response as it was written.
    case auth(mechanism: String, initial: String?)
    /// A command that exists and that we do not have: EXPN, TURN …
    case notImplemented
}

/// MAIL FROM (RFC 5321 §4.1.1.2).
package struct MailCommand: Hashable, Sendable {
    /// The reverse-path without angle brackets; empty for a bounce (`<>`).
    package var reversePath: String
    /// SIZE=, in bytes (RFC 1870 §6).
    package var size: UInt64?
    package var body: BodyKind?
    package var smtpUTF8: Bool

    package init(reversePath: String, size: UInt64? = nil, body: BodyKind? = nil, smtpUTF8: Bool = false) {
        self.reversePath = reversePath
        self.size = size
        self.body = body
        self.smtpUTF8 = smtpUTF8
    }
}

/// BODY= (RFC 6152 §2).
package enum BodyKind: String, Sendable {
    case sevenBit = "7BIT"
    case eightBitMIME = "8BITMIME"
}

/// RCPT TO (RFC 5321 §4.1.1.3).
package struct RcptCommand: Hashable, Sendable {
    package enum Forward: Hashable, Sendable {
        case address(EmailAddress)
        /// `<postmaster>` without a domain.
        case postmaster
    }
    package var forwardPath: Forward

    package init(_ forwardPath: Forward) { self.forwardPath = forwardPath }
}

/// Why a line is no command that we can carry out.
package enum SMTPSyntaxError: Error, Hashable, Sendable {
    case unknownCommand
    case notCRLF
    /// A control character, or bytes that are no UTF-8.
    case badCharacters
    case missingArgument(String)
    case unexpectedArgument
    case badSender(String)
    case badRecipient(String)
    case badParameter(String)
    case unknownParameter(String)
    case tooManyParameters
    /// SIZE= beyond every number.
    case sizeOutOfRange
    /// Letters outside ASCII without SMTPUTF8 (RFC 6531 §3.5).
    case needsSMTPUTF8
}
