"""Makes the mail that the benchmark stores: seeded, so that every run and every server gets the same bytes.

Sizes are log-normal (median 6 KB, mean 40 KB, up to 5 MB once encoded). Small messages are text in several languages
and charsets, middling ones have an HTML twin, large ones carry attachments or a forwarded message; a third of them
answer an earlier one. Words follow Zipf's law and half of the attached bytes are incompressible, so that compression gains
about what it gains on real mail.
"""

import base64
import contextlib
import hashlib
import math
import pathlib
import quopri
import random
import struct

MEDIAN, SPREAD, SMALLEST, LARGEST = 4_500, 2.1, 900, 3_400_000
HOSTS = ["example.net", "mail.example.com", "lists.example.org", "münchen.example".encode("idna").decode(), "x.test"]

# Letters to build words of, the charsets that language is sent in, and how often it occurs.
LANGUAGES = [
    ("etaoinshrdlucmfwypvbgk", ["us-ascii", "utf-8"], 55),
    ("enisratdhulcgmobwfkzäöüß", ["iso-8859-1", "utf-8", "windows-1252"], 15),
    ("esaitnrulodcpmévqfbghàèêç", ["iso-8859-15", "utf-8"], 10),
    ("оеаинтсрвлкмдпуяыьгзбчй", ["koi8-r", "windows-1251", "utf-8"], 10),
    ("のにはをたがでてとしれさあいう日本語年月人大中出入", ["iso-2022-jp", "utf-8"], 6),
    ("的一是不了人我在有他这为之大来以个中上们", ["gb18030", "utf-8"], 4),
]
LARGEST_POOL = 8 << 20


class Language:
    """Words and paragraphs of one made-up language."""

    def __init__(self, chance, letters, charsets):
        self.charsets = charsets
        words = ["".join(chance.choices(letters, k=max(1, round(chance.lognormvariate(1.5, 0.5)))))
                 for _ in range(3000)]
        weights = [1 / (rank + 2) for rank in range(len(words))]
        self.paragraphs = [self.paragraph(chance, words, weights) for _ in range(600)]
        self.subjects = [" ".join(chance.choices(words, weights, k=chance.randrange(2, 9))).capitalize()
                         for _ in range(300)]
        self.names = [f"{chance.choice(words).capitalize()} {chance.choice(words).capitalize()}" for _ in range(200)]

    @staticmethod
    def paragraph(chance, words, weights):
        lines, line = [], ""
        for word in chance.choices(words, weights, k=chance.randrange(12, 120)):
            if len(line) + len(word) > 70:
                lines.append(line)
                line = ""
            line = f"{line} {word}" if line else word.capitalize()
        return "\r\n".join([*lines, line + "."]) + "\r\n"

    def text(self, chance, size):
        """About `size` characters."""
        parts, length = [], 0
        while length < size:
            part = chance.choice(self.paragraphs)
            parts.append(part)
            length += len(part) + 2
        return "\r\n".join(parts)


