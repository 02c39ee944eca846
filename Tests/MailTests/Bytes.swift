// What the tests of Mail share: bytes from text, and messages with CRLF written with plain line ends.

import Mail

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// A message as it is stored: line ends become CRLF.
func message(_ text: String) -> [UInt8] {
    var endings = LineEndings()
    return endings.toCRLF(Array(text.utf8))
}

/// The bytes of a section, `nil` when there is none.
func section(_ message: [UInt8], _ path: [UInt32], _ text: SectionText? = nil) -> String? {
    MessageParser.parse(message).parts.range(of: Section(path: path, text: text)).map {
        String(decoding: message[$0], as: UTF8.self)
    }
}
