// The messages that the fuzz targets' accounts hold: few and small, each with something that another has not.

enum FuzzMail {
    static func plain(_ subject: String) -> String {
        "From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nSubject: \(subject)\r\n"
            + "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <\(subject.filter(\.isLetter))@example.org>\r\n\r\n"
            + "About \(subject.lowercased()), as ever.\r\n"
    }

    static let messages = [plain("Lunch"), encoded, html, multipart, nested, odd, reply, plain("Lunchtime today")]

    private static let encoded =
        "From: =?utf-8?Q?J=C3=BCrgen?= <jurgen@example.net>\r\nTo: undisclosed-recipients:;\r\n"
        + "Subject: =?iso-8859-1?Q?Gr=FC=DFe?= aus =?utf-8?B?S8O2bG4=?=\r\nDate: Tue, 1 Apr 2003 10:00:00 +0200\r\n"
        + "Message-ID: <gruesse@example.net>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
        + "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe, und ein na=EFves =\r\nEnde. aaaa\r\n"

    private static let html =
        "From: news@example.com\r\nTo: alice@example.org, bob@example.org\r\nCc: carol@example.org\r\n"
        + "Subject: Offers\r\nDate: Wed, 2 Apr 2003 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        + "Content-Type: text/html; charset=utf-8\r\n\r\n"
        + "<p>Lunch &amp; <b>din</b>ner at <!-- not --> eight</p><script>never()</script>東京都庁\r\n"

    private static let multipart =
        "From: alice@example.org\r\nTo: bob@example.org\r\nBcc: dave@example.org\r\nSubject: Pictures\r\n"
        + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\nPreamble\r\n--=_b\r\n"
        + "Content-Type: text/plain\r\n\r\nSee what is attached.\r\n--=_b\r\n"
        + "Content-Type: image/png; name=\"tree.png\"\r\nContent-Disposition: attachment; "
        + "filename*=utf-8''b%C3%A4ume.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo="
        + "\r\n--=_b--\r\nEpilogue\r\n"

    private static let nested =
        "From: bob@example.org\r\nSubject: Fwd: Lunch\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n"
        + plain("Inner")

    /// No date, no sender, header fields without a value, bytes that are no UTF-8.
    private static let odd = "Subject:\r\nX-Empty: \r\nFrom: @\r\nDate: never\r\n\r\nA line\r\n.\r\nand \u{fffd} more"

    private static let reply =
        "From: alice@example.org\r\nTo: bob@example.org\r\nSubject: Re: Lunch\r\nIn-Reply-To: <Lunch@example.org>\r\n"
        + "References: <Lunch@example.org>\r\nDate: Mon, 7 Feb 1994 22:00:00 -0800\r\n"
        + "Message-ID: <re-lunch@example.org>\r\n\r\nAt one, a.b NEAR the harbour.\r\n"
}
