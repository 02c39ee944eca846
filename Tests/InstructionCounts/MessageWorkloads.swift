// Messages of our own making, and what is done with one when it comes in or is looked at.

import IMAPSyntax
import Mail

enum Messages {
    static let header = """
        Received: from relay.example.net (relay.example.net [192.0.2.7])
        \tby mx.example.org (Postfix) with ESMTPS id 4D2F11
        \tfor <alice@example.org>; Sun, 22 Nov 2026 12:00:01 +0000 (UTC)
        DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.net; s=2026;
        \th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
        \tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR
        From: =?iso-8859-1?Q?J=F6rg_M=FCller?= <joerg.mueller@example.net>
        To: Alice <alice@example.org>, "Bob, the other one" <bob@example.com>
        Cc: undisclosed: carol@example.org, =?utf-8?B?0JTQvNC40YLRgNC40Lk=?= <dmitri@example.ru>;
        Subject: Re: [list] =?utf-8?B?w5xiZXIgZGllIFJlaWhlbmZvbGdl?=
         =?utf-8?Q?_von_Nachrichten?=
        Date: Sun, 22 Nov 2026 13:00:00 +0100
        Message-ID: <20261122.120000.4711@example.net>
        In-Reply-To: <20261121.9@example.org>
        References: <20261119.1@example.org> <20261120.5@example.com>
        \t<20261121.9@example.org>
        MIME-Version: 1.0

        """.wire

    static let quoted = String(repeating: "Eine Zeile mit Umlauten: =E4=F6=FC, und es geht weiter=\n", count: 40)
    static let base64 = String(
        repeating: "UGVvcGxlIGNob29zZSBtYWlsIHNlcnZlcnMgZm9yIHRoZWlyIHNwZWVkLCBub3QgbG9va3M\n", count: 80)

    static let plain = header + "Content-Type: text/plain; charset=us-ascii\n\n".wire
        + String(repeating: "A line of plain text as people write them, some seventy octets long.\n", count: 50).wire

    static let parts = """
        --outer
        Content-Type: multipart/alternative; boundary=inner

        --inner
        Content-Type: text/plain; charset=iso-8859-1
        Content-Transfer-Encoding: quoted-printable

        \(quoted)
        --inner
        Content-Type: text/html; charset="utf-8"
        Content-Transfer-Encoding: quoted-printable

        <html><body>\(quoted)</body></html>
        --inner--
        """

    static let alternative = header + "Content-Type: multipart/mixed; boundary=\"outer\"\n\n\(parts)\n--outer--\n".wire

    static let mixed = header + """
        Content-Type: multipart/mixed; boundary="outer"

        \(parts)
        --outer
        Content-Type: application/pdf; name*0*=utf-8''%C3%9Cbersicht; name*1="-2026.pdf"
        Content-Disposition: attachment; filename="=?utf-8?Q?=C3=9Cbersicht?=.pdf"; size=4711
        Content-Transfer-Encoding: base64

        \(base64)
        --outer
        Content-Type: message/rfc822

        From: Carol <carol@example.org>
        Subject: Forwarded
        Content-Type: text/plain

        Hello.
        --outer--

        """.wire
}

extension String {
    /// With the line ends of mail.
    fileprivate var wire: [UInt8] { utf8.flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] } }
}

private let addresses = Array(
    ("=?utf-8?Q?J=C3=B6rg?= <joerg@example.net>, \"Last, First\" <first.last@example.com>, "
        + "friends: a@example.org, B (a comment) <b@[192.0.2.1]>;, plain@example.org").utf8)
private let encodedWords = Array(
    ("=?utf-8?B?w5xiZXIgZGllIFJlaWhlbmZvbGdl?= =?iso-8859-1?Q?_von_Gr=F6=DFen?= and plain words "
        + "=?koi8-r?B?8NLJ18XU?=").utf8)

let messageWorkloads = [
    Workload("parse-plain") { { MessageParser.parse(Messages.plain).envelope.count } },
    Workload("parse-mixed") {
        {
            let parsed = MessageParser.parse(Messages.mixed)
            return parsed.envelope.count + parsed.bodyStructure.count
        }
    },
    Workload("part-index") {
        let parts = MessageParser.parse(Messages.mixed).parts
        return { PartIndex(encoded: parts.encoded)?.encoded.count ?? 0 }
    },
    Workload("header-fields") {
        { HeaderFields(Messages.header).reduce(0) { $0 + $1.value.count } }
    },
    Workload("header-filter") {
        let fields = ["DATE", "FROM", "TO", "CC", "SUBJECT", "MESSAGE-ID", "REFERENCES"]
        return { HeaderFilter.filter(Messages.header, fields: fields, not: false).count }
    },
    Workload("addresses") { { AddressParser.parse(addresses).count } },
    Workload("encoded-words") { { EncodedWord.decode(encodedWords).utf8.count } },
    Workload("quoted-printable") {
        let text = Array(Messages.quoted.utf8)
        return { TransferDecoder.decode(text, .quotedPrintable).count }
    },
    Workload("base64") {
        let text = Array(Messages.base64.utf8)
        return { TransferDecoder.decode(text, .base64).count }
    },
    Workload("base64-of-commands") {
        let text = Array("\0alice@example.org\0correct horse battery staple".utf8)
        return { Base64.decode(Base64.encode(text))?.count ?? 0 }
    },
    Workload("summary") { { MessageSummary(header: Messages.header).references.count } },
]
