"""Messages to send: small ones made here with a mark that tells them apart, our samples, and the shared corpus."""

import email.message
import email.policy
import hashlib
import pathlib
import re

from martlet import ROOT, SHARED

SAMPLES = ROOT / "Tests" / "Samples"


def made(mark, *, body="Hello.", subject=None, attachment=None, size=0):
    """A correct message with CRLF; `mark` stands in Subject and Message-ID."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Sender <sender@example.net>"
    message["To"] = "Alice <alice@example.org>"
    message["Subject"] = subject or f"Message {mark}"
    message["Date"] = "Sun, 22 Nov 2026 12:00:00 +0000"
    message["Message-ID"] = f"<{mark}@example.net>"
    if size:
        body = "\n".join("line %06d of a long text, sixty-four bytes with its line end" % n for n in range(size // 64))
    message.set_content(body + "\n")
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="data.bin")
    return message.as_bytes()


def with_crlf(data):
    """Line ends as a mail server stores them."""
    return re.sub(rb"\r?\n", b"\r\n", data)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def is_message(data):
    """Text with something like a header on its first lines, and no NUL (which APPEND forbids, RFC 3501 §9)."""
    if b"\0" in data or not data.strip():
        return False
    return bool(re.search(rb"(?m)^[!-9;-~]+[ \t]*:", data[:4000]))


def corpus():
    """Every message under our samples and the shared corpus, as (name, bytes with CRLF), each content once."""
    endings = {".eml", ".msg", ".txt", ".raw", ".out", ".mbox", ""}
    places = [SAMPLES] + ([SHARED / "corpus"] if (SHARED / "corpus").is_dir() else [])
    seen = set()
    for place in places:
        for path in sorted(place.rglob("*")):
            if not path.is_file() or path.suffix not in endings or is_notice(path):
                continue
            data = with_crlf(path.read_bytes())
            if is_message(data) and data not in seen:
                seen.add(data)
                yield str(path.relative_to(place)), data


def is_notice(path):
    return bool(re.match(r"LICEN|COPYING|NOTICE|ARTISTIC|ORIGIN", path.name))
