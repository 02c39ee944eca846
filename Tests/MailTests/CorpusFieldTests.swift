// Dates, addresses and media types of the shared corpus, beside what another parser made of them.

import Foundation
import Mail
import Testing

@Suite(.enabled(if: SharedCorpus.isThere, "the shared corpus is not beside the checkout; MARTLET_SHARED names another"))
struct CorpusFieldTests {
    private struct Case<Expected: Decodable>: Decodable {
        var header: String
        var expected: Expected?
    }

    private func cases<Expected: Decodable>(_ file: String, _: Expected.Type) throws -> [Case<Expected>] {
        try JSONDecoder().decode([Case<Expected>].self, from: Data(SharedCorpus.bytes(file)))
    }

    private struct ExpectedDate: Decodable {
        var year: Int
        var month: Int
        var day: Int
        var hour: Int
        var minute: Int
        var second: Int
        var tz_before_gmt: Bool
        var tz_hour: Int
        var tz_minute: Int
    }

    /// Not a Received field, and with a month: the other parser takes a number for one.
    private func isDate(_ header: String) -> Bool {
        !header.hasPrefix("by ") && header.contains { $0.isLetter } && !header.hasPrefix("20 11 (")
    }

    @Test func dates() throws {
        var compared = 0
        for test in try cases("mail-parser/date.json", ExpectedDate.self) {
            guard let expected = test.expected, (1...12).contains(expected.month), isDate(test.header) else { continue }
            compared += 1
            let zone = (expected.tz_hour * 60 + expected.tz_minute) * (expected.tz_before_gmt ? -1 : 1)
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            let found = MailDate(rfc5322: test.header)
            let day = MailDate.dayNumber(imapDate: "\(expected.day)-\(months[expected.month - 1])-\(expected.year)")
            #expect(found?.dayNumber == day, "\(test.header)")
            #expect(found.map { Int($0.zoneMinutes) } == zone, "\(test.header)")
            let seconds = found.map { $0.secondsSince1970 + Int64($0.zoneMinutes) * 60 - Int64($0.dayNumber) * 86_400 }
            #expect(
                seconds == Int64(expected.hour * 3_600 + expected.minute * 60 + min(expected.second, 59)),
                "\(test.header)")
        }
        #expect(compared > 10)
    }

    private struct ExpectedAddresses: Decodable {
        struct Item: Decodable {
            var name: String?
            var address: String?
        }
        struct Group: Decodable {
            var name: String?
            var addresses: [Item]
        }
        var List: [Item]?
        var Group: [Group]?
    }

    @Test func addresses() throws {
        var compared = 0
        for test in try cases("mail-parser/address.json", ExpectedAddresses.self) {
            // The other parser makes names of comments and keeps routes and white space in addresses.
            let isOdd = test.header.contains("(") || test.header.contains("<@") || test.header.contains("\n  ")
            guard let expected = test.expected, !isOdd, !test.header.hasPrefix("<a@b.com> =?") else { continue }
            guard !test.header.contains("invalid@"), !test.header.contains("body@content") else { continue }
            let items = expected.List ?? (expected.Group ?? []).flatMap(\.addresses)
            compared += 1
            let found = AddressParser.parse(bytes(test.header)).compactMap { address -> String? in
                guard case .mailbox(let box) = address else { return nil }
                return (box.displayName ?? "") + "|" + (box.text ?? text(box.localPart + box.domain))
            }
            #expect(found == items.map { ($0.name ?? "") + "|" + ($0.address ?? "") }, "\(test.header)")
        }
        #expect(compared > 20)
    }

    private struct ExpectedType: Decodable {
        var c_type: String
        var c_subtype: String?
        /// Pairs of name and value.
        var attributes: [[String]]?
    }

    /// Not what is wrong in ways in which two lenient readers must differ: types that are no tokens, quotes that do not
    /// close, charsets repeated in every continuation, white space within folded values.
    private func isPlain(_ header: String) -> Bool {
        let odd = ["á", "inva/lid", "test/encoded", "malicious", "application/pdf\n", "text/plain/"]
        return !odd.contains { header.hasPrefix($0) } && !["foo\n", "?= =?"].contains { header.contains($0) }
    }

    @Test func mediaTypes() throws {
        var compared = 0
        for test in try cases("mail-parser/content_type.json", ExpectedType.self) {
            guard let expected = test.expected, let subtype = expected.c_subtype, isPlain(test.header) else { continue }
            compared += 1
            let found = ContentType(bytes(test.header))
            #expect(found.typeName == expected.c_type.lowercased(), "\(test.header)")
            #expect(found.subtypeName == subtype.lowercased(), "\(test.header)")
            for attribute in expected.attributes ?? []
            where attribute.count == 2 && !attribute[0].hasSuffix("-language") {
                #expect(found.parameters.text(attribute[0]) == attribute[1], "\(test.header)")
            }
        }
        #expect(compared > 20)
    }
}
