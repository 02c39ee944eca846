// Every reply that we give, and the one place where errors become replies.

import MailStore

extension Reply {
    /// A command that could not be understood.
    init(_ error: SMTPSyntaxError) {
        switch error {
        case .unknownCommand: self.init(500, "5.5.1", "Unknown command")
        case .notCRLF: self.init(500, "5.5.2", "End lines with CR LF")
        case .badCharacters: self.init(501, "5.5.2", "Control characters and broken UTF-8 are not allowed")
        case .missingArgument(let form): self.init(501, "5.5.4", "Write \(form)")
        case .unexpectedArgument: self.init(501, "5.5.4", "This command takes no argument")
        case .badSender(let why): self.init(501, "5.1.7", "Bad sender address: \(why)")
        case .badRecipient(let why): self.init(501, "5.1.3", "Bad recipient address: \(why)")
        case .badParameter(let what): self.init(501, "5.5.4", "Bad parameter: \(what)")
        case .unknownParameter(let keyword): self.init(555, "5.5.4", "Unknown parameter \(keyword)")
        case .tooManyParameters: self.init(501, "5.5.4", "Too many parameters")
        case .sizeOutOfRange: self.init(552, "5.3.4", "No message is that large")
        case .needsSMTPUTF8: self.init(553, "5.6.7", "An address outside ASCII needs SMTPUTF8")
        }
    }

    /// What a recipient's delivery came to. Trouble that the sender's server can wait out is 4xx: no mail is lost by
    /// it.
    init(_ error: StoreError) {
        switch error {
        case .overQuota, .overMessageQuota: self.init(452, "4.2.2", "The mailbox is full")
        case .limit: self.init(552, "5.3.4", "The message is too large")
        case .notFound: self = .unknownRecipient
        case .unavailable: self.init(451, "4.3.0", "Storage is not available now; try again later")
        case .broken: self.init(451, "4.3.0", "The server has a problem that its administrator must solve")
        case .mailboxNotFound, .mailboxExists, .mailboxRefused, .specialUseTaken, .mailboxHasChildren, .alreadyExists,
            .refused, .notPermitted, .messageGone:
            self.init(451, "4.3.0", "The message could not be stored; try again later")
        }
    }

    static let unknownRecipient = Reply(550, "5.1.1", "No such user here")
    /// 4xx: what comes for a suspended account waits at the sender's server until it is resumed or removed.
    static let suspendedRecipient = Reply(450, "4.2.1", "The account is suspended")
    static let loop = Reply(554, "5.4.6", "The message is going round in circles")

    static let bye = Reply(221, "2.0.0", "Bye")
    static let draining = Reply(421, "4.3.2", "The server is going down; try again later")
    static let timedOut = Reply(421, "4.4.2", "Waited too long")
    static let tooManyConnections = Reply(421, "4.7.0", "Too many connections; try again later")
    static let tooManyBadCommands = Reply(421, "4.7.0", "Too many errors")
    static let tooManyIdleCommands = Reply(421, "4.7.0", "Too many commands that do nothing")
    static let lineTooLong = Reply(500, "5.5.2", "The line is too long")
    static let tooManyFailedLogins = Reply(421, "4.7.0", "Too many failed logins")
    static let goAheadTLS = Reply(220, "2.0.0", "Begin TLS now")
    static let tlsAlready = Reply(503, "5.5.1", "TLS is active already")
    static let loggedIn = Reply(235, "2.7.0", "Logged in")
    static let loggedInAlready = Reply(503, "5.5.1", "Logged in already")
    static let encryptionNeeded = Reply(538, "5.7.11", "Say STARTTLS before you log in")
    static let unknownMechanism = Reply(504, "5.5.4", "That mechanism is not offered")
    static let badResponse = Reply(501, "5.5.2", "That is no valid response of this mechanism")
    static let authCancelled = Reply(501, "5.7.0", "Given up")
    static let loginFailed = Reply(535, "5.7.8", "The name or the password is wrong")
    static let appPasswordNeeded = Reply(
        534, "5.7.9", "This account needs an app password: make one for this program; its main one is not for mail")
    static let notAuthorized = Reply(535, "5.7.8", "Nobody may act for another here")
    static let loginsLimited = Reply(454, "4.7.0", "Too many failed logins; try again later")
    static let loginsUnavailable = Reply(454, "4.7.0", "Logins are not possible now; try again later")
    static let ok = Reply(250, "2.0.0", "OK")
    static let senderOK = Reply(250, "2.1.0", "Sender OK")
    static let recipientOK = Reply(250, "2.1.5", "Recipient OK")
    static let goAhead = Reply(354, nil, "End the message with a line that holds a dot alone")
    static let lhloFirst = Reply(503, "5.5.1", "Say LHLO first")
    static let mailFirst = Reply(503, "5.5.1", "Say MAIL first")
    static let mailAlready = Reply(503, "5.5.1", "A transaction is open; RSET ends it")
    static let noRecipients = Reply(503, "5.5.1", "No recipient was accepted")
    static let notLMTP = Reply(500, "5.5.1", "This is LMTP: say LHLO")
    static let notImplemented = Reply(502, "5.5.1", "Not implemented")
    static let cannotVerify = Reply(252, "2.5.0", "Not told; send mail and see")
    static let help = Reply(214, "2.0.0", "LMTP, RFC 2033: LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT")
    static let tooManyRecipients = Reply(452, "4.5.3", "Too many recipients; send to the others afterwards")
    static let tooLarge = Reply(552, "5.3.4", "The message is too large")
}
