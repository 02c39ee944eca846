// One command line, strictly: what RFC 5321 §4.1.2 does not allow is an error, whatever it might have meant.

import Mail

/// Parses command lines. Time is linear in the line, which the caller has bounded.
package struct CommandParser {
    let limits: SMTPLimits

    package init(limits: SMTPLimits) { self.limits = limits }

    /// - Parameters:
    ///   - line: up to and with its LF.
    ///   - smtpUTF8: whether the transaction that is open has SMTPUTF8, for RCPT.
    package func parse(_ line: [UInt8], smtpUTF8: Bool) throws(SMTPSyntaxError) -> SMTPCommand {
        guard line.count >= 2, line[line.count - 2] == 0x0d, line[line.count - 1] == 0x0a else { throw .notCRLF }
        guard let text = String(validating: line.dropLast(2), as: UTF8.self),
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { throw .badCharacters }
        let space = text.utf8.firstIndex(of: UInt8(ascii: " ")) ?? text.utf8.endIndex
        let verb = String(text[..<space]).asciiUppercased
        let argument = text[space...].dropFirst()
        return try command(verb, argument, smtpUTF8: smtpUTF8)
    }

    private func command(
        _ verb: String, _ argument: Substring, smtpUTF8: Bool
    ) throws(SMTPSyntaxError) -> SMTPCommand {
        switch verb {
        case "LHLO": return .lhlo(try name(argument))
        case "HELO", "EHLO": return .hello(String(argument))
        case "MAIL": return .mail(try mail(argument))
        case "RCPT": return .rcpt(try rcpt(argument, smtpUTF8: smtpUTF8))
        case "DATA": return try alone(.data, argument)
        case "RSET": return try alone(.rset, argument)
        case "QUIT": return try alone(.quit, argument)
        case "NOOP": return .noop
        case "HELP": return .help
        case "VRFY":
            guard !argument.isEmpty else { throw .missingArgument("VRFY name") }
            return .vrfy
        case "BDAT": return .bdat
        case "STARTTLS": return try alone(.startTLS, argument)
        case "AUTH": return try auth(argument)
        case "EXPN", "TURN", "ETRN", "SEND", "SOML", "SAML": return .notImplemented
        default: throw .unknownCommand
        }
    }

    /// Trailing blanks are let through: many clients write them.
    private func alone(_ command: SMTPCommand, _ argument: Substring) throws(SMTPSyntaxError) -> SMTPCommand {
        guard argument.utf8.allSatisfy({ $0 == 0x20 }) else { throw .unexpectedArgument }
        return command
    }

    /// `auth-command = "AUTH" SP sasl-mech [SP initial-response]` (RFC 4954 §8).
    private func auth(_ argument: Substring) throws(SMTPSyntaxError) -> SMTPCommand {
        let words = argument.split(separator: " ", omittingEmptySubsequences: true)
        guard let mechanism = words.first, words.count <= 2 else { throw .missingArgument("AUTH mechanism") }
        return .auth(
            mechanism: String(mechanism).asciiUppercased, initial: words.count == 2 ? String(words[1]) : nil)
    }

    /// `lhlo = "LHLO" SP ( Domain / address-literal )`: any one word of at most 255 bytes; it only stands in a trace
    /// line.
    private func name(_ argument: Substring) throws(SMTPSyntaxError) -> String {
        let name = argument.split(separator: " ", omittingEmptySubsequences: true)
        guard let first = name.first, name.count == 1, first.utf8.count <= 255 else {
            throw .missingArgument("LHLO name.of.the.client")
        }
        return String(first)
    }

    /// `mail = "MAIL FROM:" Reverse-path [SP Mail-parameters]`
    private func mail(_ argument: Substring) throws(SMTPSyntaxError) -> MailCommand {
        guard let (path, rest) = path(after: "FROM:", argument) else { throw .badSender("write MAIL FROM:<address>") }
        var command = MailCommand(reversePath: "")
        for parameter in try parameters(rest) { try apply(parameter, &command) }
        guard path.utf8.count <= limits.path else { throw .badSender("the address is too long") }
        if !command.smtpUTF8, !path.utf8.allSatisfy({ $0 < 0x80 }) { throw .needsSMTPUTF8 }
        command.reversePath = try reversePath(path)
        return command
    }

    /// `rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters]`; we
    /// announce no extension that has RCPT parameters.
    private func rcpt(_ argument: Substring, smtpUTF8: Bool) throws(SMTPSyntaxError) -> RcptCommand {
        guard let (path, rest) = path(after: "TO:", argument) else { throw .badRecipient("write RCPT TO:<address>") }
        if let parameter = try parameters(rest).first { throw .unknownParameter(parameter.keyword) }
        guard path.utf8.count <= limits.path else { throw .badRecipient("the address is too long") }
        if !smtpUTF8, !path.utf8.allSatisfy({ $0 < 0x80 }) { throw .needsSMTPUTF8 }
        if path.equalsIgnoringASCIICase("postmaster") { return RcptCommand(.postmaster) }
        return RcptCommand(.address(try Self.address(path)))
    }

    private static func address(_ path: Substring) throws(SMTPSyntaxError) -> EmailAddress {
        // EmailAddress would take these off; on the wire they are not there (RFC 5321 §4.1.2).
        guard let first = path.utf8.first, let last = path.utf8.last, first != 0x20, last != 0x20,
            first != UInt8(ascii: "<"), first != UInt8(ascii: "@")
        else { throw .badRecipient("write RCPT TO:<address>") }
        do {
            return try EmailAddress(String(path))
        } catch {
            throw .badRecipient(error.explanation)
        }
    }

    /// An address; or one whose local part is only longer than it should be, or dotted as it should not be: there are
    /// senders with such addresses, and refusing them here would lose mail that the sender's server has taken.
    private func reversePath(_ path: Substring) throws(SMTPSyntaxError) -> String {
        if path.isEmpty { return "" }
        do throws(SMTPSyntaxError) {
            return try Self.address(path).description
        } catch {
            guard let at = path.utf8.lastIndex(of: UInt8(ascii: "@")), at != path.utf8.startIndex,
                path[..<at].utf8.allSatisfy(Self.isAtomOrDot),
                let domain = try? EmailAddress.checkedDomain(path[at...].dropFirst())
            else {
                if case .badRecipient(let why) = error { throw .badSender(why) }
                throw error
            }
            return "\(path[..<at])@\(domain)"
        }
    }

    private static func isAtomOrDot(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || "!#$%&'*+-/=?^_`{|}~.".utf8.contains(byte)
    }
}

