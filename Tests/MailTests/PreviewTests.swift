// The preview of a message: its own words, on one line, never markup; and base64 in lines.

import Mail
import Testing

struct PreviewTests {
    private func preview(_ message: String) -> String? {
        var parser = MessageParser()
        let bytes = Array(message.utf8)
        parser.consume(bytes)
        return MessagePreview.preview(of: parser.finish().parts) { Array(bytes[$0]) }
    }

    private static let alternative =
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n%\r\n"
        + "--b\r\nContent-Type: text/html\r\n\r\n<html><head><title>No</title><style>p {x}</style></head>"
        + "<body>Hello&nbsp;<b>w</b>orld<script>alert(1)</script></body></html>\r\n--b--\r\n"

    static let cases: [(String, String)] = [
        ("\r\nOne line.\r\nAnd  another.\r\n", "One line. And another."),
        ("\r\n", ""), ("", ""), ("Subject: x\r\n", ""),
        (alternative.replacing("%", with: "Plain."), "Plain."),
        (alternative.replacing("%", with: "  \r\n"), "Hello world"),
        (alternative.replacing("%", with: "<html><body>Not <i>plain</i></body></html>"), "Not plain"),
        ("Content-Type: text/html\r\n\r\n<!-- x --><p>a<br>b &lt;i&gt;</p>", "a b <i>"),
        ("Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=", "Hello"),
        (
            "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4h",
            "äh"
        ),
        ("\r\nOn Monday Bob wrote:\r\n> old\r\n> older\r\n\r\nMy answer.\r\n-- \r\nAlice", "My answer."),
        ("\r\n> all is quoted\r\n", "> all is quoted"),
        ("\r\n-----BEGIN PGP MESSAGE-----\r\nx\r\n", ""),
        (
            "\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nTrue.\r\n"
                + "-----BEGIN PGP SIGNATURE-----\r\nx\r\n",
            "True."
        ),
        ("Content-Type: image/png\r\n\r\nxxxx", ""),
        ("Content-Disposition: attachment\r\n\r\nxxxx", ""),
        ("Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext of another\r\n", ""),
        ("\r\na\u{200c}\u{a0}\u{200c}\u{34f}\u{ad}\u{feff} b\u{202e}c \u{7}d", "a\u{200c} bc d"),
        ("Content-Type: text/html\r\n\r\n<style>never closed", ""),
        (
            "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\nContent-Type: application/x\r\n\r\nx\r\n--b--",
            ""
        ),
    ]

    @Test("RFC 8970: a preview is the message's own text", arguments: cases)
    func texts(message: String, wanted: String) {
        #expect(preview(message) == wanted)
    }

    /// Texts of which the first kilobytes alone would give something else.
    static let long: [String] = {
        let words = (0..<40).map { "word\($0)" }.joined(separator: " ")
        let filler = String(repeating: "\r\n", count: 2_000)
        let quotes = (0..<400).map { "> quoted line number \($0)\r\n" }.joined()
        let introductions = (0..<100).map { "Introduced by number \($0):\r\n" }.joined()
        let head = "<html><head><style>" + String(repeating: "p { color: red }\n", count: 300) + "</style></head>"
        return [
            "\r\n\(words)\r\n\(quotes)end", "\r\n\(filler)\(words)", "\r\n\(quotes)\r\n\(words)",
            "\r\n\(introductions)\(quotes)\(words)", "\r\n" + String(repeating: "a line:\r\n", count: 230) + quotes,
            "\r\n" + String(repeating: words + "\r\n", count: 8) + ":\r\n\(quotes)",
            "\r\n" + String(repeating: "x", count: 2_047) + "é" + String(repeating: "y", count: 5_000),
            "Content-Type: text/html\r\n\r\n\(head)<body>\(words)\(words)</body></html>",
            "Content-Type: text/html\r\n\r\n<body><!--" + String(repeating: "x", count: 6_000) + "-->\(words)",
            "Content-Type: text/html\r\n\r\n<body>" + String(repeating: "&eacute;", count: 1_000),
            "\r\n-- \r\n" + String(repeating: words + "\r\n", count: 20),
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + String(repeating: "=C3=A9=\r\n", count: 900),
        ]
    }()

    @Test("What the first kilobytes give is what the whole text gives", arguments: long)
    func piecesOfTexts(message: String) {
        var parser = MessageParser()
        let bytes = Array(message.utf8)
        parser.consume(bytes)
        var asked: [Int] = []
        let parts = parser.finish().parts
        let found = MessagePreview.preview(of: parts) { range in
            asked.append(range.count)
            return Array(bytes[range])
        }
        #expect(found == MessagePreview.preview(of: parts, first: .max) { Array(bytes[$0]) })
        #expect(asked.count <= 2 && asked.first == 2_048)
    }

    @Test("RFC 8970: no more than 200 characters, whatever the text")
    func bounds() {
        for text in ["x", "\u{e9}", "\u{1f600}", "a ", "e\u{301}"] {
            let body = String(repeating: text, count: 100_000)
            let long = preview("Content-Type: text/plain; charset=utf-8\r\n\r\n" + body)
            #expect((190...200).contains(long?.unicodeScalars.count ?? 0), "\(text)")
        }
    }

    @Test("a preview whose bytes are not at hand is none")
    func missing() {
        let parts = PartIndex(headerSize: 2, size: 100)
        #expect(MessagePreview.preview(of: parts) { _ in nil } == nil)
    }

    @Test("case 90: thousands of parts cost what four do")
    func manyParts() {
        let many = (0..<5_000).map { _ in "--b\r\n\r\n \r\n" }.joined()
        #expect(preview("Content-Type: multipart/mixed; boundary=b\r\n\r\n\(many)--b--") == "")
    }
}

struct Base64LinesTests {
    @Test(
        "base64 in lines is undone by the decoder, wherever it was cut",
        arguments: [0, 1, 2, 3, 56, 57, 58, 114, 1_000])
    func roundTrip(size: Int) {
        let octets = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for cut in stride(from: 1, to: size + 2, by: 7) {
            var encoder = Base64Lines()
            var encoded: [UInt8] = []
            for start in stride(from: 0, to: size, by: cut) {
                encoder.encode(octets[start..<min(size, start + cut)], into: &encoded)
            }
            encoder.finish(into: &encoded)
            #expect(TransferDecoder.decode(encoded, .base64) == octets)
            #expect(encoded.split(separator: 0x0a).allSatisfy { $0.count <= 77 } && encoded.last != 0x0a)
        }
    }

    @Test("the header of an encoded part", arguments: [
        (
            "A: b\r\nContent-Transfer-Encoding: binary\r\nC: d\r\n\r\n",
            "A: b\r\nC: d\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        ),
        ("content-transfer-ENCODING:\r\n 8bit\r\n\r\n", "Content-Transfer-Encoding: base64\r\n\r\n"),
        ("\r\n", "Content-Transfer-Encoding: base64\r\n\r\n"),
        ("", "Content-Transfer-Encoding: base64\r\n\r\n"),
        ("A: b", "A: b\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
    ])
    func header(before: String, after: String) {
        #expect(String(decoding: TransferHeader.base64(Array(before.utf8), isMessage: false), as: UTF8.self) == after)
        let message = String(decoding: TransferHeader.base64(Array(before.utf8), isMessage: true), as: UTF8.self)
        #expect(message == after.replacing("Content-Transfer", with: "MIME-Version: 1.0\r\nContent-Transfer"))
    }
}
