// Every bound that a client of our SMTP family of protocols can run into, in one place.

/// The limits of LMTP; defaults are those of `martlet.yaml`.
package struct SMTPLimits: Sendable, Hashable {
    /// A command line with its CRLF, in bytes: RFC 5321 §4.5.3.1.4 wants 512, and extensions and UTF-8 add to that.
    package var commandLine = 4_096
    /// A line of a SASL exchange with its CRLF, in bytes (RFC 4954 §4).
    package var saslLine = 12_288
    /// Failed logins of one connection.
    package var failedLogins = 3
    /// A path with its angle brackets, in bytes: twice what RFC 5321 §4.5.3.1.3 has, for senders that do not count.
    package var path = 512
    /// Parameters of one MAIL or RCPT.
    package var parameters = 20
    /// Accepted recipients of one transaction; RFC 5321 §4.5.3.1.8 wants at least 100.
    package var recipients = 1_000
    /// A message, in bytes.
    package var messageSize = 64 * 1_024 * 1_024
    /// Bytes beyond `messageSize` that are read, and thrown away, before the connection is closed.
    package var messageExcess = 1_024 * 1_024
    /// Commands that do nothing (NOOP, RSET, VRFY, HELP, LHLO) between two transactions.
    package var idleCommands = 100
    /// Commands that are wrong on one connection.
    package var badCommands = 20
    /// Received lines of a message that is not yet taken for a loop (RFC 5321 §6.3).
    package var receivedLines = 100
    /// Deliveries of one transaction that run at a time.
    package var concurrentDeliveries = 16
    /// Bytes of a message that wait in memory before they go to a file.
    package var spoolMemory = 256 * 1_024

    /// For a command to begin and to end (RFC 5321 §4.5.3.2.7).
    package var commandTimeout = Duration.seconds(300)
    /// Between two pieces of a message (RFC 5321 §4.5.3.2.5).
    package var dataTimeout = Duration.seconds(180)
    /// For a whole message.
    package var messageTimeout = Duration.seconds(3_600)
    /// For a reply to be taken.
    package var writeTimeout = Duration.seconds(300)
    /// For a client to take its last reply and close.
    package var lingerTime = Duration.seconds(2)

    package init() {}
}
