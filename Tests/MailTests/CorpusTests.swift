// Every message of the shared corpus, and what another parser found in some; skipped where the corpus is not there.

import Foundation
import Mail
import Testing

@Suite(
    .enabled(
        if: SharedCorpus.isThere, "the shared corpus is not beside the checkout; MARTLET_SHARED names another place"))
struct CorpusTests {
    @Test func everyFileIsReadAlikeInPiecesAndWhole() throws {
        // Whatever they are: messages, pictures, JSON.
        for path in SharedCorpus.files("") where !path.hasSuffix("/") {
            guard let input = try? SharedCorpus.bytes(path) else { continue }
            let whole = MessageParser.parse(input)
            var parser = MessageParser()
            if input.count < 40_000 {
                for byte in input { parser.consume([byte]) }
            } else {
                for start in stride(from: 0, to: input.count, by: 997) {
                    parser.consume(Array(input[start..<min(input.count, start + 997)]))
                }
            }
            #expect(parser.finish() == whole, "\(path)")
            expectSound(whole, input.count, path)
        }
    }

    private func expectSound(_ parsed: ParsedMessage, _ size: Int, _ path: String) {
        #expect(PartIndex(encoded: parsed.parts.encoded) == parsed.parts, "\(path)")
        #expect(parsed.size == size && parsed.parts.size == size, "\(path)")
        for part in parsed.parts.parts {
            #expect(
                part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd && part.bodyEnd <= size, "\(path)")
            if let parent = part.parent {
                #expect(
                    parsed.parts.parts[parent].bodyStart <= part.headerStart, "\(path)")
            }
        }
        #expect(MessageParser.bodyWithoutExtensions(parsed.bodyStructure) != parsed.bodyStructure, "\(path)")
    }

    @Test func everyMessageBecomesTextAndAddresses() throws {
        var letters = 0
        for path in SharedCorpus.files(".eml", ".msg", ".raw") {
            let input = try SharedCorpus.bytes(path)
            let parsed = MessageParser.parse(input)
            let header = Array(input[parsed.parts.parts[0].header])
            letters += MessageText.bodyTexts(parts: parsed.parts, message: input).reduce(0) { $0 + $1.utf8.count }
            letters += MessageText.headerLines(header).reduce(0) { $0 + $1.utf8.count }
            let kept = HeaderFilter.filter(header, fields: ["subject"], not: false)
            #expect(
                MessageText.headerValues(kept, named: "Subject") == MessageText.headerValues(header, named: "subject"),
                "\(path)")
        }
        #expect(letters > 400_000)
    }

    /// What mail-parser says of a part: where it lies, and whether it holds others.
    private struct Expected: Decodable {
        struct Part: Decodable {
            var offset_header: Int
            var offset_body: Int
            var offset_end: Int
            var body: Body
        }
        /// Only the kind: an object of one key, or a plain word.
        struct Body: Decodable {
            var kind: String
            struct Key: CodingKey {
                var stringValue: String
                var intValue: Int? { nil }
                init?(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }
            init(from decoder: any Decoder) throws {
                if let container = try? decoder.container(keyedBy: Key.self), let key = container.allKeys.first {
                    kind = key.stringValue
                } else {
                    kind = try decoder.singleValueContainer().decode(String.self)
                }
            }
        }
        var parts: [Part]
    }

    /// Messages in which the other parser, by its own word a lenient reader and no IMAP server, sees something else.
    private static let seenOtherwise: Set<String> = [
        // The offsets are those of the file with other line ends.
        "mail-parser/thirdparty/000.eml", "mail-parser/thirdparty/001.eml", "mail-parser/thirdparty/003.eml",
        // A boundary in the middle of a line; the empty line behind a header; what follows a boundary left open.
        "mail-parser/thirdparty/005.eml", "mail-parser/thirdparty/011.eml", "mail-parser/thirdparty/015.eml",
    ]

    @Test(arguments: [false, true])
    func partsLieWhereMailParserSeesThem(withCRLF: Bool) throws {
        var compared = 0
        for path in SharedCorpus.files(".eml") where !CorpusTests.seenOtherwise.contains(path) {
            guard path.hasPrefix("mail-parser/rfc/") || path.hasPrefix("mail-parser/thirdparty/") else { continue }
            let json = path.dropLast(4) + (withCRLF ? ".crlf.json" : ".json")
            guard let data = try? SharedCorpus.bytes(json) else { continue }
            let expected = try JSONDecoder().decode(Expected.self, from: Data(data))
            var endings = LineEndings()
            let stored = try SharedCorpus.bytes(path)
            let ours = MessageParser.parse(withCRLF ? endings.toCRLF(stored) : stored).parts.parts
            for part in expected.parts where part.body.kind != "Multipart" {
                compared += 1
                #expect(
                    ours.contains { $0.bodyStart == part.offset_body && abs($0.bodyEnd - part.offset_end) <= 2 },
                    "\(path): \(part.offset_header) \(part.offset_body) \(part.offset_end)")
            }
        }
        #expect(compared > 20)
    }
}
