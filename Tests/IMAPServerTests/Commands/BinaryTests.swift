// BINARY: parts without their transfer encoding, in pieces, with NUL, and those that nobody can decode (RFC 3516).

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct FetchBinaryTests {
    private static func message(_ parts: [(encoding: String?, body: String)]) -> String {
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            + parts.map { part in
                "--b\r\nContent-Type: application/octet-stream\r\n"
                    + (part.encoding.map { "Content-Transfer-Encoding: \($0)\r\n" } ?? "") + "\r\n\(part.body)\r\n"
            }.joined() + "--b--\r\n"
    }

    @Test("RFC 3516: decoded octets, their size, and parts of them")
    func decoded() async throws {
        try await TestServer.with { server in
            let parts: [(encoding: String?, body: String)] = [
                ("base64", "SGVsbG8s\r\nIHdvcmxkIQ=="), ("quoted-printable", "H=C3=A9=\r\n llo  \r\nx"),
                (nil, "as it is"), ("BASE64", ""),
            ]
            let message = Self.message(parts)
            try await server.deliver([message])
            let client = try await server.select()
            let wanted = ["Hello, world!", "H\u{e9} llo\r\nx", "as it is", ""]
            for (index, text) in wanted.enumerated() {
                let part = index + 1
                let reply = try await client.command(
                    "FETCH 1 (BINARY.SIZE[\(part)] BINARY.PEEK[\(part)] BINARY.PEEK[\(part)]<2.4>)")
                let items = reply.fetches.first?.items ?? [:]
                #expect(reply.isOK && items["BINARY[\(part)]"]?.bytes == Array(text.utf8), "\(items)")
                #expect(items["BINARY.SIZE[\(part)]"]?.number == UInt64(text.utf8.count))
                #expect(items["BINARY[\(part)]<2>"]?.bytes == Array(text.utf8.dropFirst(2).prefix(4)))
            }
            let whole = try await client.command(
                "FETCH 1 (BINARY.PEEK[] BINARY.SIZE[] BINARY.PEEK[9] BINARY.SIZE[9] FLAGS)")
            let items = whole.fetches.first?.items ?? [:]
            #expect(items["BINARY[]"]?.bytes == Array(message.utf8))
            #expect(items["BINARY.SIZE[]"]?.number == UInt64(message.utf8.count))
            #expect(items["BINARY[9]"] == IMAPValue.none && items["BINARY.SIZE[9]"]?.number == 0)
            #expect(whole.fetches.first?.flags?.contains("\\Seen") == false)
            let seen = try await client.command("FETCH 1 BINARY[1]")
            #expect(seen.fetches.first?.flags?.contains("\\Seen") == true)
        }
    }

    @Test("RFC 3516: NUL comes in a literal8, and only where there is one")
    func nul() async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.message([("base64", "AGEAYg=="), (nil, "c\0d")])])
            let client = try await server.select()
            try await client.send("P FETCH 1 (BINARY.PEEK[1] BINARY.PEEK[1]<1.1> BINARY.PEEK[2] BODY.PEEK[2])\r\n")
            let items = try await client.reply(to: "P").fetches.first?.items ?? [:]
            #expect(items["BINARY[1]"]?.bytes == [0, 0x61, 0, 0x62])
            #expect(items["BINARY[1]<1>"]?.bytes == [0x61])
            #expect(items["BINARY[2]"]?.bytes == [0x63, 0, 0x64])
            #expect(items["BODY[2]"]?.bytes == [0x63, 0x80, 0x64])
        }
    }

    @Test("case 98: an encoding that nobody knows is UNKNOWN-CTE, for that message only")
    func unknown() async throws {
        try await TestServer.with { server in
            try await server.deliver([
                Self.message([("7bit", "a")]), Self.message([("x-uuencode", "b")]), Self.message([("7bit", "c")]),
            ])
            let client = try await server.select()
            for item in ["BINARY.PEEK[1]", "BINARY.SIZE[1]"] {
                let reply = try await client.command("FETCH 1:3 (UID \(item))")
                #expect(reply.isNO && reply.code == "UNKNOWN-CTE")
                #expect(reply.fetches.compactMap(\.number) == [1, 3])
            }
            #expect(try await client.command("FETCH 2 (BINARY.PEEK[] BODY.PEEK[1])").isOK)
            let others = try await client.command("FETCH 2 BINARY.PEEK[2]")
            #expect(others.isOK)
        }
    }

    @Test("case 98: bad base64, and parts within parts, end")
    func nested() async throws {
        try await TestServer.with { server in
            let inner = Self.message([("base64", "!!!!Z==Z====")])
            let outer =
                "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: message/rfc822\r\n"
                + "Content-Transfer-Encoding: base64\r\n\r\n\(inner)\r\n--c--\r\n"
            try await server.deliver([outer])
            let client = try await server.select()
            let reply = try await client.command("FETCH 1 (BINARY.PEEK[1] BINARY.PEEK[1.1] BINARY.SIZE[1.1])")
            let items = reply.fetches.first?.items ?? [:]
            #expect(reply.isOK && items["BINARY[1]"]?.bytes == Array(inner.utf8))
            #expect(items["BINARY.SIZE[1.1]"]?.number == items["BINARY[1.1]"]?.bytes.map { UInt64($0.count) })
        }
    }

    @Test("a large part is decoded in pieces: what comes is what was encoded, in whole and in parts")
    func large() async throws {
        try await TestServer.with { server in
            var state: UInt64 = 7
            let octets = (0..<3_000_000).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 40)
            }
            var encoder = Base64Lines()
            var encoded: [UInt8] = []
            encoder.encode(octets[...], into: &encoded)
            encoder.finish(into: &encoded)
            let lines = String(decoding: encoded, as: UTF8.self)
            try await server.deliver([Self.message([("base64", lines), ("7bit", "x")])])
            let client = try await server.select()
            let reply = try await client.command(
                "FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1] BINARY.PEEK[1]<1234567.765432> BINARY.PEEK[2])")
            let items = reply.fetches.first?.items ?? [:]
            #expect(items["BINARY.SIZE[1]"]?.number == 3_000_000)
            #expect(items["BINARY[1]"]?.bytes == octets)
            #expect(items["BINARY[1]<1234567>"]?.bytes == Array(octets[1_234_567..<1_234_567 + 765_432]))
            #expect(items["BINARY[2]"]?.bytes == [0x78])
        }
    }
}