extension CommandParser {
    /// `esmtp-param = esmtp-keyword ["=" esmtp-value]` (RFC 5321 §4.1.2).
    private struct Parameter {
        let keyword: String
        let value: Substring?
    }

    /// What stands between the angle brackets after `FROM:` or `TO:`, and what follows them. A `>` within quotes is
    /// none.
    private func path(after prefix: String, _ argument: Substring) -> (path: Substring, rest: Substring)? {
        guard argument.utf8.count > prefix.utf8.count,
            argument.utf8.prefix(prefix.utf8.count).elementsEqual(prefix.utf8, by: { $0.asciiUppercased == $1 })
        else { return nil }
        let bytes = argument.utf8.dropFirst(prefix.utf8.count)
        guard bytes.first == UInt8(ascii: "<") else { return nil }
        var isQuoted = false
        var isEscaped = false
        var index = bytes.index(after: bytes.startIndex)
        let start = index
        while index < bytes.endIndex {
            let byte = bytes[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if !isQuoted, byte == UInt8(ascii: ">") {
                return (argument[start..<index], argument[bytes.index(after: index)...])
            }
            index = bytes.index(after: index)
        }
        return nil
    }

    private func parameters(_ rest: Substring) throws(SMTPSyntaxError) -> [Parameter] {
        if rest.utf8.allSatisfy({ $0 == 0x20 }) { return [] }
        guard rest.utf8.first == 0x20 else { throw .badParameter("a space must follow the address") }
        let words = rest.split(separator: " ", maxSplits: limits.parameters + 1, omittingEmptySubsequences: true)
        guard words.count <= limits.parameters else { throw .tooManyParameters }
        var found: [Parameter] = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let keyword = String(parts[0]).asciiUppercased
            let isKeyword =
                keyword.utf8.first.map { $0.isASCIILetter || $0.isASCIIDigit } ?? false
                && keyword.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") }
            guard isKeyword, parts.count == 1 || !parts[1].isEmpty else { throw .badParameter(shown(word)) }
            guard !found.contains(where: { $0.keyword == keyword }) else { throw .badParameter("\(keyword) twice") }
            found.append(Parameter(keyword: keyword, value: parts.count == 2 ? parts[1] : nil))
        }
        return found
    }

    private func apply(_ parameter: Parameter, _ command: inout MailCommand) throws(SMTPSyntaxError) {
        switch (parameter.keyword, parameter.value) {
        case ("SIZE", let value?):
            guard value.utf8.allSatisfy(\.isASCIIDigit) else { throw .badParameter("SIZE needs a number") }
            guard value.utf8.count <= 20, let size = UInt64(value) else { throw .sizeOutOfRange }
            command.size = size
        case ("BODY", let value?):
            guard let kind = BodyKind(rawValue: String(value).asciiUppercased) else {
                throw .badParameter("BODY is 7BIT or 8BITMIME")
            }
            command.body = kind
        case ("SMTPUTF8", nil): command.smtpUTF8 = true
        case ("SIZE", nil), ("BODY", nil), ("SMTPUTF8", _): throw .badParameter(parameter.keyword)
        default: throw .unknownParameter(parameter.keyword)
        }
    }

    /// What of a client's word goes into a reply: printable ASCII, not much.
    private func shown(_ word: Substring) -> String {
        String(
            decoding: word.utf8.prefix(40).map { (0x21...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