class Generator:
    """Gives message after message."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.languages = [Language(self.chance, letters, charsets) for letters, charsets, _ in LANGUAGES]
        self.weights = [weight for _, _, weight in LANGUAGES]
        self.dense = base64.encodebytes(self.chance.randbytes(LARGEST_POOL)).replace(b"\n", b"\r\n")
        rows = b"".join(b"%d;%d;%s;0.00\n" % (row, row * 7 % 1000, base64.b32encode(self.chance.randbytes(5)))
                        for row in range(LARGEST_POOL // 24))
        self.loose = base64.encodebytes(rows).replace(b"\n", b"\r\n")
        self.recent = []
        self.number = 0

    def message(self):
        """The bytes of the next message, with CRLF."""
        chance = self.chance
        self.number += 1
        size = int(min(LARGEST, max(SMALLEST, math.exp(chance.gauss(math.log(MEDIAN), SPREAD)))))
        language = chance.choices(self.languages, self.weights)[0]
        charset = chance.choice(language.charsets)
        head = self.head(language, charset)
        room = max(200, size - len(head))
        if room < 4_000 and chance.random() < 0.7:
            return head + self.text(language, charset, room)
        if room < 30_000 or chance.random() < 0.1:
            return head + self.alternative(language, charset, room)
        if chance.random() < 0.1 and self.recent:
            return head + self.forward(language, charset, room)
        return head + self.mixed(language, charset, room)

    def head(self, language, charset):
        chance, number = self.chance, self.number
        identity = f"<{number}.{chance.getrandbits(64):016x}@{chance.choice(HOSTS)}>"
        hour = f"{number % 24:02}:{number % 60:02}:{number * 7 % 60:02} +0{chance.randrange(4)}00"
        date = f"{1 + number // 700 % 28} {('Jan', 'Apr', 'Jul', 'Oct')[number // 20000 % 4]} 2026 {hour}"
        lines = [f"Received: from relay{hop}.{chance.choice(HOSTS)} (unknown [192.0.2.{chance.randrange(256)}])\r\n"
                 f"\tby mx{hop}.example.org (Postfix) with ESMTPS id {chance.getrandbits(40):010X}\r\n"
                 f"\tfor <reader@example.org>; {date}" for hop in range(chance.randrange(1, 5))]
        subject, references = chance.choice(language.subjects), []
        if chance.random() < 0.4:
            lines.append("DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=2026; h=from:to:subject:date;\r\n"
                         "\tb=" + "\r\n\t ".join(self.slice(self.dense, 300).decode().split("\r\n")).rstrip())
        if self.recent and chance.random() < 0.35:
            parent, subject, references = chance.choice(self.recent)
            lines.append(f"In-Reply-To: {parent}")
            references = [*references, parent][-12:]
            lines.append("References: " + "\r\n\t".join(references))
        if chance.random() < 0.2:
            lines += ["List-Id: <people.lists.example.org>", "List-Unsubscribe: <mailto:leave@lists.example.org>",
                      "Precedence: list"]
        sender = self.encoded(chance.choice(language.names), charset)
        copies = ", ".join(f"{self.encoded(chance.choice(language.names), charset)} <person{chance.randrange(500)}"
                           f"@example.com>" for _ in range(chance.randrange(1, 4)))
        prefix = "Re: " if references else ""
        lines += [f"From: {sender} <sender{chance.randrange(900)}@{chance.choice(HOSTS)}>",
                  "To: Reader <reader@example.org>", f"{chance.choice(('Cc', 'Reply-To'))}: {copies}",
                  f"Subject: {self.encoded(prefix + subject, charset)}", f"Date: {date}", f"Message-ID: {identity}",
                  "MIME-Version: 1.0", f"User-Agent: Sample/{number % 7}"]
        self.recent = [*self.recent, (identity, subject, references)][-400:]
        return ("\r\n".join(lines) + "\r\n").encode()

    @staticmethod
    def encoded(text, charset):
        """Plain words, or encoded words of at most 14 characters each (RFC 2047)."""
        if text.isascii():
            return text
        with contextlib.suppress(UnicodeEncodeError):
            words = [base64.b64encode(text[at:at + 14].encode(charset)).decode() for at in range(0, len(text), 14)]
            return "\r\n ".join(f"=?{charset}?B?{word}?=" for word in words)
        return Generator.encoded(text, "utf-8")

    def text(self, language, charset, size, subtype="plain"):
        """A text part: its header fields, an empty line, its body in a fitting transfer encoding."""
        wide = len(language.paragraphs[0].encode(charset, "replace")) / len(language.paragraphs[0])
        text = language.text(self.chance, size / wide)
        if subtype == "html":
            text = "<html><body style=\"margin:0;font-family:sans-serif\">\r\n<p>" + text.replace(
                "\r\n\r\n", "</p>\r\n<p style=\"color:#333333\">") + "</p>\r\n</body></html>\r\n"
        data, encoding = text.encode(charset, "replace"), "7bit"
        if charset in ("utf-8", "koi8-r", "gb18030") and not text.isascii():
            encoding = "base64"
            data = base64.encodebytes(data).replace(b"\n", b"\r\n")
        elif charset != "iso-2022-jp" and not text.isascii():
            encoding = "quoted-printable"
            data = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        return (f"Content-Type: text/{subtype}; charset={charset}\r\n"
                f"Content-Transfer-Encoding: {encoding}\r\n\r\n").encode() + data

    def alternative(self, language, charset, size):
        return self.multipart("alternative", [self.text(language, charset, size // 3),
                                              self.text(language, charset, size * 2 // 3, "html")])

    def mixed(self, language, charset, size):
        chance, text = self.chance, min(size // 4, 6_000)
        count = chance.randrange(1, 4)
        parts = [self.alternative(language, charset, text)]
        for number in range(count):
            dense = chance.random() < 0.5
            name = self.encoded(f"{chance.choice(language.subjects)[:12]} {number}", charset)
            kind = "image/jpeg" if dense else "application/octet-stream"
            parts.append(f"Content-Type: {kind}; name=\"file{number}.bin\"\r\nContent-Transfer-Encoding: base64\r\n"
                         f"Content-Description: {name}\r\nContent-Disposition: attachment; "
                         f"filename=\"file{number}.bin\"\r\n\r\n".encode()
                         + self.slice(self.dense if dense else self.loose, (size - text) // count))
        return self.multipart("mixed", parts)

    def forward(self, language, charset, size):
        inner = self.head(language, charset) + self.alternative(language, charset, size)
        return self.multipart("mixed", [self.text(language, charset, 500),
                                        b"Content-Type: message/rfc822\r\n\r\n" + inner])

    def multipart(self, subtype, parts):
        boundary = f"=_{self.chance.getrandbits(80):020x}".encode()
        body = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
        return (b"Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n" % (subtype.encode(), boundary)
                + body + b"--%s--\r\n" % boundary)

    def slice(self, pool, size):
        """Whole lines of 76 characters from somewhere in the pool."""
        lines = max(1, size // 78)
        start = self.chance.randrange(max(1, len(pool) // 78 - lines - 1)) * 78
        return pool[start:start + lines * 78]


def make(directory, seed, count):
    """The path of a corpus of `count` messages, made unless it is there: PATH has the messages one behind the other,
    PATH.index their offsets as 64-bit numbers, and the end."""
    version = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:8]
    path = pathlib.Path(directory) / f"corpus-{version}-{seed}-{count}"
    index = path.with_name(path.name + ".index")
    if not index.exists():
        generator, offsets = Generator(seed), [0]
        with open(path, "wb") as file:
            for _ in range(count):
                offsets.append(offsets[-1] + file.write(generator.message()))
        partial = index.with_suffix(".partial")
        partial.write_bytes(struct.pack(f"<{count + 1}Q", *offsets))
        partial.rename(index)
    return path


def needles(seed):
    """Words to search for, in the mail that this seed makes: of a subject, and of a paragraph's line."""
    language = Generator(seed).languages[0]
    line = max(language.paragraphs[300].split("\r\n"), key=len)
    return {"subject": max(language.subjects, key=len)[:20].strip(), "text": " ".join(line.split()[1:4])}


def sizes(path):
    """The messages' sizes in bytes."""
    data = pathlib.Path(f"{path}.index").read_bytes()
    offsets = struct.unpack(f"<{len(data) // 8}Q", data)
    return [end - start for start, end in zip(offsets, offsets[1:])]
