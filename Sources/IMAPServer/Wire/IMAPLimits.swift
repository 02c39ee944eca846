// Every limit of the IMAP service, in one place.

package import IMAPSyntax

/// What a client may use up. Sizes in bytes. The defaults are those of the peers, or tighter.
///
/// There is none for commands that wait: no command is taken from the connection before the one ahead of it is done.
package struct IMAPLimits: Hashable, Sendable {
    /// The lines of one command without its literals, before and after authentication.
    package var lineBeforeAuthentication = 8 * 1_024
    package var line = 64 * 1_024
    /// One literal that is not APPEND's message.
    package var literalBeforeAuthentication = 4 * 1_024
    package var literal = 64 * 1_024
    /// One that comes unasked, where LITERAL+ is not offered (RFC 7888 §5).
    package static let smallLiteral = 4_096
    /// All of one command's.
    package var literalSumBeforeAuthentication = 16 * 1_024
    package var literalSum = 1_024 * 1_024
    package var literalCountBeforeAuthentication = 8
    package var literalCount = 100
    /// One message of APPEND.
    package var message = 64 * 1_024 * 1_024
    /// The messages of one APPEND, and their bytes together (RFC 3502).
    package var appendMessages = 1_000
    package var appendSum = 512 * 1_024 * 1_024
    /// What is remembered of them until all are here: structures, not contents.
    package var appendMemory = 32 * 1_024 * 1_024
    /// Depth and counts of a command's parts.
    package var syntaxBeforeAuthentication = SyntaxLimits.beforeAuthentication
    package var syntax = SyntaxLimits.standard
    /// Commands that are not understood before the connection is closed.
    package var badCommandsBeforeAuthentication = 3
    package var badCommands = 20
    /// Commands of a connection without a login: more than any program needs to log in.
    package var commandsBeforeAuthentication = 100
    /// From the connection to a successful login, in all, also of a client that does not read.
    package var timeBeforeAuthentication = Duration.seconds(60)
    /// Without a command (RFC 3501 §5.4 wants at least 30 minutes).
    package var idleTime = Duration.seconds(30 * 60)
    /// Without progress of a client that does not read.
    package var writeTime = Duration.seconds(120)
    /// Replies that wait for the client to read them: with so many its session stops, and goes on when they are a
    /// quarter. What one command may add before it looks is a few hundred KiB more; but the numbers that a search found
    /// are one response, some 8 bytes for each message, and so are a mailbox's annotations, of 6 MiB at most.
    package var output = 256 * 1_024
    /// The same before authentication.
    package var outputBeforeAuthentication = 16 * 1_024

    /// Searches of a session that are kept up to date, and the results of each: of a search, of a sort.
    package var contexts = 16
    package var context = 100_000
    package var sortedContext = 10_000
    /// Mailboxes whose messages one NOTIFY may watch.
    package var notifyMailboxes = 1_000
    /// Accounts that share mailboxes which one session may watch: their files stay open meanwhile.
    package var notifyOwners = 100

    package init() {}
}
