// The control socket's lines: as documented, there and back, and what is none.

import Testing

@testable import Accounts

@Suite struct ControlMessagesTests {
    private static let requests: [(ControlRequest, String)] = [
        (.sessions(account: nil), #"{"command":"sessions"}"#),
        (.sessions(account: "a@b.example"), #"{"account":"a@b.example","command":"sessions"}"#),
        (.kickSession("3x\n\"7"), #"{"command":"kick","session":"3x\n\"7"}"#),
        (.kickAccount("a@b.example"), #"{"account":"a@b.example","command":"kick"}"#),
    ]

    @Test(arguments: requests.indices)
    func requestsThereAndBack(index: Int) throws {
        let (request, line) = Self.requests[index]
        let encoded = try ControlLine.encode(request)
        #expect(String(decoding: encoded, as: UTF8.self) == line + "\n")
        #expect(encoded.filter { $0 == 0x0a }.count == 1)
        #expect(try ControlLine.decode(ControlRequest.self, from: encoded.dropLast()) == request)
    }

    @Test func repliesThereAndBack() throws {
        let session = ControlSession(
            id: "abc", account: 3, address: "a@b.example", protocolName: "imap", remoteAddress: "192.0.2.7",
            tls: "TLSv1.3", client: nil, credential: 9, credentialLabel: "phone", since: 1_700_000_000)
        for reply in [ControlReply.sessions([session]), .sessions([]), .kicked(2), .error("no\nsuch session")] {
            let encoded = try ControlLine.encode(reply)
            #expect(encoded.filter { $0 == 0x0a }.count == 1)
            #expect(try ControlLine.decode(ControlReply.self, from: encoded.dropLast()) == reply)
        }
    }

    @Test(
        "what is no request is refused",
        arguments: [
            "", "{}", "[]", "null", #"{"command":"stop"}"#, #"{"command":"kick"}"#,
            #"{"command":"kick","account":"a","session":"b"}"#, #"{"command":"sessions","session":"b"}"#,
            #"{"command":7}"#, #"{"command":"sessions"} x"#, String(repeating: "[", count: 4_000),
        ])
    func malformed(line: String) {
        #expect(throws: (any Error).self) { try ControlLine.decode(ControlRequest.self, from: line.utf8) }
    }
}
