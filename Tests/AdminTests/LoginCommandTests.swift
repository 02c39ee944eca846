// How logins, and what explains them, are shown.

import Foundation
import Testing

@testable import martlet

private func facts<Facts: Decodable>(_ type: Facts.Type, _ json: String) throws -> Facts {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try decoder.decode(type, from: Data(json.utf8))
}

@Test("the history names each credential, also one that is gone, and no client steers the terminal")
func history() throws {
    let history = try facts(
        [LoginHistory.Facts].self,
        """
        [{"address": "alice@example.org", "kind": "app-password", "credential": "k7q2m", "credentialNumber": 4,
          "label": "Laptop", "protocol": "imap", "ip": "192.0.2.7", "client": "Mail\\u001b[2J 1", "tls": "TLSv1.3",
          "first": "2026-11-01T10:00:00Z", "last": "2026-11-23T01:00:00Z", "count": 12},
         {"address": "alice@example.org", "kind": "password", "credentialNumber": 1, "protocol": "imap",
          "ip": "::1", "first": "2026-11-01T10:00:00Z", "last": "2026-11-02T01:00:00Z", "count": 1},
         {"address": "bob@example.org", "credentialNumber": 9, "protocol": "lmtp",
          "ip": "::1", "first": "2026-11-01T10:00:00Z", "last": "2026-11-01T10:00:00Z", "count": 1}]
        """)
    let lines = LoginHistory.text(history, isOfOne: false).split(separator: "\n").map { line in
        line.split(separator: "  ", omittingEmptySubsequences: true).map { $0.drop { $0 == " " } }
    }
    #expect(
        lines == [
            ["ACCOUNT", "LAST", "FIRST", "COUNT", "WITH", "PROTOCOL", "ADDRESS", "TLS", "CLIENT"],
            [
                "alice@example.org", "2026-11-23 01:00 UTC", "2026-11-01 10:00 UTC", "12", "k7q2m \"Laptop\"", "imap",
                "192.0.2.7", "TLSv1.3", "Mail?[2J 1",
            ],
            [
                "alice@example.org", "2026-11-02 01:00 UTC", "2026-11-01 10:00 UTC", "1", "main password", "imap",
                "::1", "none",
            ],
            [
                "bob@example.org", "2026-11-01 10:00 UTC", "2026-11-01 10:00 UTC", "1", "#9, gone", "lmtp", "::1",
                "none",
            ],
        ])
    #expect(!LoginHistory.text(history, isOfOne: true).contains("ACCOUNT"))
}

@Test("an explanation says what is accepted, what is banned and what failed")
func explanation() throws {
    let explained = try facts(
        LoginExplain.Facts.self,
        """
        {"address": "alice@example.org", "status": "active", "from": "192.0.2.7",
         "ban": {"network": "192.0.2.0/24", "created": "2026-11-01T10:00:00Z", "reason": "", "by": "martletd"},
         "credentials": [
          {"kind": "password", "isAccepted": false, "scopes": [], "explanation": "never accepted"},
          {"kind": "app-password", "id": "k7q2m", "label": "Laptop", "isAccepted": true, "scopes": ["imap"],
           "explanation": "accepted for imap"}],
         "failures": [
          {"time": "2026-11-23T01:00:00Z", "name": "alice", "ip": "192.0.2.7", "protocol": "imap",
           "mechanism": "PLAIN", "reason": "wrong-password", "explanation": "the password was wrong"}]}
        """)
    #expect(
        LoginExplain.text(explained) == """
            Account: alice@example.org, active
            From:    192.0.2.7
            Banned:  192.0.2.0/24 until it is lifted: it cannot even connect. martlet ban lift 192.0.2.0/24

            LOGS IN  WITH                         WHY
            no       main password                never accepted
            yes      app password k7q2m "Laptop"  accepted for imap

            FAILED                ADDRESS    PROTOCOL  MECHANISM  TLS   WHY
            2026-11-23 01:00 UTC  192.0.2.7  imap      PLAIN      none  the password was wrong
            """)
}

@Test("sessions without a label are the main password's")
func sessions() throws {
    let sessions = try facts(
        [SessionList.Facts].self,
        """
        [{"id": "t8ao", "address": "alice@example.org", "protocol": "imap", "ip": "192.0.2.7",
          "since": "2026-11-23T01:00:00Z"}]
        """)
    #expect(
        SessionList.text(sessions) == """
            ID    ACCOUNT            SINCE                 PROTOCOL  ADDRESS    TLS   WITH           CLIENT
            t8ao  alice@example.org  2026-11-23 01:00 UTC  imap      192.0.2.7  none  main password
            """)
}
