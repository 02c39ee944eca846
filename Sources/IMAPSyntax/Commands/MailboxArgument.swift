// A mailbox name as a client sent it, and what it means.

package import Mail

/// The bytes of a mailbox name (RFC 3501 §9, mailbox). Whether they are modified UTF-7 or UTF-8 depends on what the
/// session has enabled, which the grammar does not know.
package struct MailboxArgument: Hashable, Sendable {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// Why a name was refused, in words for the NO [CANNOT].
    package struct Invalid: Error, Hashable, Sendable {
        package let reason: String
    }

    /// - Parameter utf8Accepted: true once UTF8=ACCEPT or IMAP4rev2 is enabled: the bytes are then UTF-8, `&` included.
    ///   Otherwise they are modified UTF-7 (RFC 3501 §5.1.3); UTF-8 with 8-bit bytes is accepted all the same, since
    ///   many clients send it and nothing else can be meant.
    package func name(utf8Accepted: Bool) -> Result<MailboxName, Invalid> {
        guard let text = MailboxArgument.text(bytes, utf8Accepted: utf8Accepted) else {
            return .failure(Invalid(reason: "the mailbox name is neither canonical modified UTF-7 nor UTF-8"))
        }
        do throws(MailboxName.Problem) {
            return .success(try MailboxName(text))
        } catch {
            return .failure(Invalid(reason: error.explanation))
        }
    }

    static func text(_ bytes: [UInt8], utf8Accepted: Bool) -> String? {
        utf8Accepted || bytes.contains { $0 >= 0x80 }
            ? String(validating: bytes, as: UTF8.self) : ModifiedUTF7.decode(bytes)
    }
}

extension Create {
    /// The name to make: one trailing `/`, which only announces children, is left out (RFC 3501 §6.3.3).
    package func name(utf8Accepted: Bool) -> Result<MailboxName, MailboxArgument.Invalid> {
        mailbox.withoutDelimiter.name(utf8Accepted: utf8Accepted)
    }
}

extension MailboxArgument {
    /// Without the one `/` at its end, where it has one.
    package var withoutDelimiter: MailboxArgument {
        bytes.count > 1 && bytes.last == UInt8(ascii: "/") ? MailboxArgument(bytes: bytes.dropLast()) : self
    }
}

extension Lexer {
    // RFC 3501 §9: mailbox = "INBOX" / astring
    mutating func mailbox() throws(SyntaxError) -> MailboxArgument {
        MailboxArgument(bytes: try astring("a mailbox name"))
    }
}
