"""A probe of STARTTLS: does anything that was said in plain text count once TLS has begun? Each way has a `Finding`.

It does what the testers of the paper "Why TLS is better without STARTTLS" (USENIX Security 2021) do, on protocols that
are described by a `Dialect`: commands stand behind STARTTLS in the same packet, in the next one, behind a lone LF, or
before the first byte of the handshake.
"""

import dataclasses
import socket
import ssl

from wire import trusting


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How a protocol says what the probe needs."""

    # What the client says in plain text before STARTTLS, each answered by one reply.
    before: tuple
    starttls: bytes
    # How the last line of the reply to STARTTLS begins, when it was accepted.
    accepted: bytes
    # What is injected: harmless, but answered wherever it is carried out.
    injected: bytes
    # Words of an answer to what was injected.
    marks: tuple
    # A command to be asked in TLS whose reply cannot be mistaken, and the beginning of that reply's last line.
    question: bytes
    answer: bytes


IMAP_DIALECT = Dialect(
    before=(), starttls=b"s STARTTLS", accepted=b"s OK", injected=b"evil1 NOOP\r\nevil2 CAPABILITY\r\nevil3 LOGOUT\r\n",
    marks=(b"evil",), question=b"q NOOP\r\n", answer=b"q OK")
LMTP_DIALECT = Dialect(
    before=(b"LHLO plain.example\r\n",), starttls=b"STARTTLS", accepted=b"220 ",
    injected=b"NOOP\r\nLHLO evil.example\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<alice@example.org>\r\n",
    # Only a greeting that counted as given inside TLS lets MAIL through.
    marks=(b"250",), question=b"MAIL FROM:<>\r\n", answer=b"503 ")


@dataclasses.dataclass
class Finding:
    """What came of one way."""

    way: str
    # Whether TLS began; else the server has ended the connection, which is right too.
    began: bool
    # What was said inside TLS up to the answer to the probe's own question.
    said: bytes


class Connection:
    """A socket, and TLS over it whose every byte passes through our hands."""

    def __init__(self, port, certificate):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting(certificate).wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def line(self):
        """One line in plain text, and no byte more."""
        text = b""
        while not text.endswith(b"\n"):
            byte = self.socket.recv(1)
            if not byte:
                raise EOFError(text)
            text += byte
        return text

    def reply(self, beginning):
        """Lines up to one that begins so; a refusal is an error."""
        while not (line := self.line()).startswith(beginning):
            if line[:1] in b"45" or line[2:4] in (b"BA", b"NO"):
                raise AssertionError(line)

    def in_tls(self, action, first=b""):
        """Carries an action of the TLS object out, sends `first` before its first bytes; gives what it gives."""
        while True:
            try:
                value = action()
                self.socket.sendall(first + self.outgoing.read())
                return value
            except ssl.SSLWantReadError:
                self.socket.sendall(first + self.outgoing.read())
                first = b""
                data = self.socket.recv(65_536)
                if not data:
                    raise EOFError("the server closed") from None
                self.incoming.write(data)

    def said_before(self, question, answer):
        """All that is said in TLS up to the line that begins with `answer`, after the question was put."""
        self.in_tls(lambda: self.tls.write(question))
        text = b""
        while not any(line.startswith(answer) for line in text.split(b"\r\n")[:-1]):
            more = self.in_tls(lambda: self.tls.read(65_536))
            if not more:
                raise EOFError(text)
            text += more
        return text


def ways(dialect):
    """Name → (pieces to be sent in plain text, what stands before the handshake)."""
    starttls, injected = dialect.starttls, dialect.injected
    return {
        "in one packet": ((starttls + b"\r\n" + injected,), b""),
        "in the next packet": ((starttls + b"\r\n", injected), b""),
        "cut within the line end": ((starttls + b"\r", b"\n" + injected), b""),
        "behind a lone LF": ((starttls + b"\r\n" + injected.replace(b"\r\n", b"\n"),), b""),
        "a command that is not whole": ((starttls + b"\r\n" + injected.rstrip(b"\r\n"),), b""),
        "a great deal": ((starttls + b"\r\n" + injected * 1_000,), b""),
        "before the handshake": ((starttls + b"\r\n",), injected),
        "nothing, as a control": ((starttls + b"\r\n",), b""),
    }


def probe(port, certificate, dialect):
    """Tries every way; gives the findings."""
    return [attempt(port, certificate, dialect, way, *how) for way, how in ways(dialect).items()]


def attempt(port, certificate, dialect, way, pieces, early):
    with Connection(port, certificate) as connection:
        connection.line()
        for line in dialect.before:
            connection.socket.sendall(line)
            connection.reply(b"250 ")
        try:
            for piece in pieces:
                connection.socket.sendall(piece)
            connection.reply(dialect.accepted)
            connection.in_tls(connection.tls.do_handshake, early)
        except (OSError, EOFError):
            return Finding(way, False, b"")
        try:
            return Finding(way, True, connection.said_before(dialect.question, dialect.answer))
        except (OSError, EOFError) as end:
            return Finding(way, True, bytes(str(end), "utf-8") + b" (closed)")
